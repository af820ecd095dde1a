"""What the search found and what was opened last, made into lines that lead to the records' pages."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext

from app.core.db.ids import from_public, to_public
from app.core.guard.permissions import Actor
from app.core.lists import search
from app.core.lists.search.kinds import KINDS, SearchKind, Word
from app.core.lists.search.naming import name_records

PER_KIND, PER_KIND_ON_PAGE = 5, 20


@dataclass(frozen=True)
class Shown:
    """One hit as it is shown; `matched` says by what it was found."""

    title: str
    url: str
    icon: str
    details: str = ""
    matched: str = ""


@dataclass(frozen=True)
class ShownGroup:
    """Hits of one kind under their heading; `more` when others were left out."""

    label: str
    hits: tuple[Shown, ...]
    more: bool = False


def find(actor: Actor, text: str, limit: int = PER_KIND) -> list[ShownGroup]:
    """What `actor` finds under `text`, the likeliest kind of record first."""
    groups = [group for group in search.find(actor, text, limit) if _is_served(group.kind)]
    return [ShownGroup(gettext(group.kind.label), tuple(map(_shown, group.hits)), group.more) for group in groups]


def opened_last(actor: Actor) -> tuple[Shown, ...]:
    """What the user opened last and may still see."""
    return tuple(_shown(hit) for hit in search.recent(actor) if _is_served(hit.kind))


def named(actor: Actor, prefix: str, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Shown]:
    """Known records with their pages, those that the actor may see."""
    found = name_records(actor, prefix, ids)
    return {key: _shown(hit) for key, hit in found.items() if _is_served(hit.kind)}


def note(actor: Actor, item: str) -> None:
    """Remember that the record `item`, as `kind:id`, was opened; raises NotFound for an id of another kind."""
    kind = KINDS.get(item.partition(":")[0])
    if kind is not None:
        search.note_recent(actor, kind.name, _id_of(kind, item.partition(":")[2]))


def _id_of(kind: SearchKind, public_id: str) -> uuid.UUID:
    return from_public(kind.prefix, public_id)


def _is_served(kind: SearchKind) -> bool:
    return kind.endpoint in current_app.view_functions


def _shown(hit: search.Hit) -> Shown:
    arguments: dict[str, Any] = {hit.kind.argument: to_public(hit.kind.prefix, hit.record_id)}
    address = url_for(hit.kind.endpoint, **arguments)
    details = " · ".join(gettext(part) if isinstance(part, Word) else part for part in hit.details)
    return Shown(hit.title, address, hit.kind.icon, details, gettext(hit.matched) if hit.matched else "")
