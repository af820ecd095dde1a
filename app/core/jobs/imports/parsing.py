"""From a cell's text to a value, or to the reason why not. Pure; nothing is guessed in silence."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from app.core import clock
from app.core.errors import N_

Parser = Callable[[str], Any]

# What people and sources write where there is nothing.
NOTHING = frozenset(
    ("", "-", "–", "—", "n/a", "na", "null", "none", "nil", "\\n", "not priced", "暂无", "无", "未知", "#n/a")
)
# Where a word may be somebody's name, only what cannot be a word means nothing.
NOT_A_WORD = frozenset(("", "-", "–", "—", "\\n", "#n/a", "n/a"))
# What a spreadsheet takes for the beginning of a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
MAX_TEXT = 4_000


class Unparsable(ValueError):
    """A cell cannot be what its field needs: `message` is marked English, without the value itself."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def is_nothing(text: str, words: frozenset[str] = NOTHING) -> bool:
    """Whether the cell says that there is no value."""
    return text.strip().lower() in words


def text(value: str) -> str:
    """The text without surrounding blanks; control characters are refused."""
    cleaned = " ".join(value.split())
    if not cleaned:
        raise Unparsable("empty", N_("This field is required."))
    if len(cleaned) > MAX_TEXT:
        raise Unparsable("too_long", N_("The text is too long."))
    if not cleaned.isprintable():
        raise Unparsable("control_characters", N_("The text contains characters that cannot be shown."))
    return cleaned


def up_to(longest: int) -> Parser:
    """As `text`, for a field of at most `longest` characters."""

    def parse(value: str) -> str:
        found = text(value)
        if len(found) > longest:
            raise Unparsable("too_long", N_("The text is too long."))
        return found

    return parse


_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,10})?")


def number(value: str) -> Decimal:
    """A plain decimal number; blanks and thousands separators are taken out."""
    cleaned = re.sub(r"[\s\u00a0\u202f_'’]", "", value)
    if re.fullmatch(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", cleaned):
        cleaned = cleaned.replace(",", "")
    if not _NUMBER.fullmatch(cleaned):
        raise Unparsable("not_a_number", N_("This is not a number."))
    try:
        return Decimal(cleaned)
    except InvalidOperation as error:
        raise Unparsable("not_a_number", N_("This is not a number.")) from error


def whole(value: str) -> int:
    """A whole number; "68129.0" is one, "12.5" is not."""
    found = number(value)
    if found != found.to_integral_value():
        raise Unparsable("not_whole", N_("This is not a whole number."))
    return int(found)


_MONEY_MARKS = re.compile(r"(?i)\b(usd|cny|rmb|gbp|eur)\b|[$¥￥£€元]")
MAX_MONEY = Decimal("1000000000000")


def money(value: str) -> Decimal:
    """An amount, with or without a currency mark; "1.5万" is fifteen thousand. Negative amounts are refused."""
    cleaned = _MONEY_MARKS.sub("", value).strip()
    factor = Decimal(1)
    if cleaned.endswith("万"):
        cleaned, factor = cleaned[:-1], Decimal(10_000)
    found = number(cleaned) * factor
    if found < 0:
        raise Unparsable("negative_amount", N_("The amount is negative."))
    if found >= MAX_MONEY:
        raise Unparsable("amount_too_large", N_("The amount is too large."))
    return found


def year(value: str) -> int:
    """A model year."""
    found = whole(value)
    if not 1880 <= found <= clock.now().year + 2:
        raise Unparsable("year_out_of_range", N_("This is not a model year."))
    return found


_JS_DATE = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([0-9]{1,2}) ([0-9]{4}) [0-9:]{8} GMT[+-][0-9]{4}.*")
_ISO_DATE = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?([T ].*)?")
_DAY_MONTH = re.compile(r"([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4})")
_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(value: str, *, month_first: bool = True) -> date:
    """A business date as written: a time and a zone behind it are left aside, because a date never shifts.

    ISO and Chinese order, JavaScript's own form, and day and month with slashes in the given order.
    """
    cleaned = value.strip()
    try:
        if found := _ISO_DATE.fullmatch(cleaned):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _JS_DATE.fullmatch(cleaned):
            return date(int(found[3]), _MONTHS.index(found[1]), int(found[2]))
        if found := re.fullmatch(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})([T ].*)?", cleaned):
            first, second = int(found[1]), int(found[2])
            month, day_of_month = (first, second) if month_first else (second, first)
            return date(int(found[3]), month, day_of_month)
        if found := _DAY_MONTH.fullmatch(cleaned):
            return date(int(found[3]), _MONTHS.index(found[2]), int(found[1]))
        raise ValueError(cleaned)
    except ValueError as error:
        raise Unparsable("not_a_date", N_("This is not a date we recognise.")) from error


def harmless(cell: str) -> str:
    """`cell` for a CSV file; one that a spreadsheet would compute is kept from it by an apostrophe."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
