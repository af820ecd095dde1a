"""From typed conditions to clauses of the statement; values are always bound."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    LargeBinary,
    Numeric,
    Select,
    String,
    Uuid,
    and_,
    literal,
)
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.base import ColumnCollection
from sqlalchemy.types import TypeEngine

from app.core.clock import today
from app.core.lists.matching import matches_text
from app.core.lists.query import ListQuery
from app.core.lists.relative import ME, NONE, Range, Word, span
from app.core.lists.spec import Expression, Filter

# Every blind index a value of a kind may be stored under.
Tokeniser = Callable[[str, str], Sequence[bytes]]


def narrow(
    statement: Select[Any], query: ListQuery, *, timezone: str, tokenise: Tokeniser, me: uuid.UUID | None = None
) -> Select[Any]:
    """`statement` with every condition of `query`; `tokenise(kind, normalised)` makes blind indexes.

    Dates asked of instants are business dates of `timezone`, as are today and this month; `me` is who asks.
    """
    columns = statement.selected_columns
    clauses = [
        _clause(item, _for_statement(item, _meant(value, timezone, me), timezone, tokenise), columns)
        for item, value in query.conditions
    ]
    return statement.where(*clauses) if clauses else statement


def condition(item: Filter, value: Any, columns: ColumnCollection[str, Any]) -> ColumnElement[bool]:
    """The clause of one filter for one value that no conversion needs, such as a choice."""
    return _clause(item, [value] if item.kind == "choices" else value, columns)


def resolve(expression: Expression, columns: ColumnCollection[str, Any]) -> ColumnElement[Any]:
    """`expression` itself, or the column of that name in the select list."""
    if isinstance(expression, str):
        return columns[expression]
    return expression.__clause_element__() if isinstance(expression, InstrumentedAttribute) else expression


def bound(value: Any) -> ColumnElement[Any]:
    """`value` as a bound parameter of its own type.

    The column's type would be wrong for a number outside its range: that must compare, not fail.
    """
    return literal(value, _TYPES[type(value)])


def _meant(value: Any, timezone: str, me: uuid.UUID | None) -> Any:
    """What a word means now and to this person; None stands for an empty value."""
    if not isinstance(value, Word):
        return value
    if value.name == NONE:
        return None
    # Nobody's id matches whoever has none, such as a job of the system.
    return (me or uuid.UUID(int=0)) if value.name == ME else span(value.name, today(timezone))


def _for_statement(item: Filter, value: Any, timezone: str, tokenise: Tokeniser) -> Any:
    if item.kind == "token":
        return tokenise(item.token, value)
    if item.kind == "date_range" and item.instants and value is not None:
        zone = ZoneInfo(timezone)
        start = datetime.combine(value.low, time.min, zone) if value.low else None
        end = datetime.combine(_next_day(value.high), time.min, zone) if value.high else None
        return Range(start, end)
    return value


def _next_day(day: date) -> date:
    return day + timedelta(days=1)


def _clause(item: Filter, value: Any, columns: ColumnCollection[str, Any]) -> ColumnElement[bool]:
    if item.apply is not None:
        return item.apply(value)
    column = resolve(item.column if item.column is not None else item.key, columns)
    if value is None:
        return column.is_(None)
    if item.kind == "text":
        return matches_text(column, value, item.match)
    if item.kind == "choices":
        return column.in_(value)
    if item.kind == "token":
        return column.in_([bound(token) for token in value])
    if isinstance(value, Range):
        return _between(column, value, half_open=item.instants)
    return column == bound(value)


def _between(column: ColumnElement[Any], ends: Range, *, half_open: bool) -> ColumnElement[bool]:
    """Both ends included, except that instants end before the start of the next day."""
    clauses = []
    if ends.low is not None:
        clauses.append(column >= bound(ends.low))
    if ends.high is not None:
        clauses.append(column < bound(ends.high) if half_open else column <= bound(ends.high))
    return and_(*clauses)


_TYPES: Mapping[type, TypeEngine[Any]] = {
    bool: Boolean(),
    bytes: LargeBinary(),
    date: Date(),
    datetime: DateTime(timezone=True),
    Decimal: Numeric(),
    int: BigInteger(),
    str: String(),
    uuid.UUID: Uuid(),
}
