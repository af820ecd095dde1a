"""Public identifiers: a prefix that says what it is, then the UUID in Crockford's base 32."""

from __future__ import annotations

import uuid
from base64 import b32hexencode
from typing import Final

from app.core.errors import NotFound

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_LETTERS: Final = frozenset(_ALPHABET)
_LENGTH: Final = 26
# The digits of base 32 as Python has them, and as they are written here.
_PYTHONS: Final = "0123456789abcdefghijklmnopqrstuv"
_OUT: Final = bytes.maketrans(_PYTHONS.upper().encode(), _ALPHABET.encode())
_IN: Final = str.maketrans(_ALPHABET, _PYTHONS)
# 26 digits hold 130 bits; base 32 is written in groups of 40, so this many digits of zero come before them.
_BYTES, _BEFORE = 20, 6


def to_public(prefix: str, value: uuid.UUID) -> str:
    """`value` as people and programs see it, such as `veh_01k9…`; sorts as the UUID does."""
    digits = b32hexencode(value.int.to_bytes(_BYTES, "big"))[_BEFORE:]
    return f"{prefix}_{digits.translate(_OUT).decode('ascii')}"


def from_public(prefix: str, text: str) -> uuid.UUID:
    """The UUID behind a public identifier; raises NotFound on any other shape, prefix or spelling."""
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != _LENGTH:
        raise NotFound
    if not _LETTERS.issuperset(tail):
        raise NotFound
    number = int(tail.translate(_IN), 32)
    if number >= 1 << 128:
        raise NotFound
    return uuid.UUID(int=number)
