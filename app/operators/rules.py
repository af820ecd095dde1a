"""What the console decides without asking anybody: life times, what may be done in which state, what is late."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32encode
from datetime import timedelta

from app.core.errors import NotFound

SESSION_LIFE = timedelta(hours=8)
LINK_LIFE = timedelta(days=7)
ISSUER = "Forecourt operators"
UNMADE = ("requested", "provisioning")
# What an operator may ask for, by the state a dealership is in.
ORDERS = {
    # One that could not be made holds its short name.
    **dict.fromkeys(UNMADE, ("delete",)),
    "active": ("suspend", "delete"),
    "suspended": ("resume", "delete"),
    "deleting": ("resume",),
}
LATE = timedelta(minutes=1)
LISTED = 50
_TENANT_ID = re.compile(r"[a-z0-9]{12}")


def known_id(text: str) -> str:
    """`text` when it has the shape of a dealership's id; raises NotFound."""
    if not _TENANT_ID.fullmatch(text):
        raise NotFound
    return text


def printable(text: str) -> str:
    """What of `text` can stand in a question to the database."""
    return "".join(char for char in text if char.isprintable())


def link_secret(secret_key: str, token_hash: bytes) -> str:
    """The second factor's secret that a link offers: the same at each look at its page, stored only once it is used."""
    key = hashlib.sha256(b"operator-factor\0" + secret_key.encode()).digest()
    return b32encode(hmac.digest(key, token_hash, hashlib.sha256)[:20]).decode()


def fingerprint(secret_key: str, kind: str, value: str) -> bytes:
    """A keyed fingerprint for finding equal values without storing them; no tenant's key has a part in it."""
    key = hashlib.sha256(b"operator-index\0" + secret_key.encode()).digest()
    return hmac.digest(key, f"{kind}\0{value}".encode(), hashlib.sha256)[:16]
