"""The list as a board: for each state its first rows and how many there are; the conditions stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, func, literal, select

from app.core.db import db
from app.core.guard.permissions import Actor
from app.core.lists import keyset
from app.core.lists.conditions import condition
from app.core.lists.pages import COUNT_CAP, matching
from app.core.lists.query import DEFAULT_PAGE, ListQuery
from app.core.lists.spec import ListSpec

CARDS = 25


@dataclass(frozen=True)
class BoardColumn:
    """One state: its first rows in the order of the list, how many there are, and what they come to."""

    state: str
    label: str
    rows: Sequence[Row[Any]]
    count: int
    total: Decimal | None = None


Columns = Sequence[BoardColumn]


def run_board(spec: ListSpec, actor: Actor, query: ListQuery, *, timezone: str) -> Columns:
    """The board of what `query` asks: a statement a state, and one that counts them all."""
    board = spec.board
    if board is None:
        raise LookupError(f"list {spec.name} has no board")
    statement = matching(spec, actor, query, timezone=timezone)
    states = next(item for item in spec.filters if item.key == board.filter)
    parts = {key: statement.where(condition(states, key, statement.selected_columns)) for key, _ in board.states}
    keys = keyset.keys_of(spec, query.sort, statement.selected_columns)
    # A page of the list holds fifty rows by itself, a column half of that: asking for more gives both more.
    cards = max(query.limit * CARDS // DEFAULT_PAGE, 1)
    counts = db.session.execute(
        select(*(_figure(part, board.sum_of, at) for at, part in enumerate(parts.values())))
    ).one()
    found = []
    for (key, label), figures in zip(board.states, counts, strict=True):
        rows = (
            db.session.execute(keyset.page_statement(parts[key], keys, cards, after=None)).all() if figures[0] else []
        )
        total = Decimal(str(figures[1])) if board.sum_of and figures[1] is not None else None
        found.append(BoardColumn(key, label, rows, figures[0], total))
    return found


def _figure(part: Select[Any], sum_of: str, at: int) -> Any:
    """Count and sum of one state as one value, so that a single row holds them all."""
    amount = part.selected_columns[sum_of] if sum_of else literal(0)
    some = (
        part.with_only_columns(amount.label("amount"), maintain_column_froms=True).limit(COUNT_CAP).subquery(f"s{at}")
    )
    return select(func.json_build_array(func.count(), func.sum(some.c.amount))).select_from(some).scalar_subquery()
