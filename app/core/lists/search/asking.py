"""What typed text can mean: a plate, a VIN or its tail, a phone, an e-mail, a number of a document, a name. Pure.

Text may mean several things at once, and then all of them are looked up; the order says what is shown first.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import phonenumbers

from app.core.lists.search.tokens import Form, asked_forms, plain_code
from app.core.lists.search.words import MOST_WORDS, fold, is_cjk, words_of

SHORTEST, LONGEST = 2, 80
SHORTEST_CODE, SHORTEST_END, LONGEST_CODE = 2, 4, 32


class Meaning(StrEnum):
    """What somebody may look for."""

    VIN = "vin"
    PLATE = "plate"
    PHONE = "phone"
    EMAIL = "email"
    NUMBER = "number"
    NAME = "name"


@dataclass(frozen=True)
class Asked:
    """Typed text, read: what it may mean, likeliest first, and the forms in which each meaning is looked up."""

    text: str
    meanings: tuple[Meaning, ...] = ()
    # A number of a document or a VIN, and the same with the letters a VIN has not read as digits.
    codes: tuple[str, ...] = ()
    folded: str = ""
    words: tuple[str, ...] = ()
    forms: tuple[Form, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look up."""
        return not self.meanings


def read(text: str, country: str) -> Asked:
    """What `text` may mean to a dealership in `country`; too short or unreadable text means nothing."""
    plain = unicodedata.normalize("NFKC", text).replace("\x00", "").strip()[:LONGEST]
    folded = fold(plain)
    if not folded or (len(folded) < SHORTEST and not is_cjk(folded)):
        return Asked(plain)
    forms = tuple(asked_forms(plain, country))
    if any(form.secret == Meaning.EMAIL for form in forms):
        return Asked(plain, (Meaning.EMAIL,), folded=folded, forms=forms)
    code = plain_code(plain)
    has_code = SHORTEST_CODE <= len(code) <= LONGEST_CODE and _may_be_code(plain)
    return Asked(
        plain,
        _meanings(plain, code, country, has_code),
        _spelled(code) if has_code else (),
        folded,
        tuple(words_of(folded)[:MOST_WORDS]) if _may_be_name(folded) and not _is_vin(plain, code) else (),
        forms,
    )


# As many letters alone are a word: groups of a VIN are shorter ("WVWZZZ").
_SHORTEST_WORD: Final = 7
_VIN: Final = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
# Provinces of the mainland, the new ones of green plates included; then Britain since 2001.
_PLATES: Final = (
    re.compile(
        r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使][A-Z][A-Z0-9]{4,6}[A-Z0-9挂学警港澳领]?"
    ),
    re.compile(r"[A-Z]{2}[0-9]{2}[A-Z]{3}"),
    re.compile(r"[0-9][A-Z]{3}[0-9]{3}|[A-Z]{3}[0-9]{3,4}"),
)
_NUMBER: Final = re.compile(r"[A-Za-z]{1,3}-?[0-9]{1,9}")
_DIGITS_OF_PHONE: Final = re.compile(r"\+?[0-9 ()./\-]+")
_LOOKALIKES: Final = str.maketrans({"I": "1", "O": "0", "Q": "0"})


def _meanings(plain: str, code: str, country: str, has_code: bool) -> tuple[Meaning, ...]:
    digits = sum(map(str.isdecimal, code))
    scores = {
        Meaning.VIN: _first(
            (9, _VIN.fullmatch(code.translate(_LOOKALIKES))), (3, digits >= 4 and 4 <= len(code) <= 17)
        ),
        Meaning.PLATE: _first(
            (8, any(shape.fullmatch(code) for shape in _PLATES)), (2, digits and 2 <= len(code) <= 8)
        ),
        Meaning.PHONE: _phone_score(plain, country),
        Meaning.NUMBER: _first((7, _NUMBER.fullmatch(plain)), (4, has_code and digits)),
        Meaning.NAME: _first((6, not digits), (1, digits < len(code) and not _is_vin(plain, code))),
    }
    likely = [meaning for meaning, score in scores.items() if score]
    return tuple(sorted(likely, key=lambda meaning: -scores[meaning]))


def _is_vin(plain: str, code: str) -> bool:
    """Whether this is a whole VIN, which always has digits at its end.

    A name with a number may be as long ("Marker Customer 123"), but no VIN is typed with a word of letters in it.
    """
    if _VIN.fullmatch(code.translate(_LOOKALIKES)) is None or not any(map(str.isdecimal, code[-4:])):
        return False
    parts = re.split(r"[\W_]+", plain)
    return len(parts) == 1 or not any(part.isalpha() and len(part) >= _SHORTEST_WORD for part in parts)


def _first(*scores: tuple[int, object]) -> int:
    """The first score whose condition holds."""
    return next((score for score, holds in scores if holds), 0)


def _phone_score(plain: str, country: str) -> int:
    if not _DIGITS_OF_PHONE.fullmatch(plain):
        return 0
    digits = sum(map(str.isdecimal, plain))
    try:
        is_number = phonenumbers.is_valid_number(phonenumbers.parse(plain, country))
    except phonenumbers.NumberParseException:
        is_number = False
    return _first((8, is_number or plain.startswith("+")), (5, digits >= 7), (2, digits >= 4))


def _may_be_code(plain: str) -> bool:
    """One word, or with gaps one that has digits: nobody numbers his documents with a sentence."""
    return any(map(str.isdecimal, plain)) or " " not in plain


def _may_be_name(folded: str) -> bool:
    letters = sum(map(str.isalpha, folded))
    return letters > 0 and letters * 2 >= len(folded.replace(" ", ""))


def _spelled(code: str) -> tuple[str, ...]:
    """The code and, where it may be (the tail of) a VIN, the same with I, O and Q read as the digits they resemble."""
    return tuple(dict.fromkeys((code, code.translate(_LOOKALIKES)))) if len(code) >= 6 else (code,)
