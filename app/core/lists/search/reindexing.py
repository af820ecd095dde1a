"""The tokens of the search under a new index key: entries of the kinds that keep some are made anew."""

from __future__ import annotations

import uuid

from app.core.guard.reindexing import Batch, Renewal, on_new_index_key
from app.core.lists.search.kinds import ordered
from app.core.lists.search.rebuilding import rebuild_slice


@on_new_index_key("core_search_entries.tokens")
def renew_entries(_renewal: Renewal, after: str | None) -> Batch:
    """The entries of the next records of a kind, kind by kind."""
    kinds = [kind for kind in ordered() if kind.secrets]
    name, _, last_id = (after or "").partition(" ")
    place = next((number for number, kind in enumerate(kinds) if kind.name == name), 0)
    if not kinds:
        return Batch()
    count, last = rebuild_slice(kinds[place], uuid.UUID(last_id) if last_id else None)
    if last is not None:
        return Batch(count, 0, f"{kinds[place].name} {last}")
    return Batch(count, 0, f"{kinds[place + 1].name} " if place + 1 < len(kinds) else None)
