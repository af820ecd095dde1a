"""Speaking OpenID Connect with a dealership's provider; loaded by the first request that needs it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from flask import current_app
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.core.guard.outbound import CallRefused, check_address, session_of
from app.tenants.errors import PartnerRefused, PartnerUnreachable
from app.tenants.rules import partners

CACHED_SECONDS, SILENT_SECONDS, MOST_CACHED = 3600.0, 10.0, 200
LEEWAY_SECONDS = 60
CALLED = ("token_endpoint", "jwks_uri", "userinfo_endpoint")


@dataclass(frozen=True)
class Provider:
    """A provider and what we are to it; `loopback` where providers of this machine may be called."""

    tenant_id: str
    issuer: str
    client_id: str
    redirect_uri: str
    loopback: bool
    secret: str = field(default="", repr=False)


def discover(provider: Provider, *, anew: bool = False) -> Mapping[str, Any]:
    """What the provider says about itself, kept for an hour by dealership; raises PartnerUnreachable.

    That it does not answer is kept for some seconds: who presses again then waits for nothing.
    """
    kept: dict[tuple[str, str], tuple[float, Mapping[str, Any] | None]] = current_app.extensions.setdefault(
        "forecourt_discoveries", {}
    )
    key = (provider.tenant_id, provider.issuer)
    known = kept.get(key)
    if known is not None and not anew:
        since, said = time.monotonic() - known[0], known[1]
        if said is not None and since < CACHED_SECONDS:
            return said
        if said is None and since < SILENT_SECONDS:
            raise PartnerUnreachable
    if len(kept) >= MOST_CACHED:
        kept.clear()
    try:
        found = _asked(provider)
    except PartnerUnreachable:
        kept[key] = (time.monotonic(), None)
        raise
    kept[key] = (time.monotonic(), found)
    return found


def _asked(provider: Provider) -> Mapping[str, Any]:
    found = _get(_session(provider), partners.discovery_url(provider.issuer))
    try:
        if partners.issuer_of(found["issuer"]) != provider.issuer:
            raise CallRefused("another issuer")
        check_address(found["authorization_endpoint"], loopback=provider.loopback)
        for name in CALLED:
            if name in found or name != "userinfo_endpoint":
                check_address(found[name], loopback=provider.loopback)
    except (KeyError, TypeError, AttributeError, requests.RequestException) as error:
        raise PartnerUnreachable from error
    return found


def authorization_url(provider: Provider, *, state: str, nonce: str, verifier: str) -> str:
    """Where the browser goes to sign in there."""
    endpoint = discover(provider)["authorization_endpoint"]
    url, _ = _session(provider).create_authorization_url(endpoint, state=state, nonce=nonce, code_verifier=verifier)
    return str(url)


def identify(provider: Provider, *, code: str, nonce: str, verifier: str) -> Mapping[str, Any]:
    """Whom the provider vouches for; raises PartnerRefused, PartnerUnreachable."""
    known, session = discover(provider), _session(provider)
    try:
        token = session.fetch_token(known["token_endpoint"], code=code, code_verifier=verifier)
    except AuthlibBaseError as error:
        raise PartnerRefused from error
    except (requests.RequestException, ValueError) as error:
        raise PartnerUnreachable from error
    claims = _checked(token.get("id_token"), _get(session, known["jwks_uri"], plain=True), known, provider, nonce)
    if "email" not in claims and "userinfo_endpoint" in known:
        more = _get(session, known["userinfo_endpoint"])
        if more.get("sub") == claims["sub"]:
            return {**more, **claims}
    return claims


def _checked(
    text: Any, keys: Mapping[str, Any], known: Mapping[str, Any], provider: Provider, nonce: str
) -> Mapping[str, Any]:
    """The claims of an ID token signed by the provider, for us, for this very request, and not over."""
    asked = jwt.JWTClaimsRegistry(
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": known["issuer"]},
        aud={"essential": True, "value": provider.client_id},
        nonce={"essential": True, "value": nonce},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        if not isinstance(text, str):
            raise PartnerRefused
        claims = jwt.decode(text, KeySet.import_key_set(keys), algorithms=list(partners.ALGORITHMS)).claims  # type: ignore[arg-type]
        asked.validate(claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise PartnerRefused from error
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several or "azp" in claims) and claims.get("azp") != provider.client_id:
        raise PartnerRefused
    return claims


def _session(provider: Provider) -> Any:
    session = OAuth2Session(
        provider.client_id,
        provider.secret,
        scope=partners.SCOPE,
        redirect_uri=provider.redirect_uri,
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic",  # noqa: S106 (the name of a method)
    )
    return session_of(session, loopback=provider.loopback)


def _get(session: Any, url: str, *, plain: bool = False) -> Mapping[str, Any]:
    """A JSON object; `plain` and before there is a token, without one."""
    try:
        answer = session.get(url, withhold_token=plain or not session.token)
        answer.raise_for_status()
        found = answer.json()
    except (requests.RequestException, AuthlibBaseError, ValueError) as error:
        raise PartnerUnreachable from error
    if not isinstance(found, dict):
        raise PartnerUnreachable
    return found
