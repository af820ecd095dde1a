"""What happened to a record as one stream: entries of any kind, changes of one person within minutes put together."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext

from app.core.errors import N_
from app.core.guard import audit
from app.core.guard.permissions import Actor

CHANGE = "change"
TOGETHER = timedelta(minutes=5)
# Parts of the program that change records by themselves; the audit keeps which it was.
PARTS = frozenset(
    {"gross", "deal.unwind", "reservations", "exports", "schedules", "notifications", "pipeline", "partners"}
)
SYSTEM = N_("The system")


@dataclass(frozen=True)
class Change:
    """One field of one record, before and after."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Entry:
    """One thing that happened; `kind` is what people filter by, `changes` what a change changed."""

    at: datetime
    kind: str
    title: str = ""
    who: str = ""
    body: str = ""
    icon: str = "note"
    url: str | None = None
    key: str = ""
    action: str = ""
    changes: Sequence[Change] = ()
    # Whatever the page that shows it needs besides, such as the links that correct it.
    more: Any = None


@dataclass(frozen=True)
class Group:
    """An entry as the stream shows it, or several changes as one; `at` is the newest of them."""

    entries: Sequence[Entry]

    @property
    def first(self) -> Entry:
        """The newest entry, which speaks for all."""
        return self.entries[0]

    @property
    def is_change(self) -> bool:
        """Whether these are changes of fields."""
        return self.first.kind == CHANGE

    @property
    def changes(self) -> list[Change]:
        """What changed in all, each field once: from before the oldest to after the newest."""
        found: dict[str, Change] = {}
        for entry in reversed(self.entries):
            for change in entry.changes:
                before = found[change.field].before if change.field in found else change.before
                found[change.field] = Change(change.field, before, change.after)
        return [change for change in found.values() if change.before != change.after]


def collapsed(entries: Iterable[Entry], kind: str = "") -> list[Group]:
    """The entries of `kind` (of all kinds without one), newest first; a person's changes within five minutes are one.

    The five minutes run from the newest of them, so that a day of steady work is not one line.
    """
    groups: list[list[Entry]] = []
    for entry in sorted(entries, key=lambda item: item.at, reverse=True):
        if kind and entry.kind != kind:
            continue
        last = groups[-1] if groups else None
        if (
            last is not None
            and entry.kind == last[0].kind == CHANGE
            and entry.who == last[0].who
            and last[0].at - entry.at <= TOGETHER
        ):
            last.append(entry)
        else:
            groups.append([entry])
    return [Group(group) for group in groups]


def values_of(entries: Iterable[Entry], field: str) -> set[str]:
    """Every value `field` had before or after a change, as text; for finding the names behind ids."""
    changes = [change for entry in entries for change in entry.changes if change.field == field]
    return {str(value) for change in changes for value in (change.before, change.after) if value}


def history(actor: Actor, record_type: str, record_id: uuid.UUID, limit: int = 50) -> list[Entry]:
    """The record's changes that `actor` may see, as entries; the caller has checked the record itself."""
    return [
        Entry(
            at=line.at,
            kind=CHANGE,
            who=gettext(SYSTEM) if line.actor_name in PARTS else line.actor_name,
            icon="pencil",
            key=str(line.id),
            action=line.action,
            changes=[Change(name, before, after) for name, (before, after) in line.changes.items()],
        )
        for line in audit.list_history(actor, record_type, record_id, limit)
    ]
