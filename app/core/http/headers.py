"""Security headers, on every answer, errors and downloads included."""

from __future__ import annotations

from flask import Response, request

from app.core.http.access import is_static
from app.core.http.sessions import settings

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# Also sent by the host middleware, which answers before Flask.
FIXED = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"


def add_headers(response: Response) -> Response:
    """Put the headers on `response`; pages are never stored by browser or proxy, unless a view calls them public."""
    said = {name.lower() for name, _ in response.headers}
    response.headers.extend([item for item in FIXED.items() if item[0].lower() not in said])
    if settings().public_scheme == "https":
        response.headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)
    if not is_static(request.endpoint) and not ("cache-control" in said and response.cache_control.public):
        response.headers["Cache-Control"] = "no-store"
        if "vary" in said:
            response.vary.update(("Cookie", "Accept-Language"))
        else:
            response.headers["Vary"] = "Cookie, Accept-Language"
    return response
