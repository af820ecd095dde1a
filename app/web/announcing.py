"""What the operator says to everybody: the lines at the top of a dealership's pages, less those put away here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flask import Flask, request
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock
from app.core.db import directory, find_tenant
from app.core.db.ids import to_public
from app.core.http.sessions import settings
from app.web.i18n import current_locale, signed_in

COOKIE = "put_away"
# So many are remembered; older ones are over by then.
MOST = 20
MONTH = 31 * 24 * 3600


class Said(NamedTuple):
    """One announcement as a page shows it."""

    id: str
    text: str
    tone: str


def announcements() -> Sequence[Said]:
    """What is announced now, in the visitor's language; the directory's copy is asked, never the database."""
    if find_tenant() is None or signed_in() is None:
        return ()
    away, locale = _put_away(), current_locale()
    found = ((to_public("ann", item.id), item) for item in directory.announced(clock.now()))
    return [Said(key, item.texts.get(locale) or item.texts["en"], item.tone) for key, item in found if key not in away]


def put_away(response: BaseResponse, key: str) -> None:
    """Remember in this browser that an announcement was read."""
    known = [to_public("ann", item.id) for item in directory.announced(clock.now())]
    kept = [one for one in _put_away() if one in known]
    if key in known and key not in kept:
        kept.append(key)
    secure = settings().public_scheme == "https"
    response.set_cookie(COOKIE, ".".join(kept[-MOST:]), MONTH, secure=secure, httponly=True, samesite="Lax")


def _put_away() -> list[str]:
    return request.cookies.get(COOKIE, "")[:1000].split(".")


def init_announcing(app: Flask) -> None:
    """Give templates this."""
    app.jinja_env.globals.update(announcements=announcements)
