"""What every page may use: the form token and the rights of the visitor."""

from __future__ import annotations

from flask import Flask

from app.core.http.access import may
from app.core.http.csrf import csrf_token
from app.core.http.sessions import current_actor, current_visitor


def init_app(app: Flask) -> None:
    """Make the names known to every template of `app`, macros imported without context included."""
    app.jinja_env.globals.update(
        csrf_token=csrf_token, may=may, current_actor=current_actor, current_visitor=current_visitor
    )
