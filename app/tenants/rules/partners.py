"""What a provider's word is worth: which claims name a user here, and where a provider may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.tenants.rules.signing import is_email, normal_email

# Signatures by a key of the provider's own; never "none", never one by a shared secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
SCOPE = "openid email profile"
MOST_LETTERS = 255
CALLBACK = "/sign-in/partner/callback"


def issuer_of(text: str) -> str:
    """The issuer as its documents spell it: without a slash at the end."""
    return text.strip().rstrip("/")


def discovery_url(issuer: str) -> str:
    """Where the provider says what it offers."""
    return f"{issuer}/.well-known/openid-configuration"


def subject_key(issuer: str, subject: str) -> str:
    """What names one person of one provider. An issuer is an address, so no line break is in it."""
    return f"{issuer}\n{subject}"


def subject_of(claims: Mapping[str, Any]) -> str | None:
    """The provider's own id of a person, or None for what can be none (OpenID Connect Core, section 2: 255 letters)."""
    subject = claims.get("sub")
    return subject if isinstance(subject, str) and 0 < len(subject) <= MOST_LETTERS else None


def verified_email(claims: Mapping[str, Any]) -> str | None:
    """The e-mail the provider vouches for, or None: an address somebody merely typed names nobody."""
    email = claims.get("email")
    if not isinstance(email, str) or claims.get("email_verified") not in (True, "true"):
        return None
    normal = normal_email(email)
    return normal if is_email(normal) else None


def shown_name(claims: Mapping[str, Any], email: str) -> str:
    """What somebody is called who comes for the first time."""
    name = claims.get("name")
    text = " ".join(name.split()) if isinstance(name, str) else ""
    return text[:120] if text and text.isprintable() else email.partition("@")[0]
