"""The HTTP room: sessions, rights of views, problems, rendering. Views alone may enter."""

from collections.abc import Callable

from flask import Flask

from app.core.config import Settings
from app.core.guard import key_reads
from app.core.http import access, console, cors, csrf, headers, keys, problems, rates, rendering, requests, sessions
from app.core.http.access import ANY_USER, may, public, require
from app.core.http.csrf import csrf_token
from app.core.http.forms import FormSchema, Secret, Text, load_form, render_form
from app.core.http.hosts import HostMiddleware
from app.core.http.sessions import current_actor, current_visitor, install_session_reader
from app.core.jobs import traffic

__all__ = [
    "ANY_USER",
    "FormSchema",
    "Secret",
    "Text",
    "csrf_token",
    "current_actor",
    "current_visitor",
    "init_app",
    "install_session_reader",
    "load_form",
    "may",
    "public",
    "render_form",
    "require",
]


def init_app(
    app: Flask,
    settings: Settings,
    *,
    read_session: sessions.SessionReader,
    touch_session: sessions.SessionToucher,
    read_operator: console.OperatorReader,
    touch_operator: console.OperatorToucher,
    read_key: keys.KeyReader,
    touch_key: keys.KeyToucher,
    allows_origin: cors.OriginCheck,
    readable: Callable[[str | None], bool],
) -> None:
    """The walk of every request; `readable` says which tenant schema versions this code can serve."""
    sessions.init_app(app)
    install_session_reader(app, read_session, touch_session)
    console.init_app(app, read_operator, touch_operator)
    keys.init_app(app, read_key, touch_key)
    cors.init_app(app, allows_origin)
    key_reads.init_app(app, settings)
    rates.init_app(app, settings)
    traffic.init_app(app, settings)
    problems.init_app(app)
    rendering.init_app(app)
    app.before_request(requests.begin)
    app.before_request(cors.answer_preflight)
    app.before_request(access.enforce)
    app.before_request(csrf.protect)
    # Flask runs these from last to first.
    app.after_request(requests.end)
    app.after_request(headers.add_headers)
    app.after_request(cors.add_headers)
    app.after_request(rates.add_headers)
    app.after_request(keys.note_refused)
    app.after_request(csrf.remember_visitor)
    app.wsgi_app = HostMiddleware(app, settings, readable)  # type: ignore[method-assign]
