"""What every page may use: the form token and the rights of the visitor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Flask, Response

from app.core.db import find_tenant
from app.core.http.access import may
from app.core.http.csrf import csrf_token
from app.core.http.sessions import current_actor, current_visitor


class WholeResponse(Response):
    """An answer that the server gets in one piece, unless a view streams it.

    Granian sends a list together with the headers, and any other iterable after them: a server killed between the
    two would leave the gateway with half an answer, which it can no longer ask another server for.
    """

    def get_app_iter(self, environ: dict[str, Any]) -> Iterable[bytes]:
        """The body as a list of one; streams, files and empty answers as they are."""
        pieces = super().get_app_iter(environ)
        if self.is_streamed or self.direct_passthrough:
            return pieces
        try:
            return [b"".join(pieces)]
        finally:
            self.close()


def select_timezone() -> str | None:
    """The time zone instants are shown in: the visitor's first store's, else the dealership's."""
    visitor = current_visitor()
    if visitor is not None and visitor.stores:
        return visitor.stores[0].timezone
    tenant = find_tenant()
    return tenant.timezone if tenant else None


def init_app(app: Flask) -> None:
    """Make the names known to every template of `app`, macros imported without context included; whole answers."""
    app.response_class = WholeResponse
    app.jinja_env.globals.update(
        csrf_token=csrf_token, may=may, current_actor=current_actor, current_visitor=current_visitor
    )
