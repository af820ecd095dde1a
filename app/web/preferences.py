"""Language and theme as people chose them."""

from __future__ import annotations

from collections.abc import Callable

from flask import current_app, has_request_context, request

from app.core.guard.permissions import Actor

THEMES = ("light", "dark", "system")
THEME_COOKIE = "theme"
# Whoever owns the users puts a function (actor, locale) here, which opens its own transaction.
LOCALE_KEEPER = "forecourt_remember_locale"


def current_theme() -> str:
    """The theme of the browser's cookie; `system` follows the device."""
    chosen = request.cookies.get(THEME_COOKIE) if has_request_context() else None
    return chosen if chosen in THEMES else "system"


def remember_locale(actor: Actor, locale: str) -> None:
    """Write the language to the user's record too."""
    hook: Callable[[Actor, str], None] | None = current_app.extensions.get(LOCALE_KEEPER)
    if hook is not None and actor.user_id is not None:
        hook(actor, locale)
