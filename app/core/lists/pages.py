"""One page of a list: one statement for the rows, one capped count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, Row, Select, bindparam, func, literal, select
from sqlalchemy.orm import Session

from app.core.db import db
from app.core.db.session import read_columns
from app.core.guard.permissions import Actor, worked_out
from app.core.guard.policy import policy_for
from app.core.guard.vault import every_index
from app.core.lists import keyset
from app.core.lists.conditions import Tokeniser, narrow
from app.core.lists.cursors import Cursor, CursorCodec
from app.core.lists.query import ListQuery
from app.core.lists.spec import ListSpec, Policy

COUNT_CAP = 10_000


@dataclass(frozen=True)
class Page:
    """Rows in the asked order, the ways on, and how many there are in all (`COUNT_CAP` and more when capped).

    `start` is how many rows stood before these when the pages were walked: good for a sentence, not for a cursor.
    """

    rows: Sequence[Row[Any]] = ()
    next_cursor: str | None = None
    prev_cursor: str | None = None
    total: int | None = None
    total_capped: bool = False
    start: int = 0


def run(
    spec: ListSpec,
    actor: Actor,
    query: ListQuery,
    *,
    cursors: CursorCodec,
    timezone: str = "UTC",
    with_total: bool = True,
) -> Page:
    """The page of `spec` that `query` asks for, as far as `actor` may see it.

    Raises PermissionDenied, and Invalid for a query with errors or a cursor of another question.
    """
    spec.check(actor)
    refuse_hidden(query.checked(), policy_for(actor))
    statement = narrow(spec.statement(actor), query, timezone=timezone, tokenise=every_index, me=actor.user_id)
    keeper = actor if spec.steady and not query.conditions else None
    return fetch(db.session(), statement, query, cursors=cursors, with_total=with_total, keeper=keeper)


def matching(spec: ListSpec, actor: Actor, query: ListQuery, *, timezone: str = "UTC") -> Select[Any]:
    """Everything `query` asks for, without order and pages: for exports and for figures that open to their rows."""
    spec.check(actor)
    refuse_hidden(query.checked(), policy_for(actor))
    tokenise: Tokeniser = every_index
    return narrow(spec.source(actor), query, timezone=timezone, tokenise=tokenise, me=actor.user_id)


def refuse_hidden(query: ListQuery, policy: Policy) -> None:
    """Raise LookupError when `query` uses what the policy hides: reading arguments refuses it long before."""
    filters, sorts = query.spec.usable_filters(policy), query.spec.usable_sorts(policy)
    wrong = [key for key in query.values if key not in filters]
    if wrong or query.order.key not in sorts:
        raise LookupError(f"list {query.spec.name}: {wrong or query.sort} is hidden from this actor")


def fetch(
    session: Session,
    statement: Select[Any],
    query: ListQuery,
    *,
    cursors: CursorCodec,
    with_total: bool = True,
    keeper: Actor | None = None,
) -> Page:
    """The page of `query` out of `statement`, which already holds scope and conditions.

    Where `statement` is nothing but the steady source for `keeper`, the page's own statement is kept with him.
    """
    spec, fingerprint = query.spec, query.fingerprint()
    at = cursors.unseal(spec.name, query.cursor, fingerprint) if query.cursor else None
    if keeper is None:
        keys = keyset.keys_of(spec, query.sort, statement.selected_columns)
        wanted = _wanted(statement, keys, query.limit + 1, at, at.keys if at else None)
        found, count = list(session.execute(wanted)), len(keys)
    else:
        nulls = at and (at.backward, at.inclusive, *(value is None for value in at.keys))
        wanted, count = worked_out(
            keeper, ("page", spec.source, query.sort, nulls), lambda: _to_keep(statement, query, at)
        )
        values = {f"after_{number}": value for number, value in enumerate(at.keys if at else ())}
        found = list(read_columns(wanted, {"rows": query.limit + 1, **values}))
    rows, more = found[: query.limit], len(found) > query.limit
    if at and at.backward:
        rows.reverse()

    start = at.start if at else 0
    if at and at.backward:
        # The first page is the first, whatever came or went on the way back to it.
        start = max(start - len(rows), 0) if more else 0

    def cursor(row: Row[Any], *, backward: bool) -> str:
        beside = start if backward else start + len(rows)
        return cursors.seal(spec.name, Cursor(keyset.key_values(row, count), backward, start=beside), fingerprint)

    def turned_back() -> str | None:
        # The page is empty (its rows have gone); the way back begins at the row this page was to follow.
        return (
            cursors.seal(spec.name, Cursor(at.keys, not at.backward, inclusive=True, start=start), fingerprint)
            if at
            else None
        )

    backward = bool(at and at.backward)
    next_cursor = prev_cursor = None
    if more or backward:
        next_cursor = cursor(rows[-1], backward=False) if rows else turned_back()
    if at and (more or not backward):
        prev_cursor = cursor(rows[0], backward=True) if rows else turned_back()
    total = count_up_to(session, statement, COUNT_CAP + 1) if with_total else None
    capped = total is not None and total > COUNT_CAP
    return Page(rows, next_cursor, prev_cursor, COUNT_CAP if capped else total, capped, start)


def _wanted(
    statement: Select[Any], keys: list[keyset.Key], rows: Any, at: Cursor | None, after: Sequence[Any] | None
) -> Select[Any]:
    walk = [key.turned() for key in keys] if at and at.backward else keys
    return keyset.page_statement(statement, walk, rows, after=after, inclusive=bool(at and at.inclusive))


def _to_keep(statement: Select[Any], query: ListQuery, at: Cursor | None) -> tuple[Select[Any], int]:
    """The statement of a page with parameters for its values, and by how many columns it is ordered."""
    keys = keyset.keys_of(query.spec, query.sort, statement.selected_columns)
    after = None if at is None else [
        None if value is None else bindparam(f"after_{number}", type_=keys[number].column.type)
        for number, value in enumerate(at.keys)
    ]
    return _wanted(statement, keys, bindparam("rows", type_=Integer), at, after), len(keys)


def count_up_to(session: Session, statement: Select[Any], most: int) -> int:
    """How many rows `statement` has, counting no further than `most`."""
    some = statement.with_only_columns(literal(1).label("one"), maintain_column_froms=True).order_by(None).limit(most)
    return session.execute(select(func.count()).select_from(some.subquery("counted"))).scalar_one()
