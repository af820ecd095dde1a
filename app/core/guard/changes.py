"""What changed, in the order it was committed: the sealed audit as a feed that can be left and taken up again.

The chain numbers committed entries without a gap, and nothing is ever put between two of them; so whoever remembers
where he stopped misses nothing and hears nothing twice. An entry is in the feed when it is sealed, within two seconds.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from app.core.db import db
from app.core.guard.models import AuditEntry, AuditSeal
from app.core.guard.permissions import Actor, Scope, allows, scope_clause, scope_of
from app.core.guard.whereabouts import RecordKind, kind_with


@dataclass(frozen=True)
class ChangedRecord:
    """One entry about a record that the actor may see, or that is gone and belonged to what he sees all of."""

    kind: str
    record_id: uuid.UUID
    action: str
    at: datetime


@dataclass(frozen=True)
class Stretch:
    """A part of the feed: what is in it for the actor, the number it reaches, and whether there is more behind."""

    changes: Sequence[ChangedRecord]
    reached: int
    has_more: bool


def kinds_for(actor: Actor, prefixes: Mapping[str, str]) -> dict[str, RecordKind]:
    """Of the record types with public ids (`prefixes`), those the actor may see any of."""
    found = {name: kind_with(prefix) for name, prefix in prefixes.items()}
    return {name: kind for name, kind in found.items() if kind is not None and allows(actor, f"{kind.resource}.see")}


def last_number() -> int:
    """Where the feed ends now."""
    return db.session.scalar(select(func.coalesce(func.max(AuditSeal.seq), 0))) or 0


def read_feed(actor: Actor, kinds: Mapping[str, RecordKind], after: int, limit: int) -> Stretch:
    """The entries behind number `after` about records of `kinds`, looking at `limit` of them.

    Whether the actor may see a record is asked as it stands now.
    """
    # Asked first, so that the rows below hold all up to it.
    end = last_number()
    rows = db.session.execute(
        select(AuditSeal.seq, AuditEntry.record_type, AuditEntry.record_id, AuditEntry.action, AuditEntry.at)
        .join(AuditEntry, AuditEntry.id == AuditSeal.entry_id)
        .where(AuditSeal.seq > after, AuditEntry.record_type.in_(sorted(kinds)), AuditEntry.record_id.is_not(None))
        .order_by(AuditSeal.seq)
        .limit(limit + 1)
    ).all()
    taken, has_more = rows[:limit], len(rows) > limit
    seen = {name: _open_to(actor, kind, {row.record_id for row in taken if row.record_type == name})
            for name, kind in kinds.items()}  # fmt: skip
    changes = [
        ChangedRecord(row.record_type, row.record_id, row.action, row.at)
        for row in taken
        if row.record_id in seen[row.record_type]
    ]
    reached = taken[-1].seq if taken else after
    return Stretch(changes, reached if has_more else max(reached, end), has_more)


def _open_to(actor: Actor, kind: RecordKind, ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Of these records those the actor may see; with the right over all, those that are gone too."""
    if not ids:
        return set()
    found = set(db.session.scalars(visible_of(actor, kind, ids)))
    around = kind_with(kind.of) if kind.of else None
    if all(scope_of(actor, f"{one.resource}.see") is Scope.ALL for one in (kind, around) if one is not None):
        return found | (set(ids) - set(db.session.scalars(select(kind.key).where(kind.key.in_(ids)))))
    return found


def visible_of(actor: Actor, kind: RecordKind, ids: Collection[uuid.UUID]) -> Select[Any]:
    """The ids of those records among `ids` that the actor may see."""
    statement = select(kind.key).where(kind.key.in_(ids))
    statement = statement.where(scope_clause(actor, f"{kind.resource}.see", owner=kind.owner, store=kind.store))
    around = kind_with(kind.of) if kind.of else None
    if around is not None and kind.within is not None:
        within = select(around.key).where(
            around.key == kind.within,
            scope_clause(actor, f"{around.resource}.see", owner=around.owner, store=around.store),
        )
        statement = statement.where(within.exists())
    return statement


