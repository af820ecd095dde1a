"""Static files under an address that changes with their content, so that browsers may keep them for ever."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Response, send_from_directory, url_for

STATIC = Path(__file__).parent / "static"
KEEP = "public, max-age=31536000, immutable"


@cache
def fingerprint() -> str:
    """One digest over the whole folder: files import each other by relative address, so they change address together."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(STATIC).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def static_url(name: str) -> str:
    """The address of the static file `name`, fingerprint included."""
    return url_for("web.static", mark=fingerprint(), name=name)


def send_static(mark: str, name: str) -> Response:
    """The file `name`; kept for ever under the present fingerprint, looked at again under any other.

    Another copy of the web may be a release behind or ahead, so a foreign fingerprint is served, not refused.
    """
    response = send_from_directory(STATIC, name, conditional=True)
    response.headers["Cache-Control"] = KEEP if mark == fingerprint() else "no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
