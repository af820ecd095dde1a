"""Why somebody may or may not do something to a record: role by role, in steps that the edge puts into words."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.tenants.rules.roles import ALL, STORE, TEAM, width


class Reason(StrEnum):
    """What one role's grant comes to; the first four open the record."""

    EVERYTHING = "all"
    HIS_OWN = "own"
    HIS_TEAM = "team"
    HIS_STORE = "store"
    NOT_GIVEN = "not_given"
    NOT_HIS = "not_own"
    NOT_HIS_TEAM = "not_team"
    NOT_HIS_STORE = "not_store"
    NOBODYS = "needs_all"
    STORE_CLOSED = "closed"


OPENING = frozenset({Reason.EVERYTHING, Reason.HIS_OWN, Reason.HIS_TEAM, Reason.HIS_STORE})


@dataclass(frozen=True)
class Held:
    """A role somebody has at a store, what it grants (None: nothing of the kind), and whether the store is open."""

    role: str
    store: str
    store_id: uuid.UUID
    scope: str | None
    is_open: bool = True


@dataclass(frozen=True)
class Subject:
    """A record as scopes see it; `scoped` is False of a kind that has neither owners nor stores."""

    owner_id: uuid.UUID | None
    store_id: uuid.UUID | None
    scoped: bool = True


@dataclass(frozen=True)
class Step:
    """One role and what its grant comes to for the record, or for any record where none is asked about."""

    held: Held
    reason: Reason

    @property
    def opens(self) -> bool:
        """Whether this alone is enough."""
        return self.reason in OPENING


def steps(
    user_id: uuid.UUID,
    held: Sequence[Held],
    subject: Subject | None,
    teams: Mapping[uuid.UUID, Collection[uuid.UUID]],
) -> list[Step]:
    """What each role comes to, the widest grant first; `teams` are the user's colleagues by store."""
    ordered = sorted(held, key=lambda item: (-width(item.scope), item.role, item.store))
    return [Step(item, _reason(user_id, item, subject, teams.get(item.store_id, ()))) for item in ordered]


def _reason(user_id: uuid.UUID, held: Held, subject: Subject | None, colleagues: Collection[uuid.UUID]) -> Reason:
    if not width(held.scope):
        return Reason.NOT_GIVEN
    if held.scope == ALL:
        return Reason.EVERYTHING
    if subject is None:
        # Asked about no record, a grant of any width lets him try.
        return {TEAM: Reason.HIS_TEAM, STORE: Reason.HIS_STORE}.get(str(held.scope), Reason.HIS_OWN)
    if not subject.scoped:
        return Reason.NOBODYS
    if subject.owner_id == user_id:
        return Reason.HIS_OWN
    if not held.is_open:
        return Reason.STORE_CLOSED
    here = subject.store_id == held.store_id
    if held.scope == STORE and here:
        return Reason.HIS_STORE
    if width(held.scope) >= width(TEAM) and subject.owner_id in colleagues and (here or subject.store_id is None):
        return Reason.HIS_TEAM
    return {STORE: Reason.NOT_HIS_STORE, TEAM: Reason.NOT_HIS_TEAM}.get(str(held.scope), Reason.NOT_HIS)
