"""Number plates as people type them, brought to one form for equality search."""

from __future__ import annotations

import unicodedata

LONGEST = 16


def normalise(text: str) -> str:
    """Upper case letters and digits of any script, the rest dropped: `苏 D·4 8510` and `苏d48510` are one plate."""
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(char for char in folded if char.isalnum())


def is_possible(text: str) -> bool:
    """Whether `text` can be a plate at all: something readable of at most 16 characters."""
    return 0 < len(normalise(text)) <= LONGEST
