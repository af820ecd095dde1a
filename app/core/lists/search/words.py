"""Names as the box compares them: folded, cut into words, and the spellings under which a mistyped word meets them.

A word is kept with every form that lacks one of its letters. Two words that differ by one letter too many, too few,
wrong or swapped share such a form, so that a typo is found by equality, whatever the script. Pure.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable

SHORTEST_INFIX = 3
MOST_WORDS = 8
LONGEST_WORD = 24
# Shorter words would meet half of the dealership once a letter is missing.
_SHORTEST_MISTYPED, _SHORTEST_MISTYPED_CJK = 4, 3
_MOST_SPELLED = 12

_CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af\U00020000-\U0003ffff"
_IS_CJK = re.compile(f"[{_CJK}]")
_GAP_IN_CJK = re.compile(f"(?<=[{_CJK}]) (?=[{_CJK}])")
_RUNS = re.compile(f"[{_CJK}]+|[^{_CJK}]+")
# Letters of one stroke more that have no decomposition.
_STROKES = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"})
_DROPPED = str.maketrans(dict.fromkeys("'\u2019\u02bc`\u00b4"))


def fold(text: str) -> str:
    """`text` in the form names are compared in: width, case, accents, punctuation and spaces do not count."""
    if not text:
        return ""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char)).translate(_STROKES)
    bare = unicodedata.normalize("NFC", bare.translate(_DROPPED))
    spaced = "".join(char if char.isalnum() else " " for char in bare)
    return _GAP_IN_CJK.sub("", " ".join(spaced.split()))


def is_cjk(text: str) -> bool:
    """Whether `text` has a character of a script written without spaces."""
    return _IS_CJK.search(text) is not None


def words_of(folded: str) -> list[str]:
    """The words of folded text; where scripts meet without a space, each is a word."""
    return [run for word in folded.split() for run in _RUNS.findall(word)]


def pairs(word: str) -> list[str]:
    """The neighbouring pairs of characters, by which the inside of a Chinese name is found."""
    return [word[at : at + 2] for at in range(len(word) - 1)]


def forms(word: str) -> list[str]:
    """The word and, when it is long enough to be mistyped, every form that lacks one letter."""
    shortest = _SHORTEST_MISTYPED_CJK if is_cjk(word) else _SHORTEST_MISTYPED
    if not shortest <= len(word) <= LONGEST_WORD:
        return [word]
    return list(dict.fromkeys([word, *(word[:at] + word[at + 1 :] for at in range(len(word)))]))


def spelling(form: str) -> int:
    """A form of a word as a whole number of 32 bits; rarely two share one, and what is found is compared again."""
    return _number(form)


def pair_key(pair: str) -> int:
    """A pair of characters likewise, apart from words of two characters."""
    return _number(f"+{pair}")


def spellings_of(folded: str) -> list[int]:
    """All keys under which folded text is kept."""
    found: dict[int, None] = {}
    for word in words_of(folded)[:_MOST_SPELLED]:
        found.update(dict.fromkeys(map(spelling, forms(word))))
        if is_cjk(word):
            found.update(dict.fromkeys(map(pair_key, pairs(word))))
    return sorted(found)


def is_near(asked: str, kept: Iterable[str]) -> bool:
    """Whether a word of `kept` is `asked` but for a letter."""
    wanted = set(forms(asked))
    return any(not wanted.isdisjoint(forms(word)) for word in kept)


def _number(text: str) -> int:
    value = zlib.crc32(text.encode())
    return value - (1 << 32) if value >> 31 else value
