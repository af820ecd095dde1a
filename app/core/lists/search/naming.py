"""What known records are called, for whoever may see them: the titles under which they are found."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import or_, select

from app.core.db import db
from app.core.guard.permissions import Actor
from app.core.lists.search.finding import Hit, describe, reachable
from app.core.lists.search.kinds import KINDS
from app.core.lists.search.models import SearchEntry


def name_records(actor: Actor, prefix: str, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Hit]:
    """The records of one kind (by what its ids begin with) by id; those out of the actor's sight are left out."""
    kinds = [kind for kind in reachable(actor) if kind.prefix == prefix]
    if not kinds or not ids:
        return {}
    rows = db.session.execute(
        select(SearchEntry.kind, SearchEntry.record_id, SearchEntry.title).where(
            SearchEntry.record_id.in_(ids), or_(*(kind.visible(actor) for kind in kinds))
        )
    )
    hits = describe(actor, [Hit(KINDS[row.kind], row.record_id, row.title) for row in rows])
    return {hit.record_id: hit for hit in hits}
