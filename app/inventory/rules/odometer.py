"""Odometer readings: units, the states a reading can be in, and when a reading needs an explanation."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

HIGHEST = 9_999_999
_KM_PER_MILE = Decimal("1.609344")


class OdometerUnit(StrEnum):
    """The unit the instrument shows."""

    KM = "km"
    MI = "mi"


class OdometerStatus(StrEnum):
    """What is known about the instrument."""

    UNKNOWN = "unknown"
    ORIGINAL = "original"
    REPLACED = "replaced"
    ROLLEDOVER = "rolledover"


def to_unit(reading: int, unit: OdometerUnit, wanted: OdometerUnit) -> int:
    """`reading` expressed in the wanted unit, in whole units, half-up."""
    if unit is wanted:
        return reading
    factor = _KM_PER_MILE if wanted is OdometerUnit.KM else 1 / _KM_PER_MILE
    return int((Decimal(reading) * factor).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def needs_reason(before: int, before_unit: OdometerUnit, after: int, after_unit: OdometerUnit) -> bool:
    """Whether the new reading is lower than the last one, and so needs an explanation (replacement, typing error)."""
    # Compared in kilometres with one of tolerance, because conversion rounds.
    lower_by = to_unit(before, before_unit, OdometerUnit.KM) - to_unit(after, after_unit, OdometerUnit.KM)
    return lower_by > (0 if before_unit is after_unit else 1)
