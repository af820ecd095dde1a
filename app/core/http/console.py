"""The operators' host: sessions of its own kind, and views that answer there and nowhere else.

An operator is no user: on his host nobody is signed in as far as pages of dealerships are concerned, and no actor of
a dealership exists.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from flask import Flask, Request, current_app

from app.core import clock
from app.core.db import transaction
from app.core.http.keys import KeySession, brings_key
from app.core.http.problems import NotSignedIn
from app.core.http.sessions import (
    TOUCH_AFTER,
    ServerSession,
    ServerSessionInterface,
    hash_token,
    server_session,
    settings,
)
from app.core.http.visitors import Visitor

# `@require(OPERATOR)`: whoever is signed in at the console; the view answers on its host alone.
OPERATOR = "operator"


class OperatorNotSignedIn(NotSignedIn):
    """The page is for operators who are signed in."""

    sign_in = "operators.sign_in"


class Operator(Protocol):
    """Who is signed in at the console, as the installed reader says."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def name(self) -> str: ...
    @property
    def session_id(self) -> uuid.UUID: ...
    @property
    def last_seen_at(self) -> datetime: ...


# (token hash, idle limit) -> the operator, or None when there is no such living session.
OperatorReader = Callable[[bytes, timedelta], Operator | None]
OperatorToucher = Callable[[uuid.UUID, datetime], None]


@dataclass(frozen=True)
class _Hooks:
    read: OperatorReader
    touch: OperatorToucher


class OperatorSession(ServerSession):
    """The session of the console: another cookie, another table, and never a visitor."""

    cookie = "operator"
    operator: Operator | None = None

    def known_token(self) -> str | None:
        """The token, once it was found to be a living session's."""
        return self.token if self.operator is not None else None

    def end(self) -> None:
        """Forget who is signed in; the row is the caller's to delete."""
        super().end()
        self.operator = None

    def load(self) -> Visitor | None:
        """Read who is signed in here; a visitor of a dealership is nobody at the console."""
        if not self.token or self.operator is not None:
            return None
        hooks: _Hooks = current_app.extensions["forecourt_operator_hooks"]
        self.operator = hooks.read(hash_token(self.token), timedelta(minutes=settings().session_idle_minutes))
        if self.operator is None:
            self.ended = True
            return None
        seen = clock.now()
        if seen - self.operator.last_seen_at >= TOUCH_AFTER:
            with transaction():
                hooks.touch(self.operator.session_id, seen)
        return None


class HostedSessions(ServerSessionInterface):
    """The session of a dealership's host, of a key there, or of the console."""

    def kind(self, request: Request) -> type[ServerSession]:
        """What class of session this host has."""
        if request.environ.get("forecourt.operator"):
            return OperatorSession
        return KeySession if brings_key(request) else ServerSession


def find_operator() -> Operator | None:
    """Who is signed in at the console on this request, or None."""
    session = server_session()
    return session.operator if isinstance(session, OperatorSession) else None


def current_operator() -> Operator:
    """Who is signed in at the console; raises OperatorNotSignedIn."""
    operator = find_operator()
    if operator is None:
        raise OperatorNotSignedIn
    return operator


def init_app(app: Flask, read: OperatorReader, touch: OperatorToucher) -> None:
    """Give `app` the console's sessions and the functions that know their table."""
    app.session_interface = HostedSessions()
    app.extensions["forecourt_operator_hooks"] = _Hooks(read, touch)
