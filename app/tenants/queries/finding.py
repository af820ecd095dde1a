"""Users as the box finds them: by name and by e-mail."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, select, true

from app.core.db import db
from app.core.guard import vault
from app.core.guard.keys import KeyMissing
from app.core.guard.permissions import Actor, Scope, scope_of
from app.core.lists.search import Entry
from app.core.lists.search.models import SearchEntry
from app.tenants.models import User
from app.tenants.queries import people


def user_entry(name: str, email: str | None) -> Entry:
    """How a user of this name and e-mail is found."""
    return Entry(name, names=name, secrets=[("email", email)] if email else ())


def user_entries(user_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Entry]:
    """How these users are found."""
    users = db.session.execute(select(User.id, User.name, User.email_enc).where(User.id.in_(user_ids))).all()
    vault.load_subject_keys({user.id for user in users})
    return {user.id: user_entry(user.name, _email(user.id, user.email_enc)) for user in users}


def within_reach(actor: Actor) -> ColumnElement[bool]:
    """The condition that leaves the entries of the users whose page `actor` may open."""
    if scope_of(actor, "user.edit") is Scope.ALL:
        return true()
    return SearchEntry.record_id.in_(select(User.id).where(people.reachable_users(actor, "user.edit")))


def _email(user_id: uuid.UUID, sealed: bytes) -> str | None:
    try:
        return vault.unseal(user_id, User.__tablename__, "email_enc", user_id, sealed)
    except KeyMissing:
        return None
