"""Cursors: where a page ends, sealed so that nobody can read, alter or use them with another question."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.core.errors import Invalid
from app.core.lists.values import error

LONGEST_CURSOR = 4096
_NONCE_BYTES = 12


@dataclass(frozen=True)
class Cursor:
    """A place in an order: the key values of a row, and which side of it is wanted (the row itself if `inclusive`).

    `start` is how many rows were counted before that place; a page says so and nothing depends on it.
    """

    keys: tuple[Any, ...]
    backward: bool = False
    inclusive: bool = False
    start: int = 0


class CursorCodec:
    """Seals cursors of one tenant's lists.

    Sort keys may be names of people, so the payload is always encrypted; AES-GCM's tag is the signature. The key is
    derived for tenant and list, and the fingerprint of the question is authenticated with it.
    """

    def __init__(self, secret: str | bytes, tenant_id: str) -> None:
        self._secret = secret.encode() if isinstance(secret, str) else secret
        self._tenant_id = tenant_id

    def seal(self, list_name: str, cursor: Cursor, fingerprint: bytes) -> str:
        """`cursor` as URL-safe text, good only for this list and this question."""
        payload = [int(cursor.backward), int(cursor.inclusive), cursor.start, [_pack(value) for value in cursor.keys]]
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher(list_name).encrypt(nonce, json.dumps(payload).encode(), fingerprint)
        return base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode("ascii")

    def unseal(self, list_name: str, text: str, fingerprint: bytes) -> Cursor:
        """The cursor in `text`; raises Invalid when it is altered, foreign or of another question."""
        try:
            if len(text) > LONGEST_CURSOR:
                raise ValueError("too long")
            blob = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
            opened = self._cipher(list_name).decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], fingerprint)
            backward, inclusive, start, keys = json.loads(opened)
            return Cursor(tuple(_unpack(*key) for key in keys), bool(backward), bool(inclusive), int(start))
        except (ValueError, InvalidTag):
            raise Invalid([error("cursor", "bad_cursor")]) from None

    def _cipher(self, list_name: str) -> AESGCM:
        purpose = json.dumps(["list cursor", self._tenant_id, list_name]).encode()
        return AESGCM(hmac.new(self._secret, purpose, hashlib.sha256).digest())


# Each key value travels with its type: a Decimal that came back as a float would skip or repeat rows.
_PACKERS: Sequence[tuple[type, str, Callable[[Any], Any], Callable[[Any], Any]]] = (
    (bool, "b", bool, bool),
    (int, "i", str, int),
    (str, "s", str, str),
    (Decimal, "d", str, Decimal),
    (datetime, "t", datetime.isoformat, datetime.fromisoformat),
    (date, "a", date.isoformat, date.fromisoformat),
    (uuid.UUID, "u", str, uuid.UUID),
    (type(None), "n", lambda _: None, lambda _: None),
)


def _pack(value: Any) -> list[Any]:
    for kind, mark, pack, _ in _PACKERS:
        # Exactly this type: a datetime is a date, too, and True an int.
        if type(value) is kind:
            return [mark, pack(value)]
    raise TypeError(f"a list cannot be sorted by values of {type(value).__name__}")


def _unpack(mark: str, packed: Any) -> Any:
    return next(unpack for _, known, _, unpack in _PACKERS if known == mark)(packed)
