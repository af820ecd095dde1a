"""Forged requests: each change carries a token bound to the session, or to a signed cookie where nobody is signed in.

The cookie's SameSite and the browser's own words about the origin are checked as well; the token is what counts.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from flask import Response, g, request
from itsdangerous import BadSignature, URLSafeSerializer

from app.core.http.access import is_static
from app.core.http.keys import current_key
from app.core.http.problems import ForgedRequest
from app.core.http.sessions import cookie_name, drop_cookie, hash_token, place, server_session, set_cookie, settings
from app.core.http.surface import SAFE_METHODS

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
NONCE_BYTES = 16


def csrf_token() -> str:
    """A token for a form of this page; a fresh nonce keeps compressed pages from giving it away."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return base64.urlsafe_b64encode(nonce + _mac(nonce, _binding(make=True))).decode()


def protect() -> None:
    """Before each change: raise ForgedRequest unless it comes from a page of this host, for this session."""
    if request.method in SAFE_METHODS or is_static(request.endpoint) or request.endpoint is None:
        return
    if current_key() is not None:
        # No browser adds a key by itself, so nobody can make one send it.
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise ForgedRequest
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{settings().public_scheme}://{request.headers.get('Host', '')}":
        raise ForgedRequest
    sent = request.headers.get(HEADER) or request.form.get(FIELD, "")
    if not _is_ours(sent):
        raise ForgedRequest


def remember_visitor(response: Response) -> Response:
    """After each request: set the anonymous cookie when a form needed it, drop it once somebody signed in."""
    if server_session().started:
        if cookie_name("visitor") in request.cookies:
            drop_cookie(response, "visitor")
    elif "new_visitor" in g:
        set_cookie(response, "visitor", _signer().dumps(g.new_visitor))
    return response


def _is_ours(token: str) -> bool:
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii"))
    except ValueError:
        return False
    binding = _binding(make=False)
    nonce, mac = raw[:NONCE_BYTES], raw[NONCE_BYTES:]
    return binding is not None and hmac.compare_digest(mac, _mac(nonce, binding))


def _mac(nonce: bytes, binding: bytes | None) -> bytes:
    key = hashlib.sha256(b"csrf\0" + settings().secret_key.encode()).digest()
    text = b"\0".join((nonce, place().encode(), binding or b""))
    return hmac.new(key, text, hashlib.sha256).digest()


def _binding(*, make: bool) -> bytes | None:
    """What tokens of this browser are bound to: its session, or its anonymous cookie (made on demand)."""
    token = server_session().known_token()
    if token is not None:
        return b"s" + hash_token(token)
    if "new_visitor" in g:
        return b"v" + g.new_visitor.encode()
    try:
        known = _signer().loads(request.cookies.get(cookie_name("visitor"), ""))
    except BadSignature:
        if not make:
            return None
        known = g.new_visitor = secrets.token_urlsafe(16)
    return b"v" + str(known).encode()


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt=f"visitor:{place()}")
