"""Server-side sessions: an opaque token in the cookie, a row in the tenant's schema, read in the first statement.

Core may not know the tables of a module, so whoever owns them installs a reader and a toucher here. Anonymous
visitors have no row: what a redirect wants to say to them travels in a signed cookie of its own.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Request, Response, current_app, g, request
from flask import session as flask_session
from flask.sessions import SessionInterface, SessionMixin
from flask_login import LoginManager
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock
from app.core.config import Settings
from app.core.db import find_tenant, transaction
from app.core.guard.permissions import Actor
from app.core.http.visitors import SessionFacts, Visitor

TOKEN_BYTES = 32
TOUCH_AFTER = timedelta(minutes=1)
NOBODY = Actor(user_id=None, name="visitor")

login_manager = LoginManager()
# The row is bound to tenant and host; Flask-Login's fingerprint would only sign people out on browser updates.
login_manager.session_protection = None


# (token hash, host, idle limit) -> the session, or None when there is no such living one at this host.
SessionReader = Callable[[bytes, str, timedelta], SessionFacts | None]
# Notes that the session was seen at an instant.
SessionToucher = Callable[[uuid.UUID, datetime], None]


@dataclass(frozen=True)
class _Hooks:
    read: SessionReader
    touch: SessionToucher


def install_session_reader(app: Flask, read: SessionReader, touch: SessionToucher) -> None:
    """Give the sessions of `app` the functions that know the table."""
    app.extensions["forecourt_session_hooks"] = _Hooks(read, touch)


def new_token() -> str:
    """A fresh session token of 256 bits; only its hash is ever stored."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> bytes:
    """What the row holds of `token`. A random token needs no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def settings() -> Settings:
    """The settings of the running application."""
    return current_app.extensions["forecourt_settings"]


def cookie_name(base: str) -> str:
    """`base` with the `__Host-` prefix, which browsers honour over HTTPS only."""
    return f"__Host-{base}" if settings().public_scheme == "https" else base


def set_cookie(response: BaseResponse, base: str, value: str) -> None:
    """Set a cookie of the browser session that no script and no other host can read."""
    response.set_cookie(
        cookie_name(base), value, secure=settings().public_scheme == "https", httponly=True, samesite="Lax", path="/"
    )


def drop_cookie(response: BaseResponse, base: str) -> None:
    """Make the browser forget a cookie of ours."""
    response.delete_cookie(
        cookie_name(base), secure=settings().public_scheme == "https", httponly=True, samesite="Lax", path="/"
    )


def request_host() -> str:
    """The host the request came to, without port, as checked by the host middleware."""
    return request.environ.get("forecourt.host", "")


def at_operator_host() -> bool:
    """Whether the request came to the operators' console."""
    return bool(request.environ.get("forecourt.operator"))


def place() -> str:
    """What signed cookies and form tokens of this host are bound to: its tenant or the console; else nothing."""
    tenant = find_tenant()
    return tenant.id if tenant else "operator" if at_operator_host() else ""


class ServerSession(dict[str, Any], SessionMixin):
    """Flask's `session` for one request. Of its content only flash messages outlive the request."""

    # The cookie that holds the token.
    cookie = "session"
    # Who acts where nobody is signed in: a program with a key.
    actor: Actor | None = None

    def __init__(self, token: str | None, notices: list[Any]) -> None:
        super().__init__()
        self.token = token
        self.visitor: Visitor | None = None
        self.started = False
        self.ended = False
        self.accessed = True
        self.notices_before = list(notices)
        if notices:
            self["_flashes"] = list(notices)

    def start(self, token: str) -> None:
        """From the next request on the browser is known by `token`, made at this sign-in and never before."""
        self.token, self.started, self.ended = token, True, False

    def end(self) -> None:
        """Forget who is signed in; the row is the caller's to delete."""
        self.token, self.visitor, self.started, self.ended = None, None, False, True
        self.pop("_user_id", None)
        g.pop("_login_user", None)

    def known_token(self) -> str | None:
        """The token, once it was found to be a living session's."""
        return self.token if self.visitor is not None else None

    def load(self) -> Visitor | None:
        """Read session, user, rights and stores: the first statement of the request. Nothing is read twice."""
        if not self.token or self.visitor is not None or find_tenant() is None:
            return self.visitor
        hooks: _Hooks = current_app.extensions["forecourt_session_hooks"]
        idle = timedelta(minutes=settings().session_idle_minutes)
        facts = hooks.read(hash_token(self.token), request_host(), idle)
        if facts is None:
            # The cookie stays: another request may just have brought the browser a newer token.
            return None
        self.visitor = Visitor(facts)
        self["_user_id"] = self.visitor.get_id()
        seen = clock.now()
        if seen - self.visitor.last_seen_at >= TOUCH_AFTER:
            with transaction():
                hooks.touch(self.visitor.session_id, seen)
        return self.visitor


class ServerSessionInterface(SessionInterface):
    """Opens and saves `ServerSession`; no statement is sent here, so a static file costs none."""

    def open_session(self, app: Flask, request: Request) -> ServerSession:
        """The session the cookies speak of, not yet looked up."""
        kind = self.kind(request)
        token = request.cookies.get(cookie_name(kind.cookie), "")
        return kind(token if 20 <= len(token) <= 100 else None, _read_notices(request))

    def kind(self, request: Request) -> type[ServerSession]:
        """What class of session this host has."""
        return ServerSession

    def save_session(self, app: Flask, session: SessionMixin | None, response: Response) -> None:
        """Set or drop the cookies that changed."""
        if not isinstance(session, ServerSession):
            return
        if session.started and session.token:
            set_cookie(response, session.cookie, session.token)
        elif session.ended:
            drop_cookie(response, session.cookie)
        notices = list(session.get("_flashes", []))
        if notices and notices != session.notices_before:
            set_cookie(response, "notice", _notice_signer().dumps(notices))
        elif session.notices_before and not notices:
            drop_cookie(response, "notice")


def _notice_signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt=f"notice:{place()}")


def _read_notices(incoming: Request) -> list[Any]:
    text = incoming.cookies.get(cookie_name("notice"))
    if not text:
        return []
    try:
        return [tuple(pair) for pair in _notice_signer().loads(text)]
    except (BadSignature, TypeError):
        return []


def client_address() -> str:
    """Where the request comes from, as the host middleware found it."""
    return request.environ.get("forecourt.client", "")


def own_path(text: str | None) -> str:
    """`text` when it is a path of this host, else the start page: a form field sends nobody elsewhere."""
    given = text or "/"
    if not given.startswith("/") or given.startswith("//") or "\\" in given or any(ord(char) < 33 for char in given):
        return "/"
    return given


def server_session() -> ServerSession:
    """The present request's session."""
    return flask_session._get_current_object()  # type: ignore[attr-defined]


def current_visitor() -> Visitor | None:
    """Who is signed in on this request, or None."""
    return server_session().visitor


def current_actor() -> Actor:
    """The actor of this request; a visitor who is not signed in holds no grant."""
    session = server_session()
    return session.visitor.actor if session.visitor else session.actor or NOBODY


@login_manager.user_loader
def _load_user(_user_id: str) -> Visitor | None:
    return current_visitor()


def init_app(app: Flask) -> None:
    """Use server-side sessions in `app`, and Flask-Login over them."""
    app.session_interface = ServerSessionInterface()
    login_manager.init_app(app)
