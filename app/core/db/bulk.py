"""Rows by the thousand by COPY, and rows of many tables in one round trip, inside the caller's transaction."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Insert, Table, bindparam, insert, inspect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import make_transient_to_detached

from app.core.db.session import Base, db

# A table and a row for it, by column; what is not named gets its server default.
Row = tuple[Table, Mapping[str, Any]]


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


def row_of(made: Base) -> Row:
    """The row of a new model object as far as its attributes are set; defaults made in Python are not among them."""
    mapper = inspect(made).mapper
    table = mapper.local_table
    if not isinstance(table, Table):
        raise TypeError(f"{mapper.class_.__name__} is not one table")
    return table, {name: value for name, value in vars(made).items() if name in table.columns}


def insert_together(made: Sequence[Base]) -> None:
    """Insert a few new model objects, of whatever tables, by one statement behind what the session has to write.

    They may refer to each other. The session does not know them afterwards, but by `adopt`.
    """
    rows = [row_of(one) for one in made]
    statement = _together(tuple((table, tuple(values)) for table, values in rows))
    told = {f"{name}_{number}": value for number, (_, row) in enumerate(rows) for name, value in row.items()}
    session = db.session()
    session.flush()
    session.connection().execute(statement, told)


def adopt(made: Base) -> None:
    """Have the session know an object that was inserted without it; what the database gave it is read on demand."""
    make_transient_to_detached(made)
    db.session.add(made)


@lru_cache(maxsize=256)
def _together(shape: tuple[tuple[Table, tuple[str, ...]], ...]) -> Insert:
    """The statement for rows with these columns, the last row's at its end and the others' before it."""
    *before, last = [
        insert(table)
        .values({name: bindparam(f"{name}_{number}", type_=table.c[name].type) for name in names})
        .inline()
        for number, (table, names) in enumerate(shape)
    ]
    return last.add_cte(*(one.cte(f"row_{number}") for number, one in enumerate(before)))


def insert_rows(connection: psycopg.Connection[Any], rows: Iterable[Row]) -> None:
    """Insert `rows` on `connection`, in whose path their tables are; neighbours of one table go in one statement.

    A column that one of them names and another does not is NULL there. In a pipeline the server works on a statement
    while the rows of the next are being made.
    """
    for table, neighbours in itertools.groupby(rows, key=lambda row: row[0]):
        values = [row for _, row in neighbours]
        columns = sql.SQL(", ").join(map(sql.Identifier, dict.fromkeys(itertools.chain.from_iterable(values))))
        # One bound value a statement: the database takes the JSON apart by the table's own column types.
        statement = sql.SQL("INSERT INTO {0} ({1}) SELECT {1} FROM json_populate_recordset(NULL::{0}, %s)")
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":"), default=_as_text)
        connection.execute(statement.format(sql.Identifier(table.name), columns), [text])


def _as_text(value: object) -> str:
    """A value as the database reads it from text."""
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, uuid.UUID | Decimal):
        return str(value)
    raise TypeError(f"a row cannot hold a {type(value).__name__} here")
