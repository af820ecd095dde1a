"""The SQLAlchemy dialect that sets role, path and time-outs inside the BEGIN message itself."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import pq
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from app.core.db import scopes

IDLE, INTRANS = pq.TransactionStatus.IDLE, pq.TransactionStatus.INTRANS
COMMAND_OK = pq.ExecStatus.COMMAND_OK


class ExtendedCursor(psycopg.Cursor[Any]):
    """A cursor that sends every statement, COPY included, by the extended protocol.

    The extended protocol refuses more than one command in a message, so a fragment injected into a statement
    cannot stack `SET ROLE` behind it. `_execute_send` is a private hook of psycopg 3.3, which is pinned for it;
    the attack test fails when the hook is gone.
    """

    def _execute_send(self, query: Any, *, force_extended: bool = False, binary: bool | None = None) -> None:
        super()._execute_send(query, force_extended=True, binary=binary)


CONNECT_ARGS: dict[str, Any] = {
    # The driver must not begin transactions by itself: the dialect does, with the tenant in the same message.
    "autocommit": True,
    "prepare_threshold": None,
    "cursor_factory": ExtendedCursor,
    "connect_timeout": 5,
    "application_name": "forecourt",
}


class ForecourtDialect(PGDialect_psycopg):
    """psycopg 3 with the current scope's role, path and time-outs set at every BEGIN, in one round trip."""

    supports_statement_cache = True

    def do_begin(self, dbapi_connection: Any) -> None:
        """Open a transaction in the current scope; raises NoScope before anything is sent without one."""
        message = scopes.begin_message()
        try:
            _send(dbapi_connection, message)
        except psycopg.Error:
            if dbapi_connection.pgconn.transaction_status != IDLE:
                dbapi_connection.rollback()
            raise

    def do_commit(self, dbapi_connection: Any) -> None:
        """Commit, or raise when there is no healthy transaction to commit: a write is never lost in silence."""
        status = dbapi_connection.pgconn.transaction_status
        if status != INTRANS:
            name = pq.TransactionStatus(status).name
            raise psycopg.OperationalError(f"there is no open transaction to commit (status {name})")
        dbapi_connection.commit()

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Roll back only what is open: the pool resets a connection at every return."""
        if dbapi_connection.pgconn.transaction_status != IDLE:
            _send(dbapi_connection, b"ROLLBACK")

    def do_begin_twophase(self, connection: Any, xid: Any) -> None:
        """Two tenants in one transaction are not a thing here."""
        raise psycopg.NotSupportedError("two-phase commit is not supported")

    def set_isolation_level(self, dbapi_connection: Any, level: Any) -> None:
        """Isolation is chosen by constraints and locks, never per connection."""
        raise psycopg.NotSupportedError("isolation levels are not changed")


def _send(dbapi_connection: Any, command: bytes) -> None:
    """Run BEGIN or ROLLBACK straight through libpq: every read has one of each, and the driver's own way costs more."""
    result = dbapi_connection.pgconn.exec_(command)
    if result.status != COMMAND_OK:
        raise psycopg.errors.error_from_result(result, encoding="utf-8")


registry.register("postgresql.forecourt", "app.core.db.dialect", "ForecourtDialect")
