"""Who is signed in, as the first statement of a request found him, and what the owner of the tables says for that."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from app.core.guard.permissions import Actor


class StoreFacts(Protocol):
    """A store of the signed-in user, as menus show it."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def timezone(self) -> str: ...


class SessionFacts(Protocol):
    """What the installed reader says about a living session."""

    @property
    def session_id(self) -> uuid.UUID: ...
    @property
    def actor(self) -> Actor: ...
    @property
    def locale(self) -> str | None: ...
    @property
    def last_seen_at(self) -> datetime: ...
    @property
    def preview(self) -> str | None: ...
    @property
    def preferences(self) -> Mapping[str, str]: ...
    @property
    def stores(self) -> Sequence[StoreFacts]: ...
    @property
    def facts(self) -> Mapping[str, Any]: ...
    @property
    def factor_at(self) -> datetime | None: ...
    @property
    def proved_at(self) -> datetime: ...
    @property
    def factor_required(self) -> bool: ...
    @property
    def has_factor(self) -> bool: ...


class Visitor:
    """Who is signed in, whole, from the first statement of the request. Flask-Login's `current_user`."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, facts: SessionFacts) -> None:
        if facts.actor.user_id is None:
            raise ValueError("a session without a user")
        self.session_id = facts.session_id
        self.actor = facts.actor
        self.user_id: uuid.UUID = facts.actor.user_id
        self.name = facts.actor.name
        self.locale = facts.locale
        self.last_seen_at = facts.last_seen_at
        self.preferences = dict(facts.preferences)
        self.stores = tuple(facts.stores)
        # The role as which he only looks at the pages for now.
        self.preview = facts.preview
        # What modules declared in `app.core.guard.facts`, as it was when the request began.
        self.facts = facts.facts
        # When a second factor was shown in this session, and when anything was, a password too.
        self.factor_at, self.proved_at = facts.factor_at, facts.proved_at
        self.factor_required, self.has_factor = facts.factor_required, facts.has_factor

    @property
    def lacks_factor(self) -> bool:
        """Whether a second factor is owed before any page. An operator let in has shown one of his own."""
        if self.actor.behind is not None:
            return False
        return (self.factor_required and not self.has_factor) or (self.has_factor and self.factor_at is None)

    def get_id(self) -> str:
        """The user's id as Flask-Login wants it."""
        return str(self.user_id)
