"""Public identifiers: a prefix that says what it is, then the UUID in Crockford's base 32."""

from __future__ import annotations

import uuid

from app.core.errors import NotFound

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_LENGTH = 26


def to_public(prefix: str, value: uuid.UUID) -> str:
    """`value` as people and programs see it, such as `veh_01k9…`; sorts as the UUID does."""
    number = value.int
    letters = []
    for _ in range(_LENGTH):
        number, digit = divmod(number, 32)
        letters.append(_ALPHABET[digit])
    return f"{prefix}_{''.join(reversed(letters))}"


def from_public(prefix: str, text: str) -> uuid.UUID:
    """The UUID behind a public identifier; raises NotFound on any other shape, prefix or spelling."""
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != _LENGTH:
        raise NotFound
    number = 0
    for letter in tail:
        if letter not in _VALUES:
            raise NotFound
        number = number * 32 + _VALUES[letter]
    if number >= 1 << 128:
        raise NotFound
    return uuid.UUID(int=number)
