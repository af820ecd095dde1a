"""Pages of other hosts that ask the API from a browser: none, unless the dealership names their origin.

They ask with a key of their own. Credentials are never allowed, so no cookie of anybody counts for them.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, current_app, g, request

from app.core.db import find_tenant
from app.core.http.surface import API_PATH

# (an origin as the browser writes it) -> whether the dealership allows it.
OriginCheck = Callable[[str], bool]
PATH = f"{API_PATH}v1/"
ASKS = ("Authorization", "Content-Type", "If-Match", "Idempotency-Key", "Accept-Language")
TELLS = (
    "ETag", "Link", "Location", "Retry-After", "RateLimit", "RateLimit-Policy", "Idempotency-Replayed",
    "X-Merged-From", "X-Request-Id",
)  # fmt: skip
KEPT_SECONDS = "600"


def init_app(app: Flask, is_allowed: OriginCheck) -> None:
    """Give `app` the function that knows which origins a dealership allows."""
    app.extensions["forecourt_origin_check"] = is_allowed


def answer_preflight() -> Response | None:
    """Before each request: note whether its page is allowed, and tell a browser that asks first.

    A preflight of any other page goes on as if there were no such thing.
    """
    g.allowed_origin = None
    origin = request.headers.get("Origin")
    if origin is None or find_tenant() is None or not request.path.startswith(PATH):
        return None
    check: OriginCheck = current_app.extensions["forecourt_origin_check"]
    if not check(origin):
        return None
    g.allowed_origin = origin
    adapter = current_app.create_url_adapter(request)
    if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers or adapter is None:
        return None
    methods = sorted(set(adapter.allowed_methods()) - {"OPTIONS"})
    if not methods:
        return None
    response = Response(status=204)
    response.headers["Access-Control-Allow-Methods"] = ", ".join(methods)
    response.headers["Access-Control-Allow-Headers"] = ", ".join(ASKS)
    response.headers["Access-Control-Max-Age"] = KEPT_SECONDS
    return response


def add_headers(response: Response) -> Response:
    """Let the page read the answer; whatever keeps answers knows that they differ by origin."""
    if request.path.startswith(PATH):
        response.vary.add("Origin")
        if g.get("allowed_origin"):
            response.headers["Access-Control-Allow-Origin"] = g.allowed_origin
            response.headers["Access-Control-Expose-Headers"] = ", ".join(TELLS)
    return response
