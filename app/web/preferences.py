"""Language, theme and the other settings people choose: on the user's record, and in a cookie before signing in."""

from __future__ import annotations

from flask import has_request_context, request
from flask_babel import gettext

from app.core.db import transaction
from app.core.db.ids import to_public
from app.core.guard.permissions import Actor
from app.core.http.visitors import Visitor
from app.tenants.operations.preferences import keep_preferences
from app.tenants.rules.preferences import CHOICES, LABELS, STORE
from app.web.i18n import signed_in

THEMES = CHOICES["theme"]
THEME_COOKIE = "theme"


def current_preference(name: str) -> str:
    """What the visitor chose for `name`, else what holds for everybody; a store's is empty for all stores."""
    visitor = signed_in()
    chosen = visitor.preferences.get(name) if visitor else None
    return chosen or (CHOICES[name][0] if name in CHOICES else "")


def preference_options(name: str) -> list[tuple[str, str]]:
    """What can be chosen for `name`, in words."""
    return [(value, gettext(LABELS[name][value])) for value in CHOICES[name]]


def current_theme() -> str:
    """The theme of the user's record, else of the browser's cookie; `system` follows the device."""
    visitor = signed_in()
    cookie = request.cookies.get(THEME_COOKIE) if has_request_context() else None
    chosen = (visitor.preferences.get("theme") if visitor else None) or cookie
    return chosen if chosen in THEMES else THEMES[0]


def chosen_store() -> str:
    """The public id of the store the visitor works in, or nothing for all; a store left since counts as all."""
    visitor, chosen = signed_in(), current_preference(STORE)
    return chosen if visitor and chosen in store_ids(visitor) else ""


def store_ids(visitor: Visitor) -> list[str]:
    """The public ids of the visitor's stores."""
    return [to_public("store", store.id) for store in visitor.stores]


def keep(actor: Actor, chosen: dict[str, str], locale: str | None) -> None:
    """Write what was chosen to the user's record; other devices follow with their next page."""
    with transaction():
        keep_preferences(actor, chosen, locale=locale)
