"""How values are written on a page: money, numbers, days and instants after the tenant's region and time zone."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError, dates, numbers
from flask import Flask, has_request_context

from app.core.clock import now
from app.core.db import find_tenant
from app.core.http.rendering import select_timezone
from app.core.money import minor_digits, round_amount
from app.web.i18n import current_locale

DASH = "–"

# The colour of each state, one table for every page; a word always stands beside the colour.
TONES = {
    "green": "in_stock available active booked delivered finalized succeeded sent valid enabled won approved",
    "amber": "reserved on_hold waiting pending partly_failed stalled invited soon submitted",
    "red": "blocked failed overdue dead rejected invalid conflict error suspended unwound not_vin late declined",
    "blue": "in_recon running working mapped checked contacted fresh",
    "violet": "in_transit queued requested provisioning appointment_set visited",
    "petrol": "planned selected sold ready negotiating",
}
_TONE_CLASS = {"green": "t-g", "amber": "t-a", "red": "t-r", "blue": "t-b", "violet": "t-v", "petrol": "t-p"}
_CLASS_OF = {state: _TONE_CLASS[tone] for tone, states in TONES.items() for state in states.split()} | _TONE_CLASS


@lru_cache(maxsize=256)
def region(language: str, country: str | None) -> Locale:
    """The formatting locale of `language` as `country` writes it; the nearest one where there is none."""
    for name in (f"{language}_{country}", f"{language}_Hans_{country}") if country else ():
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    # English outside the United States writes the day before the month.
    return Locale.parse("en_001" if language == "en" and country else language)


def _region() -> Locale:
    tenant = find_tenant()
    return region(current_locale(), tenant.country if tenant else None)


def display_zone(name: str | None = None) -> ZoneInfo:
    """The zone instants are shown in: `name`, else the visitor's first store's, else the dealership's."""
    if name is None and has_request_context():
        name = select_timezone()
    tenant = find_tenant()
    return ZoneInfo(name or (tenant.timezone if tenant else "UTC"))


def format_money(amount: Decimal | int | None, currency: str | None = None) -> str:
    """`amount` with its currency's sign; the minor digits are left out when there are none to show."""
    if amount is None:
        return DASH
    tenant = find_tenant()
    code = currency or (tenant.currency if tenant else "USD")
    value = Decimal(amount)
    digits = 0 if value == value.to_integral_value() else minor_digits(code)
    pattern = numbers.parse_pattern(_region().currency_formats["standard"].pattern)
    pattern.frac_prec = (digits, digits)
    return pattern.apply(round_amount(value, code), _region(), currency=code, currency_digits=False)


def format_number(value: Decimal | int | float | None, digits: int = 2) -> str:
    """`value` with the region's separators and at most `digits` decimals."""
    if value is None:
        return DASH
    return numbers.format_decimal(round(Decimal(str(value)), digits), locale=_region(), decimal_quantization=False)


def format_compact(value: Decimal | int | float | None) -> str:
    """`value` as short as an axis needs it: 12K, 1.2万."""
    if value is None:
        return DASH
    return numbers.format_compact_decimal(value, locale=_region(), fraction_digits=1)


def format_compact_money(amount: Decimal | int | None, currency: str | None = None) -> str:
    """`amount` as short as a small figure needs it, with its currency's sign: $412K, ¥296万."""
    if amount is None:
        return DASH
    tenant = find_tenant()
    code = currency or (tenant.currency if tenant else "USD")
    digits = 0 if 100_000 <= abs(float(amount)) < 1_000_000 else 1
    return numbers.format_compact_currency(amount, code, locale=_region(), fraction_digits=digits)


def format_day(value: date | None) -> str:
    """A business date, which belongs to its store and is never converted."""
    if value is None:
        return DASH
    return dates.format_date(value, "medium", locale=_region())


def format_month(first: date) -> str:
    """The name of a month, with its year where it is another than today's."""
    this_year = first.year == now().astimezone(display_zone()).year
    if this_year:
        # Chinese writes the number of the month.
        return dates.format_date(first, "LLL" if current_locale() == "zh" else "LLLL", locale=_region())
    return dates.format_skeleton("yMMMM", first, locale=_region())


def format_long_day(value: date | None) -> str:
    """A business date in full, with its weekday."""
    return DASH if value is None else dates.format_date(value, "full", locale=_region())


def format_instant(value: datetime | None, zone: str | None = None) -> str:
    """An instant in the store's time zone; today's as the time alone."""
    if value is None:
        return DASH
    local = value.astimezone(display_zone(zone))
    clock = dates.format_time(local, "short", locale=_region())
    if local.date() == now().astimezone(display_zone(zone)).date():
        return clock
    return f"{format_day(local.date())} {clock}"


def format_clock(value: datetime) -> str:
    """The time of day, as it is: for grids whose times are a place's own."""
    return dates.format_time(value, "short", locale=_region())


def tone(kind: object) -> str:
    """The class of a state's colour; an unknown state is neutral, never wrong."""
    return _CLASS_OF.get(str(kind), "")


def plate_style(text: str, country: str | None = None) -> str:
    """How a plate of `country` looks: blue or, for the longer number of a new-energy car, green in China."""
    tenant = find_tenant()
    code = country or (tenant.country if tenant else None)
    if code == "CN":
        return "nev" if len(re.sub(r"[\s·.]", "", text)) == 8 else "cn"
    return "us" if code == "US" else ""


def initials(name: str | None) -> str:
    """Up to two letters that stand for a person: first and last word's, or the first character of a Chinese name."""
    words = (name or "?").split()
    if not words:
        return "?"
    if not words[0][0].isascii():
        return words[0][0]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def init_formats(app: Flask) -> None:
    """Give templates the filters."""
    app.jinja_env.filters.update(
        money=format_money,
        number=format_number,
        compact=format_compact,
        compact_money=format_compact_money,
        day=format_day,
        long_day=format_long_day,
        month=format_month,
        instant=format_instant,
        tone=tone,
        plate_style=plate_style,
        initials=initials,
    )
