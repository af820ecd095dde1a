"""What a user opened last, offered again before anything is typed; rights are asked anew each time it is shown."""

from __future__ import annotations

import uuid
from typing import Final

from sqlalchemy import delete, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from app.core.db import db
from app.core.guard.permissions import Actor
from app.core.lists.search.finding import Hit, describe, reachable
from app.core.lists.search.kinds import KINDS
from app.core.lists.search.models import RecentRecord, SearchEntry

KEPT: Final = 20


def note_recent(actor: Actor, kind: str, record_id: uuid.UUID) -> None:
    """Remember that the user opened a record; one that he may not see, or nobody finds, is not remembered.

    Part of the caller's transaction. Beyond `KEPT` the oldest is forgotten.
    """
    known = {found.name: found for found in reachable(actor)}
    if actor.user_id is None or kind not in known:
        return
    there = select(literal(actor.user_id), SearchEntry.kind, SearchEntry.record_id).where(
        SearchEntry.record_id == record_id, known[kind].visible(actor)
    )
    statement = insert(RecentRecord).from_select(["user_id", "kind", "record_id"], there)
    key = ["user_id", "kind", "record_id"]
    db.session.execute(statement.on_conflict_do_update(index_elements=key, set_={"seen_at": func.clock_timestamp()}))
    own = RecentRecord.user_id == actor.user_id
    place = tuple_(RecentRecord.kind, RecentRecord.record_id)
    order = RecentRecord.seen_at.desc(), RecentRecord.record_id.desc()
    old = select(RecentRecord.kind, RecentRecord.record_id).where(own).order_by(*order).offset(KEPT)
    db.session.execute(delete(RecentRecord).where(own, place.in_(old)).execution_options(synchronize_session=False))


def recent(actor: Actor, limit: int = 8) -> list[Hit]:
    """What the user opened last and may still see, the latest first."""
    kinds = reachable(actor)
    if actor.user_id is None or not kinds:
        return []
    rows = db.session.execute(
        select(SearchEntry.kind, SearchEntry.record_id, SearchEntry.title)
        .join(
            RecentRecord,
            (RecentRecord.kind == SearchEntry.kind) & (RecentRecord.record_id == SearchEntry.record_id),
        )
        .where(RecentRecord.user_id == actor.user_id, or_(*(kind.visible(actor) for kind in kinds)))
        .order_by(RecentRecord.seen_at.desc(), RecentRecord.record_id.desc())
        .limit(limit)
    )
    return describe(actor, [Hit(KINDS[row.kind], row.record_id, row.title) for row in rows])
