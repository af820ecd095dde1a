"""Rows by the thousand: COPY into a table of the current scope, inside the caller's transaction."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError

from app.core.db.session import db


def copy_rows(table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert `rows` (values in the order of `columns`) into `table`; what is not named gets its server default.

    What the database refuses is raised as SQLAlchemy raises it. Defaults made in Python are the caller's business.
    """
    todo = iter(rows)
    first = next(todo, None)
    if first is None:
        return
    db.session.flush()
    connection = db.session.connection()
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    documents = [place for place, name in enumerate(columns) if isinstance(table.c[name].type, JSONB)]
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(statement) as target:
            for row in itertools.chain((first,), todo):
                if documents:
                    row = _with_json(row, documents)
                target.write_row(row)
    except psycopg.Error as error:
        raise DBAPIError.instance(
            f"COPY {table.name}", None, error, psycopg.Error, hide_parameters=True, dialect=connection.dialect
        ) from error
    finally:
        cursor.close()


def _with_json(row: Sequence[Any], places: Sequence[int]) -> list[Any]:
    cells = list(row)
    for place in places:
        if cells[place] is not None:
            cells[place] = json.dumps(cells[place], ensure_ascii=False, separators=(",", ":"))
    return cells
