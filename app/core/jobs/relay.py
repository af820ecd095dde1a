"""The relay: brings to the broker what the sender did not, for every tenant, at the cost of one query while all idle.

Each tenant's rows are the tenant's own, so the relay becomes each tenant in turn. In one transaction it deletes the
tenant's due hints, moves its due rows to their next dispatch and leaves a hint for the next row to come; only then
are messages sent. A kill between the two costs a delay, never a row. Any number of relays may run.

It knows neither Flask nor SQLAlchemy: the process stays small.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Final

import psycopg
from psycopg import sql

from app.core.jobs.servers import LOGIN, Bucket, Directory, Servers
from app.core.jobs.timing import timing
from app.core.jobs.wire import PLATFORM, Broker, Message
from app.core.logging import get_logger

log = get_logger(__name__)

POLL_SECONDS: Final = 0.25
SWEEP_SECONDS: Final = 600.0
SWEEP_SLICE: Final = 20
BATCH: Final = 100
SEAL_PACE: Final = 0.5
SKIP_SECONDS: Final = 60.0
BROKER_TIMEOUT: Final = 2.0
BROKER_REST: Final = 1.0
SCHEMA: Final = re.compile(r"^t_[a-z0-9]{12}$")

_PEEK = """
SELECT tenant_id FROM (
    SELECT DISTINCT tenant_id FROM platform.outbox_hint
    WHERE due_at <= now() AND tenant_id <> ALL(%(skipped)s::text[]) LIMIT 500
) AS due
"""
_PEEK_PLATFORM = """
UNION ALL SELECT 'platform' WHERE EXISTS (
    SELECT FROM platform.outbox WHERE done_at IS NULL AND dead_at IS NULL AND next_dispatch_at <= now())
"""
_LIMITS = (
    "SET LOCAL lock_timeout = 1000; SET LOCAL statement_timeout = 10000; "
    "SET LOCAL idle_in_transaction_session_timeout = 10000"
)
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(%(key)s, 0))"
_DELETE_HINTS = "DELETE FROM platform.outbox_hint WHERE tenant_id = %(role)s AND due_at <= now()"
# A hint may tell of entries of the audit: one row to seal them all, unless one waits already, and not at once where the
# chain has just grown: the writers of a busy dealership need the processor more. Two looks into indexes answer whether
# there can be any; the sealer, who starts where this horizon lies, knows (see app/core/guard/chain.py).
_SEAL = """
INSERT INTO core_outbox (id, task, queue, dedupe_key, next_dispatch_at)
SELECT gen_random_uuid(), 'guard.seal_audit', 'audit', 'seal',
    greatest(now(), least(now(), coalesce(sealed_at, '-infinity')) + make_interval(secs => %(pace)s))
FROM (SELECT) AS one LEFT JOIN (
    SELECT horizon, sealed_at FROM core_audit_seals ORDER BY seq DESC LIMIT 1) AS last ON true
WHERE (SELECT max(tx) FROM core_audit) >= CASE
        WHEN horizon <= pg_snapshot_xmax(pg_current_snapshot())::text::bigint THEN horizon ELSE 0 END
    AND NOT EXISTS (
        SELECT FROM core_outbox WHERE dedupe_key = 'seal' AND task = 'guard.seal_audit'
        AND done_at IS NULL AND dead_at IS NULL AND attempts = 0)
"""
_MOVE = """
WITH due AS (
    SELECT id FROM core_outbox WHERE done_at IS NULL AND dead_at IS NULL AND next_dispatch_at <= now()
    ORDER BY next_dispatch_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED
)
UPDATE core_outbox AS o
SET dispatches = o.dispatches + 1, deferred = false,
    next_dispatch_at = now() + make_interval(secs => least(%(cap)s, %(wait)s * 2 ^ least(o.dispatches, 10)))
FROM due WHERE o.id = due.id RETURNING o.id, o.queue
"""
_LEAVE_HINT = """
INSERT INTO platform.outbox_hint (due_at)
SELECT min(next_dispatch_at) FROM core_outbox WHERE done_at IS NULL AND dead_at IS NULL
HAVING min(next_dispatch_at) IS NOT NULL
"""
# One message and one answer: a sweep of thousands of tenants that owe nothing must cost next to nothing.
_LOOK = (
    "BEGIN; SET LOCAL statement_timeout = 5000; SET LOCAL ROLE {0}; SELECT EXISTS (SELECT FROM {0}.core_outbox "
    "WHERE done_at IS NULL AND dead_at IS NULL AND next_dispatch_at <= now()); COMMIT"
)
_MOVE_PLATFORM = """
WITH due AS (
    SELECT id FROM platform.outbox WHERE done_at IS NULL AND dead_at IS NULL AND next_dispatch_at <= now()
    ORDER BY next_dispatch_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED
)
UPDATE platform.outbox AS o SET next_dispatch_at = now() + make_interval(secs => %(wait)s)
FROM due WHERE o.id = due.id RETURNING o.id, o.queue
"""


class Relay:
    """One relay over every server of `urls` (dsn name → the relay's own DSN; `main` holds the directory)."""

    def __init__(self, urls: Mapping[str, str], redis_url: str) -> None:
        self.servers = Servers(urls)
        self.directory = Directory(self.servers)
        self.redis_url = redis_url
        self._broker: Broker | None = None
        self._broker_rest = 0.0
        self._unsent: deque[Message] = deque(maxlen=10_000)
        self._skipped: dict[str, float] = {}
        self._inactive: set[str] = set()
        self._sweep: Iterator[str] = iter(())
        self._next_sweep = 0.0

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; a database or broker that is away is tried again and again."""
        while not stop.is_set():
            busy = False
            try:
                busy = self.tick() > 0
            except psycopg.Error as error:
                log.warning("relay_database_away", error=type(error).__name__, sqlstate=error.sqlstate)
                self.servers.close()
                stop.wait(1.0)
            stop.wait(0.01 if busy else POLL_SECONDS)
        self.servers.close()

    def tick(self) -> int:
        """One round: every due hint, a slice of the sweep; returns how many messages left. Raises psycopg.Error."""
        if not self._broker_ready():
            return 0  # Rows that are not moved lose no time once the broker is back.
        sent = self._publish([])
        for dsn_name in self.servers.names:
            for role in self._due(dsn_name):
                sent += self._publish(self._dispatch(role, dsn_name))
        for role in self._sweep_slice():
            if self._has_due(role):
                sent += self._publish(self._dispatch(role, None))
        return sent

    def _due(self, dsn_name: str) -> list[str]:
        now = time.monotonic()
        # Skipped for being suspended, and active again: its rows have waited long enough.
        resumed = {role for role in self._inactive if self.directory.find(role)[1]}
        self._skipped = {role: until for role, until in self._skipped.items() if until > now and role not in resumed}
        self._inactive &= self._skipped.keys()
        query = _PEEK + _PEEK_PLATFORM if dsn_name == "main" else _PEEK
        rows = self.servers.connection(Bucket(dsn_name)).execute(query, {"skipped": list(self._skipped)})
        return [row[0] for row in rows.fetchall()]

    def _dispatch(self, role: str, dsn_name: str | None) -> list[Message]:
        """Move the due rows of one tenant (or of the platform) and return their messages."""
        if role == PLATFORM:
            return self._move_platform()
        bucket, active = self.directory.find(role)
        if not SCHEMA.match(role) or bucket is None:
            # A tenant that is gone, or an invented name: its hints are of no use to anybody.
            if dsn_name is not None:
                self._drop_hints(role, dsn_name)
            return []
        if not active or (dsn_name is not None and bucket.dsn_name != dsn_name):
            if not active:
                self._inactive.add(role)
            self._skipped[role] = time.monotonic() + SKIP_SECONDS
            return []
        try:
            return self._move(role, bucket)
        except psycopg.OperationalError:
            # The server is away, or the tenant is locked; which of the two it is shows at the next tenant.
            self._skipped[role] = time.monotonic() + 1.0
            if self.servers.is_broken(bucket):
                raise
            return []
        except psycopg.Error as error:
            # One tenant in a bad state (in the middle of a migration, say) must not stop the others.
            log.warning("relay_tenant_skipped", tenant=role, error=type(error).__name__, sqlstate=error.sqlstate)
            self._skipped[role] = time.monotonic() + SKIP_SECONDS
            return []

    def _move(self, role: str, bucket: Bucket) -> list[Message]:
        connection = self.servers.connection(bucket)
        begin = sql.SQL("{}; SET LOCAL ROLE {}").format(sql.SQL(_LIMITS), sql.Identifier(bucket.role))
        become = sql.SQL("SET LOCAL ROLE {0}; SET LOCAL search_path = {0}").format(sql.Identifier(role))
        values: dict[str, Any] = {
            "batch": BATCH, "wait": timing().redispatch, "cap": timing().redispatch_cap, "role": role,
            "key": f"relay:{role}", "pace": SEAL_PACE,
        }  # fmt: skip
        with connection.transaction():
            connection.execute(begin)
            locked = connection.execute(_TRY_LOCK, values).fetchone()
            if locked is None or not locked[0]:
                return []  # Another relay is at it.
            connection.execute(_DELETE_HINTS, values)
            connection.execute(become)
            connection.execute(_SEAL, values)
            rows = connection.execute(_MOVE, values).fetchall()
            connection.execute(_LEAVE_HINT)
        return [Message(role.removeprefix("t_"), str(row_id), queue) for row_id, queue in rows]

    def _move_platform(self) -> list[Message]:
        connection = self.servers.connection(Bucket("main"))
        with connection.transaction():
            connection.execute(f"{_LIMITS}; SET LOCAL ROLE {LOGIN}")
            rows = connection.execute(_MOVE_PLATFORM, {"batch": BATCH, "wait": timing().redispatch}).fetchall()
        return [Message(PLATFORM, str(row_id), queue) for row_id, queue in rows]

    def _drop_hints(self, role: str, dsn_name: str) -> None:
        connection = self.servers.connection(Bucket(dsn_name))
        with connection.transaction():
            connection.execute(f"{_LIMITS}; SET LOCAL ROLE {LOGIN}")
            connection.execute(_DELETE_HINTS, {"role": role})

    def _sweep_slice(self) -> list[str]:
        """The next few tenants of the sweep, so that a sweep of thousands delays no hint."""
        now = time.monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_SECONDS
            self._sweep = iter(self.directory.active_roles())
        return [role for _, role in zip(range(SWEEP_SLICE), self._sweep, strict=False)]

    def _has_due(self, role: str) -> bool:
        """Whether the tenant has a row that should have been dispatched by now; True when that cannot be told."""
        bucket, _ = self.directory.find(role)
        if bucket is None or not SCHEMA.match(role):
            return False
        connection = self.servers.connection(bucket)
        try:
            cursor = connection.execute(sql.SQL(_LOOK).format(sql.Identifier(role)))
        except psycopg.Error:
            if connection.closed:
                raise
            connection.execute("ROLLBACK")
            return True
        while cursor.description is None and cursor.nextset():
            pass
        found = cursor.fetchone()
        return found is None or bool(found[0])

    def _broker_ready(self) -> bool:
        if time.monotonic() < self._broker_rest:
            return False
        if self._broker is None:
            self._broker = Broker(self.redis_url, timeout=BROKER_TIMEOUT)
        try:
            self._broker.connect()
        except Exception as error:
            self._lose_broker(error)
            return False
        return True

    def _publish(self, messages: list[Message]) -> int:
        """Send `messages` behind those an outage left over; what cannot be sent is kept for the next round."""
        self._unsent.extend(messages)
        sent = 0
        while self._unsent and self._broker is not None:
            try:
                self._broker.publish([self._unsent[0]])
            except Exception as error:
                self._lose_broker(error)
                break
            self._unsent.popleft()
            sent += 1
        return sent

    def _lose_broker(self, error: Exception) -> None:
        log.warning("relay_broker_away", error=type(error).__name__)
        self._broker_rest = time.monotonic() + BROKER_REST
        if self._broker is not None:
            self._broker.close()
            self._broker = None
