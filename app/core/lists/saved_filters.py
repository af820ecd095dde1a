"""Saved filters: conditions on personal values, kept for the one user who set them; the address carries their id."""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select

from app.core.clock import now
from app.core.db import db
from app.core.db.columns import new_id
from app.core.db.ids import from_public, to_public
from app.core.errors import Invalid, NotFound
from app.core.guard.vault import drop_keys, seal_own, unseal_own
from app.core.lists.models import SavedFilter
from app.core.lists.query import Arguments
from app.core.lists.values import error

PREFIX = "flt"
KEPT = timedelta(days=30)


def save_filter(list_name: str, user_id: uuid.UUID, arguments: Arguments) -> str:
    """Store what `user_id` typed into the personal filters of a list; gives the id for the address.

    The user's expired filters go at the same time.
    """
    moment = now()
    _forget(SavedFilter.user_id == user_id, SavedFilter.expires_at <= moment)
    row_id = new_id()
    conditions = seal_own(
        SavedFilter.__tablename__, "conditions", row_id, {name: list(texts) for name, texts in arguments.items()}
    )
    db.session.add(
        SavedFilter(id=row_id, list_name=list_name, user_id=user_id, conditions=conditions, expires_at=moment + KEPT)
    )
    return to_public(PREFIX, row_id)


def load_filter(list_name: str, user_id: uuid.UUID | None, public_id: str) -> Arguments:
    """What `save_filter` stored; raises Invalid when it is another user's, another list's, expired or no id at all."""
    try:
        row_id = from_public(PREFIX, public_id)
    except NotFound:
        raise Invalid([error("filter", "unknown_filter")]) from None
    conditions = db.session.scalar(
        select(SavedFilter.conditions).where(
            SavedFilter.id == row_id,
            SavedFilter.list_name == list_name,
            SavedFilter.user_id == user_id,
            SavedFilter.expires_at > now(),
        )
    )
    if conditions is None:
        raise Invalid([error("filter", "unknown_filter")])
    return unseal_own(SavedFilter.__tablename__, "conditions", row_id, conditions)


def forget_expired() -> None:
    """Delete everybody's expired filters, of users who set no new ones too."""
    _forget(SavedFilter.expires_at <= now())


def _forget(*which: ColumnElement[bool]) -> None:
    drop_keys(db.session.scalars(delete(SavedFilter).where(*which).returning(SavedFilter.id)).all())
