"""The registry of metrics and their formulas, exactly as published; pure arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from app.core.errors import N_


class MetricName(StrEnum):
    """The registered metrics."""

    CUSTOMER_ACTIVITY = "customer_activity"
    AVERAGE_SELLING_PRICE = "average_selling_price"


@dataclass(frozen=True)
class Metric:
    """What a figure means, in marked English; `version` rises when definition, population or null rule change."""

    name: MetricName
    label: str
    definition: str
    unit: str
    null_rule: str
    time_zone: str
    population: str
    version: int


METRICS: Final[Mapping[str, Metric]] = MappingProxyType(
    {
        metric.name.value: metric
        for metric in (
            Metric(
                name=MetricName.CUSTOMER_ACTIVITY,
                label=N_("Customer activity"),
                definition=N_(
                    "Time of the latest activity minus the time of the one before, divided by the number of "
                    "activities. It is a gap: larger means less active."
                ),
                unit=N_("seconds"),
                null_rule=N_("Undefined for fewer than two activities."),
                time_zone=N_("Instants; no time zone is involved."),
                population=N_("All activities of the customer: calls, messages, visits, test drives and notes."),
                version=1,
            ),
            Metric(
                name=MetricName.AVERAGE_SELLING_PRICE,
                label=N_("Average selling price"),
                definition=N_("Total sales amount divided by the number of sales, per model and month of delivery."),
                unit=N_("the dealership's currency"),
                null_rule=N_("Undefined without sales."),
                time_zone=N_("The delivery date in the store's time zone."),
                population=N_(
                    "Delivered deals that were not unwound, net of discount, before tax, in the dealership's currency, "
                    "per deal type."
                ),
                version=1,
            ),
        )
    }
)

_PRECISE = Context(prec=40, rounding=ROUND_HALF_UP)


def average_price(total: Decimal | None, sales: int) -> Decimal | None:
    """`total / sales` half-up to four digits, the scale amounts are stored with; undefined without sales."""
    if not sales or total is None:
        return None
    return _PRECISE.divide(total, Decimal(sales)).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def month_of(day: date) -> date:
    """The month a business date belongs to, as its first day."""
    return day.replace(day=1)


def month_end(month: date) -> date:
    """The last day of the month that begins on `month`."""
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)


def months_back(month: date, count: int) -> list[date]:
    """`count` months ending with `month`, oldest first."""
    index = month.year * 12 + month.month - 1
    return [date(value // 12, value % 12 + 1, 1) for value in range(index - count + 1, index + 1)]
