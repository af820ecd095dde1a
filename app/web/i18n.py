"""Which language a page speaks, and the catalogues it speaks from."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, g, has_request_context, request, session
from flask_babel import Babel, gettext

from app.core import languages
from app.core.db import find_tenant
from app.core.http.surface import is_api
from app.core.http.visitors import Visitor
from app.core.languages import known_language

COOKIE = "locale"


def signed_in() -> Visitor | None:
    """Who is signed in; None as well for a request that failed before its session was opened."""
    return getattr(session, "visitor", None) if has_request_context() else None


def choose_locale() -> str:
    """The signed-in user's own language, else the browser's cookie, the tenant's, and what the browser accepts."""
    if not has_request_context():
        tenant = find_tenant()
        return known_language(tenant.locale if tenant else None) or languages.SOURCE
    tenant = find_tenant()
    visitor = signed_in()
    if is_api(request):
        # A program says itself which language it speaks.
        asked = next(filter(None, map(known_language, request.accept_languages.values())), None)
        return asked or known_language(tenant.locale if tenant else None) or languages.SOURCE
    return (
        known_language(visitor.locale if visitor else None)
        or known_language(request.cookies.get(COOKIE))
        or known_language(tenant.locale if tenant else None)
        or next(filter(None, map(known_language, request.accept_languages.values())), languages.SOURCE)
    )


def current_locale() -> str:
    """The language of this request, chosen once."""
    if not has_request_context():
        return choose_locale()
    if "locale" not in g:
        g.locale = choose_locale()
    return g.locale


def translate(text: str | None) -> str:
    """A string marked with `N_`, in the language of this request, its placeholders untouched."""
    return gettext(str(text)) if text else ""


def compile_catalogues(folder: Path | None = None) -> list[Path]:
    """Compile every catalogue whose .mo is missing or older than its .po; gives the files written."""
    written = []
    for source in sorted((folder or languages.CATALOGUES).glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as stream:
            catalogue = read_po(stream, locale=source.parts[-3])
        # Two processes may start at once: each writes its own file and the last rename wins, whole.
        handle, name = tempfile.mkstemp(dir=target.parent, suffix=".tmp")
        with os.fdopen(handle, "wb") as stream:
            write_mo(stream, catalogue)
        os.chmod(name, 0o644)
        Path(name).replace(target)
        written.append(target)
    return written


def init_i18n(app: Flask) -> None:
    """Set Flask-Babel up with our choice of language."""
    if os.access(languages.CATALOGUES, os.W_OK):
        compile_catalogues()
    Babel(app, default_translation_directories=str(languages.CATALOGUES), locale_selector=current_locale)
    app.jinja_env.filters["t"] = translate
