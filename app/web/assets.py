"""Static files under an address that changes with their content, so that browsers may keep them for ever."""

from __future__ import annotations

import hashlib
import mimetypes
from functools import cache
from pathlib import Path

from flask import Response, abort, request, url_for

STATIC = Path(__file__).parent / "frontend"
KEEP = "public, max-age=31536000, immutable"


@cache
def contents() -> dict[str, bytes]:
    """Every file of the folder by name: a few small ones, so they are held, and no address can leave the folder."""
    paths = sorted(path for path in STATIC.rglob("*") if path.is_file())
    return {path.relative_to(STATIC).as_posix(): path.read_bytes() for path in paths}


@cache
def fingerprint() -> str:
    """One digest over all files: they import each other by relative address, so they change address together."""
    digest = hashlib.sha256()
    for name, content in contents().items():
        digest.update(name.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()[:12]


def static_url(name: str) -> str:
    """The address of the static file `name`, fingerprint included."""
    return url_for("web.static", mark=fingerprint(), name=name)


def send_static(mark: str, name: str) -> Response:
    """The file `name`; kept for ever under the present fingerprint, looked at again under any other.

    Another copy of the web may be a release behind or ahead, so a foreign fingerprint is served, not refused.
    """
    content = contents().get(name)
    if content is None:
        abort(404)
    response = Response(content, mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream")
    response.set_etag(hashlib.sha256(content).hexdigest()[:16])
    response.headers["Cache-Control"] = KEEP if mark == fingerprint() else "no-cache"
    response.make_conditional(request)
    return response
