"""What every page may use: token, rights and language of the visitor."""

from __future__ import annotations

from flask import Flask, request

from app.core.db import find_tenant
from app.core.http.access import may
from app.core.http.csrf import csrf_token
from app.core.http.sessions import current_actor, current_visitor

LOCALES = ("en", "zh")


def select_locale() -> str:
    """The language of the page: the user's own, else the browser's wish, else the dealership's."""
    if not request:
        tenant = find_tenant()
        return known_locale(tenant.locale if tenant else None)
    visitor = current_visitor()
    if visitor is not None and visitor.locale:
        return known_locale(visitor.locale)
    tenant = find_tenant()
    fallback = known_locale(tenant.locale if tenant else None)
    return request.accept_languages.best_match(LOCALES, fallback) or fallback


def known_locale(locale: str | None) -> str:
    """The language we have for `locale` (such as zh-CN), English when there is none."""
    language = (locale or "en").replace("_", "-").partition("-")[0].lower()
    return language if language in LOCALES else "en"


def select_timezone() -> str | None:
    """The time zone instants are shown in: the visitor's first store's, else the dealership's."""
    visitor = current_visitor() if request else None
    if visitor is not None and visitor.stores:
        return visitor.stores[0].timezone
    tenant = find_tenant()
    return tenant.timezone if tenant else None


def init_app(app: Flask) -> None:
    """Make the names known to every template of `app`, macros imported without context included."""
    app.jinja_env.globals.update(
        csrf_token=csrf_token, may=may, current_actor=current_actor, current_visitor=current_visitor
    )
