"""Language and theme as the browser chose them, and the path a choice returns to."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import current_app, has_request_context, request

from app.core.guard.permissions import Actor

THEMES = ("light", "dark", "system")
THEME_COOKIE = "theme"
_HOOK = "forecourt_remember_locale"


def current_theme() -> str:
    """The theme of the browser's cookie; `system` follows the device."""
    chosen = request.cookies.get(THEME_COOKIE) if has_request_context() else None
    return chosen if chosen in THEMES else "system"


def own_path(text: str | None) -> str:
    """`text` when it is a path of this host, else the start page: nobody is sent elsewhere by a form field."""
    try:
        parts = urlsplit(text or "/")
    except ValueError:
        return "/"
    foreign = parts.scheme or parts.netloc or not parts.path.startswith("/") or parts.path.startswith("//")
    if foreign or "\\" in parts.path or any(ord(char) < 33 for char in parts.path):
        return "/"
    return parts.path + (f"?{parts.query}" if parts.query else "")


def remember_locale(actor: Actor, locale: str) -> None:
    """Write the language to the user's record too, through the hook whoever owns users has installed."""
    hook: Callable[[Actor, str], None] | None = current_app.extensions.get(_HOOK)
    if hook is not None and actor.user_id is not None:
        hook(actor, locale)


def install_locale_keeper(hook: Callable[[Actor, str], None]) -> Callable[[object], None]:
    """For the factory: keep chosen languages with `hook` (actor, locale), which opens its own transaction."""

    def install(app: object) -> None:
        app.extensions[_HOOK] = hook  # type: ignore[attr-defined]

    return install
