"""Tidying one's own inbox: read, done, open again. No audit: it changes nothing but the reader's own list."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import aliased

from app.core import clock
from app.core.db import db
from app.core.guard import undo
from app.core.guard.permissions import Actor
from app.notifications import queries
from app.notifications.errors import OpenAlready
from app.notifications.models import Item

DONE, ALL_DONE = "notifications.done", "notifications.all_done"


def mark_read(actor: Actor, item_id: uuid.UUID) -> None:
    """The actor has looked at what the notification is about; raises NotFound."""
    item = queries.get_item(actor, item_id)
    item.read_at = item.read_at or clock.now()


def mark_done(actor: Actor, item_id: uuid.UUID) -> None:
    """Nothing is left to do about it, as far as the actor is concerned; can be undone. Raises NotFound."""
    item = queries.get_item(actor, item_id)
    if item.done_at is None:
        item.done_at = clock.now()
        item.read_at = item.read_at or item.done_at
        undo.offer(actor, DONE, {"name": "", "item": item.id})


def open_again(actor: Actor, item_id: uuid.UUID) -> None:
    """Take "done" back; raises NotFound, and OpenAlready when the same has come up again since."""
    item = queries.get_item(actor, item_id)
    if item.done_at is None:
        return
    same = Item.user_id == item.user_id, Item.same_key == item.same_key, Item.done_at.is_(None)
    if db.session.scalar(select(Item.id).where(*same).limit(1)) is not None:
        raise OpenAlready
    item.done_at = None


def mark_all_done(actor: Actor, until: datetime) -> int:
    """Everything that stood open up to `until` is done; how many that were."""
    at = clock.now()
    within = Item.user_id == actor.user_id, Item.done_at.is_(None), Item.last_at <= until
    done = update(Item).where(*within).values(done_at=at, read_at=func.coalesce(Item.read_at, at)).returning(Item.id)
    count = len(db.session.scalars(done).all())
    if count:
        undo.offer(actor, ALL_DONE, {"name": "", "at": at})
    return count


def mark_all_read(actor: Actor, until: datetime) -> None:
    """Everything open up to `until` has been looked at."""
    within = Item.user_id == actor.user_id, Item.done_at.is_(None), Item.last_at <= until
    db.session.execute(update(Item).where(*within, Item.read_at.is_(None)).values(read_at=clock.now()))


def open_all_again(actor: Actor, done_at: datetime) -> int:
    """Take one `mark_all_done` back; what has come up again since stays done. How many are open again."""
    twin = aliased(Item)
    again = exists().where(twin.user_id == Item.user_id, twin.same_key == Item.same_key, twin.done_at.is_(None))
    within = Item.user_id == actor.user_id, Item.done_at == done_at, ~again
    return len(db.session.scalars(update(Item).where(*within).values(done_at=None).returning(Item.id)).all())


def _reopen(actor: Actor, payload: undo.Payload) -> None:
    open_again(actor, payload["item"])


def _reopen_all(actor: Actor, payload: undo.Payload) -> None:
    open_all_again(actor, payload["at"])


undo.declare_undo(DONE, _reopen)
undo.declare_undo(ALL_DONE, _reopen_all)
