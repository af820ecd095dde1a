"""Keyset paging: what comes after a row in an order with ties and NULLs, so that an index answers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, UnaryExpression, and_, literal, select, tuple_, union_all
from sqlalchemy.sql.base import ColumnCollection

from app.core.lists.conditions import resolve
from app.core.lists.spec import ListSpec

_LABEL = "list_key_"
# Each inner list is one range: its clauses hold together.
Ranges = list[list[ColumnElement[bool]]]


@dataclass(frozen=True)
class Key:
    """One column of an order as it is walked: `nulls_first` only where NULL is possible."""

    column: ColumnElement[Any]
    descending: bool
    nullable: bool
    nulls_first: bool = False

    def turned(self) -> Key:
        """The same column walked the other way."""
        return Key(self.column, not self.descending, self.nullable, not self.nulls_first)

    def ordered(self, column: ColumnElement[Any]) -> UnaryExpression[Any]:
        """The ORDER BY term over `column`; without a NULLS clause where an ordinary index must fit both ways."""
        term = column.desc() if self.descending else column.asc()
        if not self.nullable:
            return term
        return term.nulls_first() if self.nulls_first else term.nulls_last()


def keys_of(spec: ListSpec, sort: str, columns: ColumnCollection[str, Any]) -> list[Key]:
    """The columns of `sort` (`-key` is turned round) and the record's own key, which makes the order total."""
    chosen = next(item for item in spec.sorts if item.key == sort.removeprefix("-"))
    keys = []
    for part in chosen.parts(reverse=sort.startswith("-")):
        column = resolve(part.column, columns)
        keys.append(Key(column, part.descending, part.may_be_null(column)))
    own = columns[spec.key]
    return [*keys, Key(own, keys[-1].descending if keys else False, nullable=False)]


def page_statement(
    statement: Select[Any],
    keys: Sequence[Key],
    rows: int | BindParameter[int],
    *,
    after: Sequence[Any] | None,
    inclusive: bool = False,
) -> Select[Any]:
    """At most `rows` rows of `statement` in the order of `keys`, those behind the values `after` when given.

    Rows and values may be parameters, for a statement that is kept; but a NULL must be said, for it changes the ranges.

    Where NULLs make "behind" more than one range, each range is its own branch with its own limit, and the branches
    are put together in order: an OR would read every row before the page.
    """
    labelled = statement.add_columns(*(key.column.label(f"{_LABEL}{at}") for at, key in enumerate(keys)))
    order = [key.ordered(key.column) for key in keys]
    if after is None:
        return labelled.order_by(*order).limit(rows)
    ranges = _behind(list(keys), list(after), inclusive)
    branches = [labelled.where(*clauses).order_by(*order).limit(rows) for clauses in ranges]
    if len(branches) == 1:
        return branches[0]
    together = union_all(*branches).subquery("list_page")
    terms = [key.ordered(together.c[f"{_LABEL}{at}"]) for at, key in enumerate(keys)]
    return select(*together.c).order_by(*terms).limit(rows)


def key_values(row: Any, count: int) -> tuple[Any, ...]:
    """The key values of a row that `page_statement` fetched."""
    return tuple(row._mapping[f"{_LABEL}{at}"] for at in range(count))


def _behind(keys: list[Key], values: list[Any], inclusive: bool) -> Ranges:
    """Disjoint ranges that together hold everything behind `values` (and the row itself if `inclusive`)."""
    if not keys:
        return [[]] if inclusive else []
    run = _run_length(keys, values)
    if run == 0:
        key = keys[0]
        some: Ranges = [[key.column.is_not(None)]] if key.nulls_first else []
        return some + [[key.column.is_(None), *rest] for rest in _behind(keys[1:], values[1:], inclusive)]
    ranges: Ranges = [[_beyond(keys[:run], values[:run])]]
    for at, key in enumerate(keys[:run]):
        if key.nullable and not key.nulls_first:
            ranges.append([*_equal(keys[:at], values[:at]), key.column.is_(None)])
    same = _equal(keys[:run], values[:run])
    return ranges + [[*same, *rest] for rest in _behind(keys[run:], values[run:], inclusive)]


def _run_length(keys: Sequence[Key], values: Sequence[Any]) -> int:
    """How many leading columns one row comparison can take: values that are not NULL, walked in one direction."""
    run = 0
    while run < len(keys) and values[run] is not None and keys[run].descending == keys[0].descending:
        run += 1
    return run


def _beyond(keys: Sequence[Key], values: Sequence[Any]) -> ColumnElement[bool]:
    bound = [_bound(key, value) for key, value in zip(keys, values, strict=True)]
    if len(keys) == 1:
        return keys[0].column < bound[0] if keys[0].descending else keys[0].column > bound[0]
    row = tuple_(*(key.column for key in keys))
    return and_(row < tuple_(*bound)) if keys[0].descending else and_(row > tuple_(*bound))


def _equal(keys: Sequence[Key], values: Sequence[Any]) -> list[ColumnElement[bool]]:
    return [key.column == _bound(key, value) for key, value in zip(keys, values, strict=True)]


def _bound(key: Key, value: Any) -> ColumnElement[Any]:
    return value if isinstance(value, BindParameter) else literal(value, key.column.type)
