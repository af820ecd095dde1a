"""What pages ask about forms that did not go through: an edit that met another one, a session that had ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, request
from jinja2 import pass_context
from jinja2.runtime import Context, Undefined

from app.core.http.edits import Editing, Side
from app.core.http.sessions import own_path


@pass_context
def clash_of(context: Context, name: str) -> Sequence[Side]:
    """The clashes of a field of this page's form."""
    edit = context.get("edit")
    return edit.clashes.get(name, ()) if isinstance(edit, Editing) else ()


def option_words(options: Iterable[tuple[Any, str]] | Undefined, value: str) -> str:
    """What the choice `value` is called where it is offered; itself elsewhere, as what somebody typed is."""
    return next((text for key, text in options if str(key) == value), value) if options else value


def came_from() -> str | None:
    """The page of this host that the request was made on, as far as the browser says."""
    parts = urlsplit(request.referrer or "")
    if parts.netloc != request.host:
        return None
    return own_path(f"{parts.path}?{parts.query}" if parts.query else parts.path)


def init_edits(app: Flask) -> None:
    """Give the templates the functions above."""
    app.jinja_env.globals.update(came_from=came_from, clash_of=clash_of, option_words=option_words)
