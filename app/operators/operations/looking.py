"""What the ops worker counts for the console, as the owner of every schema: numbers and names of tasks alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg import sql

from app.core.db.owner import owner
from app.core.db.scopes import SCHEMA_SHAPE
from app.core.db.tenancy import current_settings
from app.core.guard import files
from app.core.jobs.traffic import asked_lately
from app.core.logging import get_logger
from app.operators import rules

log = get_logger(__name__)

# So many schemas to a statement: planning one takes longer than a round trip.
AT_ONCE = 100
MOST_DEAD = 20
_SIZES = """
SELECT n.nspname, coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint,
    coalesce(sum(s.n_live_tup), 0)::bigint
FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r'
LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
WHERE n.nspname = ANY(%s) GROUP BY n.nspname
"""
_USERS = "SELECT {name}, count(*) FROM {schema}.tenants_users WHERE state <> 'disabled'"
_QUEUE = """SELECT {name}, count(*) FILTER (WHERE dead_at IS NULL),
    count(*) FILTER (WHERE dead_at IS NULL AND next_dispatch_at < now() - make_interval(secs => {late})),
    count(*) FILTER (WHERE dead_at IS NOT NULL), min(available_at) FILTER (WHERE dead_at IS NULL)
FROM {schema}.core_outbox WHERE done_at IS NULL"""
_DEAD = """(SELECT {name}, id, task, queue, attempts, last_error, dead_at FROM {schema}.core_outbox
WHERE dead_at IS NOT NULL ORDER BY dead_at DESC LIMIT {most})"""


def count_usage() -> int:
    """Write down how much each dealership holds today; returns how many there were."""
    counted = 0
    for dsn_name, share in _shares():
        with owner(dsn_name) as connection:
            sizes = {row[0]: row[1:] for row in connection.execute(_SIZES, [share]).fetchall()}
            users = dict(_union(connection, _USERS, share))
        asked = asked_lately(current_settings().redis_url, [schema.removeprefix("t_") for schema in share])
        with owner() as connection:
            for schema, requests in zip(share, asked, strict=True):
                table_bytes, rows = sizes.get(schema, (0, 0))
                tenant_id = schema.removeprefix("t_")
                file_bytes = files.bytes_of_tenant(tenant_id)
                values = [tenant_id, users.get(schema, 0), rows, table_bytes, file_bytes, requests]
                connection.execute(
                    "INSERT INTO tenant_usage (tenant_id, counted_on, users, rows, table_bytes, file_bytes, requests) "
                    "VALUES (%s, current_date, %s, %s, %s, %s, %s) ON CONFLICT (tenant_id, counted_on) DO UPDATE SET "
                    "users = excluded.users, rows = excluded.rows, table_bytes = excluded.table_bytes, "
                    "file_bytes = excluded.file_bytes, requests = excluded.requests",
                    values,
                )
                counted += 1
    with owner() as connection:
        connection.execute("DELETE FROM tenant_usage WHERE counted_on < current_date - 400")
    return counted


def look_at_queues(tenant_id: str | None = None) -> int:
    """Write down how full each outbox is, or one's, and which rows have died; returns how many there were."""
    looked = 0
    for dsn_name, share in _shares(tenant_id):
        with owner(dsn_name) as connection:
            late = sql.Literal(rules.LATE.total_seconds())
            queues = _union(connection, _QUEUE, share, late=late)
            dead = _union(connection, _DEAD, share, most=sql.Literal(MOST_DEAD))
        ids = [schema.removeprefix("t_") for schema in share]
        with owner() as connection:
            connection.execute("DELETE FROM tenant_queues WHERE tenant_id = ANY(%s)", [ids])
            connection.execute("DELETE FROM dead_letters WHERE tenant_id = ANY(%s)", [ids])
            with connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO tenant_queues (tenant_id, waiting, late, dead, oldest_at) VALUES (%s, %s, %s, %s, %s)",
                    [(row[0].removeprefix("t_"), *row[1:]) for row in queues],
                )
                cursor.executemany(
                    "INSERT INTO dead_letters (tenant_id, outbox_id, task, queue, attempts, error, dead_at) "
                    "VALUES (%s, %s, %s, %s, %s, %s, %s)",
                    [(row[0].removeprefix("t_"), *row[1:]) for row in dead],
                )
        looked += len(share)
    return looked


def _shares(only: str | None = None) -> Iterator[tuple[str, list[str]]]:
    """Schemas of the dealerships that have one, by server, some to a share; a schema's name is checked here."""
    with owner() as connection:
        rows = connection.execute(
            "SELECT dsn_name, id FROM tenants WHERE state IN ('active', 'suspended', 'deleting') "
            "AND (%(only)s::text IS NULL OR id = %(only)s) ORDER BY dsn_name, id",
            {"only": only},
        ).fetchall()
    for dsn_name in sorted({row[0] for row in rows}):
        here = [f"t_{row[1]}" for row in rows if row[0] == dsn_name and SCHEMA_SHAPE.match(f"t_{row[1]}")]
        for start in range(0, len(here), AT_ONCE):
            yield dsn_name, here[start : start + AT_ONCE]


def _union(
    connection: psycopg.Connection[Any], query: str, share: Sequence[str], **values: sql.Composable
) -> list[tuple[Any, ...]]:
    """`query` for every schema of `share` in one statement; what one broken schema spoils is asked one by one."""

    def of(schema: str) -> sql.Composed:
        return sql.SQL(query).format(name=sql.Literal(schema), schema=sql.Identifier(schema), **values)

    try:
        with connection.transaction():
            return connection.execute(sql.SQL(" UNION ALL ").join([of(schema) for schema in share])).fetchall()
    except psycopg.Error as error:
        if len(share) == 1:
            log.warning("tenant_not_counted", tenant=share[0], error=type(error).__name__)
            return []
    return [row for schema in share for row in _union(connection, query, [schema], **values)]
