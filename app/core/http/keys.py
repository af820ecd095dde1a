"""Requests that bring an API key: read on the paths of the API alone, where a key counts and no cookie beside it.

Core knows no table of keys, so whoever owns it installs a reader and a toucher here. Whatever is wrong with a key, and
whichever dealership's it is, the answer is the same.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from flask import Flask, Request, Response, current_app, g, request

from app.core import clock
from app.core.db import find_tenant, transaction
from app.core.errors import N_, DomainError
from app.core.guard import key_reads
from app.core.guard.permissions import Actor
from app.core.http.sessions import TOUCH_AFTER, ServerSession, client_address, server_session
from app.core.http.surface import API_PATH, is_api
from app.core.http.visitors import StoreFacts, Visitor

# A question whose conditions are no matter for an address is posted; it changes nothing all the same.
QUERY = "query"
REFUSED_FROM = 400
BEARER = re.compile(r"Bearer +([A-Za-z0-9_]{1,100})", re.IGNORECASE)


class InvalidKey(DomainError):
    """The key is unknown here, over, revoked, or not to be used from this address: never said which."""

    code = "invalid_key"
    message = N_("This API key is not valid here.")
    status = 401


class KeyFacts(Protocol):
    """What the installed reader says about a key that is taken."""

    @property
    def key_id(self) -> uuid.UUID: ...
    @property
    def actor(self) -> Actor: ...
    @property
    def role(self) -> str: ...
    @property
    def stores(self) -> Sequence[StoreFacts]: ...
    @property
    def expires_at(self) -> datetime: ...
    @property
    def last_used_at(self) -> datetime | None: ...


# (the key as sent, the client's address) -> whom it acts as, or None when it is not taken.
KeyReader = Callable[[str, str], KeyFacts | None]
KeyToucher = Callable[[uuid.UUID, datetime], None]


@dataclass(frozen=True)
class _Hooks:
    read: KeyReader
    touch: KeyToucher


def init_app(app: Flask, read: KeyReader, touch: KeyToucher) -> None:
    """Give `app` the functions that know the table of keys."""
    app.extensions["forecourt_key_hooks"] = _Hooks(read, touch)


def brings_key(incoming: Request) -> bool:
    """Whether the request comes to the API with anything for an authorisation; it counts alone, whatever it is."""
    return is_api(incoming) and "Authorization" in incoming.headers


class KeySession(ServerSession):
    """A request with a key: no cookie is read or set, and nobody is signed in."""

    facts: KeyFacts | None = None

    def load(self) -> Visitor | None:
        """Read whom the key acts as; raises InvalidKey."""
        if self.facts is not None or find_tenant() is None:
            return None
        hooks: _Hooks = current_app.extensions["forecourt_key_hooks"]
        sent = BEARER.fullmatch(request.headers["Authorization"].strip())
        self.facts = hooks.read(sent.group(1), client_address()) if sent else None
        if self.facts is None:
            raise InvalidKey
        self.actor = self.facts.actor
        seen, before = clock.now(), self.facts.last_used_at
        if before is None or seen - before >= TOUCH_AFTER:
            with transaction():
                hooks.touch(self.facts.key_id, seen)
        return None


def count_as_read() -> tuple[str, str] | None:
    """Where this request counts as a read of its key: by the first part of its route behind the version, a resource.

    None for what is no read, or no route of the API.
    """
    key, rule = current_key(), request.url_rule
    if key is None or rule is None:
        return None
    parts = rule.rule.removeprefix(API_PATH).split("/")
    if len(parts) < 2 or not (request.method in ("GET", "HEAD") or parts[-1] == QUERY):
        return None
    return key_reads.place_of(key.key_id, parts[1])


def note_refused(response: Response) -> Response:
    """Take a read back that was counted when the request began (`rates.py`), and refused since then."""
    place = g.pop("read_counted", None)
    if place is not None and response.status_code >= REFUSED_FROM:
        key_reads.take_back(place)
    return response


def current_key() -> KeyFacts | None:
    """The key of this request, or None."""
    session = server_session()
    return session.facts if isinstance(session, KeySession) else None
