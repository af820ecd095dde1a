"""All rows of one tenant's schema, out and in again by COPY: tables in order of dependence, rows in order of key.

What a COPY gives is the same bytes for the same rows on every server: rows are ordered byte by byte and nothing
follows a setting of the server or its collation, so two digests tell whether two tables hold the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

import psycopg
from psycopg import sql

# The version row is made with the schema.
VERSION_TABLE = "alembic_version"
_PIECE = 64 * 1024
_SETTINGS = (
    "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, MDY'; SET LOCAL intervalstyle = 'postgres'; "
    "SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SET LOCAL statement_timeout = 0"
)
_TABLES = """
SELECT c.relname,
       ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             AND a.attgenerated = '' ORDER BY a.attnum)::text[],
       ARRAY(SELECT a.attname FROM pg_index i, unnest(i.indkey) WITH ORDINALITY AS k(attnum, place), pg_attribute a
             WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid AND a.attnum = k.attnum
             ORDER BY k.place)::text[],
       ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND a.attcollation <> 0
             )::text[],
       ARRAY(SELECT f.relname FROM pg_constraint r JOIN pg_class f ON f.oid = r.confrelid
             WHERE r.conrelid = c.oid AND r.contype = 'f' AND r.confrelid <> c.oid
             AND f.relnamespace = c.relnamespace)::text[]
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relkind = 'r' AND c.relname <> %s ORDER BY c.relname
"""
_SEQUENCES = """
SELECT s.relname, t.relname, a.attname FROM pg_class s
JOIN pg_namespace n ON n.oid = s.relnamespace
JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
JOIN pg_class t ON t.oid = d.refobjid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
WHERE n.nspname = %s AND s.relkind = 'S' ORDER BY t.relname, a.attname
"""


@dataclass(frozen=True)
class Content:
    """One table: the columns that are copied, and those its rows are ordered by (`bytewise`: text among them)."""

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    bytewise: tuple[str, ...] = ()


def fix_settings(connection: psycopg.Connection[Any]) -> None:
    """Take away, for this transaction, what would make the same rows look different, and the limit of time."""
    connection.execute(_SETTINGS)


def contents_of(connection: psycopg.Connection[Any], schema: str) -> list[Content]:
    """Every table of `schema`, each after those it refers to. Raises ValueError for one whose rows have no key."""
    found, needs = {}, TopologicalSorter[str]()
    for table, columns, key, texts, others in connection.execute(_TABLES, [schema, VERSION_TABLE]).fetchall():
        if not key:
            raise ValueError(f"the rows of {table} have no order")
        found[table] = Content(table, tuple(columns), tuple(key), tuple(name for name in key if name in texts))
        needs.add(table, *others)
    return [found[table] for table in needs.static_order()]


def copy_out(connection: psycopg.Connection[Any], schema: str, content: Content) -> Iterator[bytes]:
    """The rows of a table, a line each, in pieces of some size."""
    order = [
        sql.SQL('{} COLLATE "C"').format(sql.Identifier(name)) if name in content.bytewise else sql.Identifier(name)
        for name in content.key
    ]
    statement = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(
        _names(content.columns), sql.Identifier(schema, content.table), sql.SQL(", ").join(order)
    )
    held = bytearray()
    with connection.cursor() as cursor, cursor.copy(statement) as source:
        for line in source:
            held += line
            if len(held) >= _PIECE:
                yield bytes(held)
                held.clear()
    if held:
        yield bytes(held)


def copy_in(connection: psycopg.Connection[Any], schema: str, content: Content, pieces: Iterable[bytes]) -> None:
    """Put the lines of `copy_out` into a table. Raises psycopg.Error."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(schema, content.table), _names(content.columns)
    )
    with connection.cursor() as cursor, cursor.copy(statement) as target:
        for piece in pieces:
            target.write(piece)


def empty(connection: psycopg.Connection[Any], schema: str, contents: Iterable[Content]) -> None:
    """Remove every row of these tables, which nothing else may refer to."""
    tables = sql.SQL(", ").join(sql.Identifier(schema, content.table) for content in contents)
    connection.execute(sql.SQL("TRUNCATE {}").format(tables))


def read_sequences(connection: psycopg.Connection[Any], schema: str) -> list[dict[str, Any]]:
    """Where each sequence stands, by the table and column that draws from it."""
    found = []
    for name, table, column in connection.execute(_SEQUENCES, [schema]).fetchall():
        query = sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(schema, name))
        row = connection.execute(query).fetchone()
        if row is not None:
            found.append({"table": table, "column": column, "last": row[0], "called": row[1]})
    return found


def set_sequences(connection: psycopg.Connection[Any], schema: str, stands: Iterable[dict[str, Any]]) -> None:
    """Have the sequences go on from where they stood."""
    for stand in stands:
        connection.execute(
            "SELECT setval(pg_get_serial_sequence(format('%%I.%%I', %s::text, %s::text), %s), %s, %s)",
            [schema, stand["table"], stand["column"], stand["last"], stand["called"]],
        )


def _names(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
