"""Values that enter the search as keyed tokens alone: in which forms each is kept, and in which it is asked for.

A value is kept whole and, under another key, by the tails people use: the last digits of a phone, of an ID number, of
a plate. The forms are pure; `tokens_of` turns them into numbers with the tenant's key.
"""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import phonenumbers

from app.core.guard.vault import blind_indexes, every_index
from app.core.lists.search.words import is_cjk

WHOLE, TAIL = "whole", "tail"
# What a token of each kind is made of besides the whole value: its last so many characters.
TAILS: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {"phone": (4, 7, 8), "email": (), "id_number": (4,), "plate": (4, 5)}
)
_LONGEST = 254


@dataclass(frozen=True)
class Form:
    """One way to write a value: which secret it is of, whether whole or a tail, and the normalised text."""

    secret: str
    part: str
    text: str


def kept_forms(secret: str, value: str) -> list[Form]:
    """The forms under which a stored value of this kind is found."""
    return _KEPT[secret](value[:_LONGEST])


def asked_forms(text: str, country: str) -> list[Form]:
    """Every form that typed `text` may be, of whatever kind; `country` says how a phone is dialled there."""
    plain = unicodedata.normalize("NFKC", text).strip()[:_LONGEST]
    return [*_phone_asked(plain, country), *_email_asked(plain), *_id_asked(plain), *_plate_asked(plain)]


def tokens_of(kind: str, forms: Iterable[Form]) -> dict[Form, int]:
    """The token of each form in this tenant, for records of `kind`: the first 64 bits of its blind index."""
    by_key: dict[str, list[Form]] = {}
    for form in dict.fromkeys(forms):
        by_key.setdefault(_key(kind, form), []).append(form)
    found = {}
    for key, group in by_key.items():
        for form, index in zip(group, blind_indexes(key, [form.text for form in group]), strict=True):
            found[form] = _number(index)
    return found


def asked_tokens(kind: str, forms: Iterable[Form]) -> dict[int, Form]:
    """Every token that records of `kind` may have by these forms, and which form each is of."""
    return {_number(index): form for form in forms for index in every_index(_key(kind, form), form.text)}


def _key(kind: str, form: Form) -> str:
    return f"search.{kind}.{form.secret}.{form.part}"


def _number(index: bytes) -> int:
    return int.from_bytes(index[:8], "big", signed=True)


def _tails(secret: str, text: str) -> list[Form]:
    return [Form(secret, TAIL, text[-length:]) for length in TAILS[secret] if len(text) > length]


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdecimal() and char.isascii())


def _phone_kept(value: str) -> list[Form]:
    """A stored number is E.164, or what was typed when it has no such form."""
    number = value.partition(";ext=")[0]
    digits = _digits(number)
    if not digits:
        return []
    wholes = [digits]
    if number.startswith("+"):
        wholes.append(digits[_country_digits(digits) :])
    # Nobody says the country's digits when he says the last ones.
    return [Form("phone", WHOLE, text) for text in dict.fromkeys(wholes)] + _tails("phone", wholes[-1])


def _country_digits(digits: str) -> int:
    """How many of the digits are the country's; no country's number begins with another's."""
    return next((n for n in (1, 2, 3) if int(digits[:n]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE), 0)


_PHONE: Final = re.compile(
    r"[+(]{0,2}[0-9][0-9 ()./\-\u2010-\u2015\u00a0]*(?:(?:;ext=|ext\.?|x|#)\s*[0-9]{1,6})?", re.IGNORECASE
)


def _phone_asked(text: str, country: str) -> list[Form]:
    if not _PHONE.fullmatch(text):
        return []
    number = re.split(r";|ext|x|#", text, maxsplit=1, flags=re.IGNORECASE)[0]
    digits = _digits(number)
    if len(digits) in TAILS["phone"]:
        return [Form("phone", TAIL, digits), *_whole_phones(number, digits, country)]
    return _whole_phones(number, digits, country) if len(digits) >= 6 else []


def _whole_phones(number: str, digits: str, country: str) -> list[Form]:
    if len(digits) < 6:
        return []
    wholes = [digits, digits.lstrip("0")]
    for text, region in ((number, country), (f"+{digits.lstrip('0')}", None)):
        parsed = _parsed(text, region)
        if parsed is not None:
            national = phonenumbers.national_significant_number(parsed)
            wholes += [f"{parsed.country_code}{national}", national]
    return [Form("phone", WHOLE, text) for text in dict.fromkeys(wholes) if len(text) >= 6]


def _parsed(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    return parsed if phonenumbers.is_possible_number(parsed) else None


def _email_kept(value: str) -> list[Form]:
    return [Form("email", WHOLE, _email(value))] if value else []


def _email_asked(text: str) -> list[Form]:
    local, at, domain = text.rpartition("@")
    return [Form("email", WHOLE, _email(text))] if at and local and domain and " " not in text else []


def _email(text: str) -> str:
    """Lower case, and a domain of any script in its ASCII form."""
    local, _, domain = text.strip().casefold().rpartition("@")
    with contextlib.suppress(UnicodeError):
        domain = domain.rstrip(".").encode("idna").decode("ascii").lower()
    return f"{local}@{domain}"


def plain_code(text: str) -> str:
    """Letters and digits of any script in upper case, the rest dropped: plates, VINs and numbers of documents."""
    plain = text.upper() if text.isascii() else unicodedata.normalize("NFKC", text).upper()
    return plain if plain.isalnum() else "".join(filter(str.isalnum, plain))


def _id_kept(value: str) -> list[Form]:
    number = plain_code(value)
    return [Form("id_number", WHOLE, number), *_tails("id_number", number)] if number else []


def _id_asked(text: str) -> list[Form]:
    number = plain_code(text)
    if not number or sum(map(str.isdecimal, number)) < 3:
        return []
    found = [Form("id_number", TAIL, number)] if len(number) in TAILS["id_number"] else []
    return [*found, Form("id_number", WHOLE, number)] if 5 <= len(number) <= 20 else found


def _plate_kept(value: str) -> list[Form]:
    plate = plain_code(value)
    bare = "".join(char for char in plate if not is_cjk(char))
    without = [Form("plate", TAIL, bare)] if bare and bare != plate else []
    return [Form("plate", WHOLE, plate), *without, *_tails("plate", plate)] if plate else []


def _plate_asked(text: str) -> list[Form]:
    plate = plain_code(text)
    if not 2 <= len(plate) <= 10 or not (any(map(str.isdecimal, plate)) or len(plate) <= 8):
        return []
    # Without the sign of its province a Chinese plate has six or seven characters.
    tail = [Form("plate", TAIL, plate)] if 4 <= len(plate) <= 8 and not is_cjk(plate) else []
    return [Form("plate", WHOLE, plate), *tail]


_KEPT: Final[Mapping[str, Callable[[str], list[Form]]]] = MappingProxyType(
    {"phone": _phone_kept, "email": _email_kept, "id_number": _id_kept, "plate": _plate_kept}
)
