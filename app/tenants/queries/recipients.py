"""Whom something can be told: active users, by id, by role, by right."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, or_, select

from app.core.db import db
from app.tenants.models import Grant, Membership, User
from app.tenants.rules.roles import EVERYTHING


def active_ids(user_ids: Collection[uuid.UUID]) -> list[uuid.UUID]:
    """Those of the users who may sign in, in the order of their ids."""
    query = select(User.id).where(User.id.in_(user_ids), User.state == "active").order_by(User.id)
    return list(db.session.scalars(query))


@dataclass(frozen=True)
class Audience:
    """Everybody who has a role, or everybody who holds a right: anywhere, or over the records of a store."""

    role_id: uuid.UUID | None = None
    permission: str | None = None
    store_id: uuid.UUID | None = None


def list_audience(audience: Audience, *, after: uuid.UUID | None, limit: int) -> Sequence[uuid.UUID]:
    """The next active users of the audience, in the order of their ids."""
    query = select(User.id).join(Membership, Membership.user_id == User.id).where(User.state == "active")
    if audience.role_id is not None:
        query = query.where(Membership.role_id == audience.role_id)
    if audience.permission is not None:
        held = Grant.permission.in_((audience.permission, EVERYTHING))
        query = query.join(Grant, Grant.role_id == Membership.role_id).where(held)
        if audience.store_id is not None:
            here = and_(Membership.store_id == audience.store_id, Grant.scope == "store")
            query = query.where(or_(here, Grant.scope == "all"))
    if after is not None:
        query = query.where(User.id > after)
    return db.session.scalars(query.distinct().order_by(User.id).limit(limit)).all()


def locale_of(user_id: uuid.UUID) -> str | None:
    """The language the user has chosen, if any."""
    return db.session.scalar(select(User.locale).where(User.id == user_id))
