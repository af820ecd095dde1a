"""From what people type into a filter to a typed value; everything unreadable is an error of its field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from app.core.db.ids import from_public
from app.core.errors import N_, FieldError, NotFound
from app.core.lists.relative import SPANS, Range, Word
from app.core.lists.spec import RANGES, Filter

LONGEST_TEXT = 200
MOST_CHOICES = 50
YEARS = range(1900, 2200)
LARGEST_WHOLE = 2**63 - 1

MESSAGES = {
    "unknown_argument": N_("This list has no filter “{name}”."),
    "unknown_sort": N_("This list cannot be sorted by “{name}”."),
    "repeated": N_("Only one value is possible here."),
    "too_long": N_("At most {most} characters."),
    "too_many": N_("At most {most} values."),
    "unreadable": N_("These characters cannot be read."),
    "bad_date": N_("Not a date (year-month-day)."),
    "bad_number": N_("Not a number this list can compare."),
    "bad_whole": N_("Not a whole number."),
    "bad_choice": N_("“{value}” is not one of the choices."),
    "bad_id": N_("Not an identifier of this kind."),
    "bad_flag": N_("Yes or no?"),
    "bad_token": N_("This cannot be read as such a value."),
    "bad_limit": N_("Between {low} and {high} rows."),
    "bad_cursor": N_("This page link belongs to another list or was changed. Start from the first page."),
    "upside_down": N_("The end lies before the beginning."),
    "personal_in_address": N_("Use the form: personal values never stand in an address."),
    "bad_word": N_("“{value}” is no span of days this list knows."),
    "unknown_column": N_("This list has no column “{name}”."),
    "unknown_look": N_("This list cannot be shown as “{value}”."),
    "unknown_view": N_("This view is not there, or not shared with you."),
    "unknown_filter": N_("This saved condition has expired. Set it again."),
}


class Unreadable(ValueError):
    """One value cannot be read; `code` names the message."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def error(field: str, code: str, **params: Any) -> FieldError:
    """The FieldError of `field` with the message of `code`."""
    return FieldError(field, code, MESSAGES[code], params)


def clean(text: str) -> str:
    """`text` trimmed; raises Unreadable on what PostgreSQL cannot store or nobody can have meant."""
    if len(text) > LONGEST_TEXT:
        raise Unreadable("too_long", most=LONGEST_TEXT)
    trimmed = text.strip()
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in trimmed):
        raise Unreadable("unreadable")
    return trimmed


def one_value(texts: Sequence[str]) -> str:
    """The single value of an argument, "" when it is blank or absent."""
    if len(texts) > 1:
        raise Unreadable("repeated")
    return clean(texts[0]) if texts else ""


def read_filter(item: Filter, args: Mapping[str, Sequence[str]]) -> tuple[Any, list[FieldError]]:
    """The typed value of `item` in `args` (None when nothing is asked) and what was wrong with it."""
    if item.kind in RANGES:
        return _read_range(item, args)
    texts = args.get(item.key, ())
    try:
        if item.kind == "choices":
            return _read_choices(item, texts), []
        text = one_value(texts)
        if text and text in item.words:
            return Word(text), []
        return (_READERS[item.kind](item, text) if text else None), []
    except Unreadable as problem:
        return None, [error(item.key, problem.code, **problem.params)]


def _read_range(item: Filter, args: Mapping[str, Sequence[str]]) -> tuple[Range | Word | None, list[FieldError]]:
    ends: list[Any] = []
    errors: list[FieldError] = []
    if item.kind == "date_range":
        try:
            # A span that was named counts before days that were typed, in a form that sends both.
            if (named := one_value(args.get(item.key, ()))) in SPANS or (named and named in item.words):
                return Word(named), []
            if named:
                raise Unreadable("bad_word", value=named[:40])
        except Unreadable as problem:
            return None, [error(item.key, problem.code, **problem.params)]
    for name in item.arguments[:2]:
        try:
            text = one_value(args.get(name, ()))
            ends.append(_read_end(item, text) if text else None)
        except Unreadable as problem:
            errors.append(error(name, problem.code, **problem.params))
    if errors or ends == [None, None]:
        return None, errors
    low, high = ends
    if low is not None and high is not None and low > high:
        return None, [error(item.arguments[1], "upside_down")]
    return Range(low, high), []


def _read_end(item: Filter, text: str) -> Any:
    if item.kind == "date_range":
        return read_date(text)
    return read_number(text, places=4 if item.kind == "money_range" else item.places)


def read_date(text: str) -> date:
    """An ISO date of a plausible year."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise Unreadable("bad_date")
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise Unreadable("bad_date") from None
    if found.year not in YEARS:
        raise Unreadable("bad_date")
    return found


def read_number(text: str, places: int) -> int | Decimal:
    """A whole number of 64 bits, or with `places` a Decimal of at most that many; never NaN, infinite or a float."""
    plain = unicodedata.normalize("NFKC", text)
    if places == 0:
        if not re.fullmatch(r"-?[0-9]{1,19}", plain):
            raise Unreadable("bad_whole")
        whole = int(plain)
        if abs(whole) > LARGEST_WHOLE:
            raise Unreadable("bad_whole")
        return whole
    if not re.fullmatch(rf"-?[0-9]{{1,14}}(\.[0-9]{{1,{places}}})?", plain):
        raise Unreadable("bad_number")
    return Decimal(plain)


def _read_text(item: Filter, text: str) -> str | None:
    found = item.normalise(text)
    if found and "\x00" in found:
        raise Unreadable("unreadable")
    return found or None


def _read_choice(item: Filter, text: str) -> str:
    if text not in {value for value, _ in item.choices}:
        raise Unreadable("bad_choice", value=text)
    return text


def _read_choices(item: Filter, texts: Sequence[str]) -> list[str] | None:
    if len(texts) > MOST_CHOICES:
        raise Unreadable("too_many", most=MOST_CHOICES)
    wanted = [text for text in map(clean, texts) if text]
    return sorted({_read_choice(item, text) for text in wanted}) or None


def _read_id(item: Filter, text: str) -> Any:
    try:
        return from_public(item.prefix, text)
    except NotFound:
        raise Unreadable("bad_id") from None


def _read_flag(item: Filter, text: str) -> bool:
    if text not in ("yes", "no"):
        raise Unreadable("bad_flag")
    return text == "yes"


def _read_token(item: Filter, text: str) -> str:
    try:
        found = item.normalise(text)
    except ValueError:
        found = None
    if not found:
        raise Unreadable("bad_token")
    return found


_READERS = {
    "text": _read_text,
    "choice": _read_choice,
    "id": _read_id,
    "flag": _read_flag,
    "token": _read_token,
}
