"""The pure rules of the metrics: averages, months, engagement, and a registry without gaps."""

from datetime import date
from decimal import Decimal

import pytest

from app.insights.rules import (
    METRICS,
    MetricName,
    average_price,
    month_end,
    month_of,
    months_back,
)


def test_every_metric_says_what_it_means():
    assert set(METRICS) == {name.value for name in MetricName}
    for metric in METRICS.values():
        texts = (metric.definition, metric.unit, metric.null_rule, metric.time_zone, metric.population)
        assert all(texts)
        assert metric.version >= 1


@pytest.mark.parametrize(
    ("total", "sales", "average"),
    [
        (Decimal("60000.0000"), 2, Decimal("30000.0000")),
        (Decimal("100.0000"), 3, Decimal("33.3333")),
        (Decimal("0.0003"), 2, Decimal("0.0002")),
        (Decimal("0.0000"), 5, Decimal("0.0000")),
        (None, 0, None),
        (Decimal(0), 0, None),
    ],
)
def test_average_price_is_half_up_and_undefined_without_sales(total, sales, average):
    assert average_price(total, sales) == average


def test_months_are_calendar_months():
    assert month_of(date(2024, 2, 29)) == date(2024, 2, 1)
    assert month_end(date(2024, 2, 1)) == date(2024, 2, 29)
    assert month_end(date(2025, 12, 1)) == date(2025, 12, 31)
    assert months_back(date(2026, 2, 1), 4) == [
        date(2025, 11, 1),
        date(2025, 12, 1),
        date(2026, 1, 1),
        date(2026, 2, 1),
    ]
