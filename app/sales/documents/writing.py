"""How amounts, days and instants are written on a paper: after the paper's language and the dealership's country."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError, dates, numbers
from flask_babel import force_locale

from app.core.db import current_tenant
from app.core.money import minor_digits, round_amount


@dataclass(frozen=True)
class Hand:
    """Writes for one paper."""

    locale: str
    timezone: str

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """What is translated inside is in the paper's language."""
        with force_locale(self.locale):
            yield

    @property
    def region(self) -> Locale:
        """The paper's language as the dealership's country writes it."""
        country = current_tenant().country
        for name in (f"{self.locale}_{country}", f"{self.locale}_Hans_{country}"):
            try:
                return Locale.parse(name)
            except (UnknownLocaleError, ValueError):
                continue
        return Locale.parse(self.locale)

    def money(self, amount: Decimal, currency: str) -> str:
        """An amount with its sign and all its minor digits, as papers have them; below zero with a minus before it."""
        digits = minor_digits(currency)
        pattern = numbers.parse_pattern(self.region.currency_formats["standard"].pattern)
        pattern.frac_prec = (digits, digits)
        rounded = round_amount(amount, currency)
        text = pattern.apply(abs(rounded), self.region, currency=currency, currency_digits=False)
        return f"−{text}" if rounded < 0 else text

    def number(self, value: Decimal | int) -> str:
        """A number with the region's separators."""
        return numbers.format_decimal(value, locale=self.region, decimal_quantization=False)

    def percent(self, value: Decimal) -> str:
        """A percentage, as exact as it is stored."""
        return f"{self.number(value.normalize() if value else Decimal(0))} %".replace(" %", "%")

    def day(self, value: date) -> str:
        """A day in full."""
        return dates.format_date(value, "long", locale=self.region)

    def instant(self, value: datetime) -> str:
        """A moment where the store is, with its zone."""
        there = value.astimezone(ZoneInfo(self.timezone))
        return f"{dates.format_datetime(there, 'medium', locale=self.region)} ({there:%z})"
