"""What every page may use: the form token and the rights of the visitor."""

from __future__ import annotations

from flask import Flask

from app.core.db import find_tenant
from app.core.http.access import may
from app.core.http.csrf import csrf_token
from app.core.http.sessions import current_actor, current_visitor


def select_timezone() -> str | None:
    """The time zone instants are shown in: the visitor's first store's, else the dealership's."""
    visitor = current_visitor()
    if visitor is not None and visitor.stores:
        return visitor.stores[0].timezone
    tenant = find_tenant()
    return tenant.timezone if tenant else None


def init_app(app: Flask) -> None:
    """Make the names known to every template of `app`, macros imported without context included."""
    app.jinja_env.globals.update(
        csrf_token=csrf_token, may=may, current_actor=current_actor, current_visitor=current_visitor
    )
