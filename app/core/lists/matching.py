"""Text as lists compare it: folded the same way when stored and when asked, wildcards taken literally."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, and_

# A trigram index needs three letters; below that only a prefix can use an index.
SHORTEST_INFIX = 3
MOST_WORDS = 8


def fold_text(text: str) -> str:
    """`text` as it is stored in a normalised column: NFKC, case folded, single spaces."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def escape_like(text: str) -> str:
    r"""`text` with `%`, `_` and `\` standing for themselves in LIKE (PostgreSQL's escape is the backslash)."""
    return re.sub(r"([%_\\])", r"\\\1", text)


def matches_text(column: ColumnElement[Any], text: str, match: str = "contains") -> ColumnElement[bool]:
    """`column` (already normalised) matches normalised `text`; "contains" asks for every word, in any order.

    Text without a word of three letters is taken as a prefix, which is how short Chinese names are typed.
    """
    if match == "exact":
        return column == text
    if match == "prefix":
        return column.like(escape_like(text) + "%")
    if match == "suffix":
        return column.like("%" + escape_like(text))
    words = text.split()
    if max(map(len, words), default=0) < SHORTEST_INFIX:
        return column.like(escape_like(text) + "%")
    if len(words) > MOST_WORDS:
        words = [text]
    return and_(*(column.like(f"%{escape_like(word)}%") for word in words))
