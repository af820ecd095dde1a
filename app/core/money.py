"""Money: Decimal amounts with a currency, rounded half-up at stated points; never a float."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

# Minor digits of ISO 4217 where they are not two; everything else has two.
_MINOR_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "KWD": 3, "BHD": 3, "OMR": 3, "JOD": 3, "TND": 3}


def minor_digits(currency: str) -> int:
    """How many decimal digits amounts of `currency` (ISO 4217) are settled in."""
    return _MINOR_DIGITS.get(currency, 2)


def plain_amount(amount: Decimal, currency: str) -> str:
    """`amount` as a form's field holds it: rounded, without separators, and without decimals where it has none."""
    rounded = round_amount(amount, currency)
    return f"{rounded:f}" if rounded % 1 else f"{rounded:.0f}"


def round_amount(amount: Decimal, currency: str) -> Decimal:
    """`amount` rounded half-up (away from zero on ties) to the minor unit of `currency`."""
    return amount.quantize(Decimal(1).scaleb(-minor_digits(currency)), rounding=ROUND_HALF_UP)
