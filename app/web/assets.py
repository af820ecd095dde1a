"""The built static files, each under an address that changes with its content, so that browsers keep them for ever."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Response, abort, g, request, url_for

# What app/web/frontend/build.mjs makes: HASH/NAME, compressed copies beside, and which hash each name has now.
DIST = Path(__file__).parent / "static" / "dist"
MANIFEST = DIST / "manifest.json"
KEEP = "public, max-age=31536000, immutable"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


@dataclass(frozen=True)
class Asset:
    """One built file, its content held: there are a few, and no address can leave their folder."""

    mark: str
    mimetype: str
    content: bytes
    packed: bytes | None


class NotBuilt(Exception):
    """The pages' files are missing; `forecourt.py` builds them before it starts anything that serves pages."""

    def __init__(self) -> None:
        super().__init__("The style, scripts and icons of the pages are not built: python3 forecourt.py assets")


@lru_cache(maxsize=2)
def assets_of(_changed: int) -> dict[str, Asset]:
    """Every file that the manifest of this instant names, by name."""
    found = {}
    for name, mark in json.loads(MANIFEST.read_bytes()).items():
        path = DIST / mark / name
        packed = path.with_name(f"{name}.gz")
        found[name] = Asset(mark, TYPES[path.suffix], path.read_bytes(),
                            packed.read_bytes() if packed.exists() else None)  # fmt: skip
    return found


def assets() -> dict[str, Asset]:
    """The files as they are built now; a build that ends while we serve is seen by the next request."""
    if "assets" not in g:
        try:
            g.assets = assets_of(os.stat(MANIFEST).st_mtime_ns)
        except FileNotFoundError as missing:
            raise NotBuilt from missing
    return g.assets


def static_url(name: str) -> str:
    """The address of the static file `name`, the fingerprint of its content included."""
    return url_for("web.static", mark=assets()[name].mark, name=name)


def send_static(mark: str, name: str) -> Response:
    """The file `name`; kept for ever under its own fingerprint, looked at again under any other.

    Another copy of the web may be a release behind or ahead, so a foreign fingerprint is served, not refused.
    """
    asset = assets().get(name)
    if asset is None:
        abort(404)
    packed = asset.packed if request.accept_encodings["gzip"] > 0 else None
    response = Response(packed or asset.content, mimetype=asset.mimetype)
    response.set_etag(f"{asset.mark}-gzip" if packed else asset.mark)
    response.headers["Cache-Control"] = KEEP if mark == asset.mark else "no-cache"
    if asset.packed:
        response.headers["Vary"] = "Accept-Encoding"
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.make_conditional(request)
    return response
