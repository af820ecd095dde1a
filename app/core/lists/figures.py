"""Numbers over exactly the rows a list shows: a page counts here what its link opens, so the two cannot differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Integer, Row, Subquery, cast, func, select

from app.core.db import db
from app.core.guard.permissions import Actor
from app.core.guard.policy import policy_for
from app.core.lists import keyset
from app.core.lists.pages import COUNT_CAP, count_up_to, matching
from app.core.lists.query import ListQuery, read_query
from app.core.lists.spec import ListSpec

Arguments = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Steps:
    """A number put into steps: 0 below the first of `starts`, then one more from each of them on."""

    column: str
    starts: tuple[int, ...]


@dataclass(frozen=True)
class Group:
    """The rows that share `keys`: how many, and the sum of the amounts among them in the asked currency."""

    keys: tuple[Any, ...]
    count: int
    total: Any


def question(spec: ListSpec, actor: Actor, args: Arguments) -> ListQuery | None:
    """`args` as a question to the list, or None when the actor may not ask it: another number would stand there."""
    query = read_query(spec, args, policy_for(actor))
    return None if query.errors else query


def count_rows(actor: Actor, query: ListQuery, *, timezone: str) -> tuple[int, bool]:
    """How many rows `query` has, and whether there are more than were counted."""
    count = count_up_to(db.session(), matching(query.spec, actor, query, timezone=timezone), COUNT_CAP + 1)
    return min(count, COUNT_CAP), count > COUNT_CAP


def has_more(actor: Actor, query: ListQuery, than: int, *, timezone: str) -> bool:
    """Whether `query` has more than so many rows, looking at no more than one further."""
    return count_up_to(db.session(), matching(query.spec, actor, query, timezone=timezone), than + 1) > than


def count_groups(
    actor: Actor, query: ListQuery, by: Sequence[str | Steps], *, sum_of: str, currency: str, timezone: str
) -> list[Group]:
    """The rows of `query` in groups of equal values of `by`; sums leave other currencies out."""
    rows = matching(query.spec, actor, query, timezone=timezone).subquery("rows")
    keys = [_key(rows, part).label(f"key_{at}") for at, part in enumerate(by)]
    total = func.sum(rows.c[sum_of]).filter(rows.c.currency == currency)
    found = db.session.execute(select(*keys, func.count(), total).group_by(*keys))
    return [Group(tuple(row[: len(keys)]), row[-2], row[-1]) for row in found]


def _key(rows: Subquery, part: str | Steps) -> Any:
    if isinstance(part, str):
        return rows.c[part]
    return func.width_bucket(rows.c[part.column], cast(list(part.starts), ARRAY(Integer)))


def first_rows(actor: Actor, query: ListQuery, limit: int, *, timezone: str) -> Sequence[Row[Any]]:
    """The first rows of `query` in its order, as the list itself would show them."""
    statement = matching(query.spec, actor, query, timezone=timezone)
    keys = keyset.keys_of(query.spec, query.sort, statement.selected_columns)
    return db.session.execute(keyset.page_statement(statement, keys, limit, after=None)).all()
