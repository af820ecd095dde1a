"""What was delivered this month, day by day beside the month before: one statement for the chart and its figures."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from flask_babel import gettext

from app.core.lists.figures import Group
from app.web.charts import Chart, Series
from app.web.components import new_chart
from app.web.desk import Desk
from app.web.formats import format_day, format_month

NEW = ("new",)
USED = ("used", "certified")
# Earlier in a month a pace says nothing.
FIRST_DAY_OF_PACE = 4


@dataclass(frozen=True)
class Month:
    """One month's deliveries up to its end or to today."""

    first: date
    last: date
    groups: Sequence[Group]

    @property
    def count(self) -> int:
        """How many were delivered."""
        return sum(group.count for group in self.groups)

    def per_day(self, conditions: Sequence[str]) -> list[int]:
        """How many of these conditions on each day."""
        days = Counter[int]()
        for group in self.groups:
            if group.keys[1] in conditions:
                days[group.keys[0].day] += group.count
        return [days[day] for day in range(1, self.last.day + 1)]

    def average(self, deal_type: str) -> Decimal | None:
        """The average net price of one deal type, in the dealership's currency."""
        chosen = [group for group in self.groups if group.keys[2] == deal_type]
        sold = sum(group.count for group in chosen)
        return sum((group.total or Decimal(0) for group in chosen), Decimal(0)) / sold if sold else None

    def sold(self, deal_type: str) -> int:
        """How many of one deal type."""
        return sum(group.count for group in self.groups if group.keys[2] == deal_type)


@dataclass(frozen=True)
class Deliveries:
    """This month so far, and the whole month before."""

    desk: Desk
    this: Month
    before: Month

    def url(self, **conditions: object) -> str | None:
        """The deals delivered this month."""
        return self.url_of(self.this, **conditions)

    def url_of(self, month: Month, **conditions: object) -> str | None:
        """The deals delivered in `month`."""
        span = {"delivered_from": month.first.isoformat(), "delivered_to": month.last.isoformat()}
        return self.desk.url("deals", counts="yes", **{**span, **conditions})

    @property
    def pace(self) -> int | None:
        """How many it will be at the end of the month if it goes on like this."""
        today = self.this.last.day
        if today < FIRST_DAY_OF_PACE:
            return None
        return round(self.this.count / today * monthrange(self.this.first.year, self.this.first.month)[1])

    def chart(self) -> Chart:
        """New and used cars per day, and both months' sums as they grow."""
        days = monthrange(self.this.first.year, self.this.first.month)[1]
        dates = [self.this.first + timedelta(days=index) for index in range(days)]
        last = self.this.last.day
        before = _running([*self.before.per_day(NEW + USED)])
        # A shorter month stands still at its end.
        target = (before + before[-1:] * days)[:days]
        series = [
            self._bars(gettext("New"), NEW, "1", dates[:last]),
            self._bars(gettext("Used"), USED, "2", dates[:last]),
            Series(gettext("Together (right)"), _running(self.this.per_day(NEW + USED)), "ink", right=True, ends=True),
            Series(format_month(self.before.first), target, "target", dashed=True, right=True),
        ]
        marks = [str(day.day) if day.day == 1 or day.day % 5 == 0 else "" for day in dates]
        return new_chart(
            gettext("Deliveries per day, and together beside the month before"), gettext("Day"),
            [format_day(day) for day in dates], series, marks=marks, now=last - 1,
        )  # fmt: skip

    def _bars(self, label: str, conditions: tuple[str, ...], tone: str, days: Sequence[date]) -> Series:
        counts = self.this.per_day(conditions)
        urls = [
            self.url(delivered_from=day.isoformat(), delivered_to=day.isoformat(), condition=conditions)
            if count
            else None
            for day, count in zip(days, counts, strict=True)
        ]
        return Series(label, counts, tone, "bar", urls=urls)  # type: ignore[arg-type]


def deliveries(desk: Desk) -> Deliveries | None:
    """This month's deliveries, or None for somebody who sees no deals."""
    first = desk.today.replace(day=1)
    end = first - timedelta(days=1)
    asked = desk.ask(
        "deals", counts="yes", delivered_from=end.replace(day=1).isoformat(), delivered_to=desk.today.isoformat()
    )
    if asked is None:
        return None
    groups = desk.groups(asked, "delivered_on", "condition", "deal_type", sum_of="net_amount")
    this = Month(first, desk.today, [group for group in groups if group.keys[0] >= first])
    before = Month(end.replace(day=1), end, [group for group in groups if group.keys[0] < first])
    return Deliveries(desk, this, before)


def _running(values: Sequence[int]) -> list[int]:
    total, found = 0, []
    for value in values:
        total += value
        found.append(total)
    return found
