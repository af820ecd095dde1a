"""What happens to each kind of value when it leaves: as seen, masked, a token in its place, or nothing at all. Pure."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from app.core.guard.classes import class_of, group_of
from app.core.guard.masks import mask


class Treatment(StrEnum):
    """From open to closed; the order is how strict each is."""

    SEEN = "seen"
    MASKED = "masked"
    PSEUDONYM = "pseudonym"
    DROPPED = "dropped"


_ORDER: Final = tuple(Treatment)
# A group of fields counts before the class of data it belongs to. What declares neither is sensitive.
UNKNOWN: Final = "sensitive"
DEFAULTS: Final[Mapping[str, Treatment]] = MappingProxyType(
    {
        "public": Treatment.SEEN,
        "internal": Treatment.SEEN,
        "personal": Treatment.MASKED,
        "contact": Treatment.MASKED,
        "identity": Treatment.DROPPED,
        "sensitive": Treatment.DROPPED,
        "financial": Treatment.SEEN,
        "cost": Treatment.DROPPED,
        "margin": Treatment.DROPPED,
        "pay": Treatment.DROPPED,
    }
)
# A figure has no half and no name: it leaves or it stays.
_FIGURES: Final = ("financial", "cost", "margin", "pay")
# No rule of a dealership lets secrets out in the clear.
_NEVER_SEEN: Final = ("sensitive",)
MOST_ROWS_A_DAY: Final = 2_000_000
ROWS_A_DAY: Final = 200_000
KEPT_HOURS: Final = 24
KEPT_CHOICES: Final = (1, 24, 72, 168)
TOKEN_BYTES: Final = 10
Tokens = Callable[[str], bytes]


def kind_of(info: Mapping[str, Any] | None) -> str:
    """The key of the rules that a column's `info` falls under."""
    if info is None:
        return UNKNOWN
    found = group_of(info) or class_of(info) or UNKNOWN
    return found if found in DEFAULTS else UNKNOWN


def choices_of(kind: str) -> tuple[Treatment, ...]:
    """What a dealership may choose for a kind of value."""
    if kind in _FIGURES:
        return (Treatment.SEEN, Treatment.DROPPED)
    return tuple(item for item in _ORDER if item is not Treatment.SEEN or kind not in _NEVER_SEEN)


def rules_of(changed: Mapping[str, Any]) -> dict[str, Treatment]:
    """The rules in force: the product's own with what the dealership changed of them; unknown words close."""
    found = dict(DEFAULTS)
    for kind, word in changed.items():
        if kind in DEFAULTS:
            found[kind] = Treatment(word) if word in choices_of(kind) else Treatment.DROPPED
    return found


def stricter(one: Treatment, other: Treatment) -> Treatment:
    """The one that tells less."""
    return max(one, other, key=_ORDER.index)


def token_of(subject: str, tokens: Tokens) -> str:
    """A name in place of `subject`: 80 bits of a keyed fingerprint, the same wherever the same key is used."""
    return "P-" + base64.b32encode(tokens(subject)[:TOKEN_BYTES]).decode()


def masked(value: Any, kind: str) -> str | None:
    """What a mask leaves: text its masked form, a day its year where it is one of birth; of figures nothing."""
    if isinstance(value, (int, float, Decimal)) or value is None:
        return None
    return mask(kind, value if isinstance(value, (str, date)) else str(value)) or None
