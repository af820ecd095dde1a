"""Conditions said by a word: dates that move with the calendar, what is mine, what is empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from app.core.errors import N_

ME, NONE = "me", "none"
PEOPLE = {ME: N_("Me"), NONE: N_("Nobody")}
EMPTY = N_("Empty")


@dataclass(frozen=True)
class Range:
    """Both ends included; an absent end is open."""

    low: Any = None
    high: Any = None


@dataclass(frozen=True)
class Word:
    """A value worked out when it is asked: another day tomorrow, another person to somebody else."""

    name: str


def _month(day: date, back: int = 0) -> date:
    """The first of the month `back` months before that of `day`."""
    months = day.year * 12 + day.month - 1 - back
    return date(months // 12, months % 12 + 1, 1)


def _last(days: int) -> Callable[[date], Range]:
    return lambda today: Range(today - timedelta(days=days - 1), today)


def _before(days: int) -> Callable[[date], Range]:
    return lambda today: Range(None, today - timedelta(days=days + 1))


_ONE = timedelta(days=1)
_SPANS: Mapping[str, tuple[str, Callable[[date], Range]]] = {
    "today": (N_("Today"), lambda today: Range(today, today)),
    "yesterday": (N_("Yesterday"), lambda today: Range(today - _ONE, today - _ONE)),
    "last_7_days": (N_("Last 7 days"), _last(7)),
    "last_30_days": (N_("Last 30 days"), _last(30)),
    "last_90_days": (N_("Last 90 days"), _last(90)),
    "this_week": (N_("This week"), lambda today: Range(today - timedelta(days=today.weekday()), None)),
    "this_month": (N_("This month"), lambda today: Range(_month(today), None)),
    "last_month": (N_("Last month"), lambda today: Range(_month(today, 1), _month(today) - _ONE)),
    "this_quarter": (N_("This quarter"), lambda today: Range(_month(today, (today.month - 1) % 3), None)),
    "this_year": (N_("This year"), lambda today: Range(date(today.year, 1, 1), None)),
    "over_30_days_ago": (N_("More than 30 days ago"), _before(30)),
    "over_90_days_ago": (N_("More than 90 days ago"), _before(90)),
}
SPANS: Mapping[str, str] = {name: label for name, (label, _) in _SPANS.items()}


def span(name: str, today: date) -> Range:
    """The days `name` means on `today`; this week begins on Monday, and nothing ends before the present one does."""
    return _SPANS[name][1](today)
