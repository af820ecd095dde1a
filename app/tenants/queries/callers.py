"""Who began a piece of work: a user, or an API key. Both are known by one id (`Actor.caller_id`)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import Row, Subquery, Uuid, cast, null, select, union_all

from app.core.db import db
from app.core.errors import NotFound
from app.core.guard.permissions import Actor
from app.tenants.models import ApiKey, User
from app.tenants.queries.api_keys import get_key_actor
from app.tenants.queries.sessions import get_actor


def get_caller(caller_id: uuid.UUID) -> Actor:
    """The actor somebody is now: an active user, or a key that is taken; raises NotFound."""
    try:
        return get_actor(caller_id)
    except NotFound:
        return get_key_actor(caller_id)


def caller_facts() -> Subquery:
    """For joins: caller_id, name, and the same id once more as user_id or as key_id."""
    nobody = cast(null(), Uuid)
    users = select(User.id.label("caller_id"), User.name, User.id.label("user_id"), nobody.label("key_id"))
    keys = select(ApiKey.id, ApiKey.name, nobody, ApiKey.id)
    return union_all(users, keys).subquery("caller_facts")


def list_caller_names(ids: Collection[uuid.UUID]) -> Sequence[Row[uuid.UUID, str]]:
    """(id, name) of these users and keys."""
    facts = caller_facts()
    return db.session.execute(select(facts.c.caller_id, facts.c.name).where(facts.c.caller_id.in_(ids))).all()
