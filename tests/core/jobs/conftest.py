"""Ground for the tests of the jobs room: tasks that leave countable rows, and a database connection that sees all."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, make_url, select

from app.core.db import db, tenant, transaction
from app.core.jobs.models import Job
from app.core.jobs.outbox import enqueue
from app.core.jobs.relay import Relay
from tests.core.jobs import effects as effect_tasks

# Imported for what it registers.
assert effect_tasks.effect is not None


@pytest.fixture(autouse=True)
def silent_sender(app: Flask) -> Iterator[None]:
    """No message leaves unless a test gives the application a sender."""
    kept = app.extensions.pop("forecourt_sender", None)
    yield
    app.extensions.pop("forecourt_sender", None)
    if kept is not None:
        app.extensions["forecourt_sender"] = kept


@pytest.fixture
def root(admin_url: str, database: str) -> Iterator[psycopg.Connection[Any]]:
    """A superuser's connection, to look and meddle behind the application's back."""
    dsn = make_url(admin_url).set(database=database).render_as_string(hide_password=False)
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def enqueued(app: Flask) -> Callable[..., str]:
    """Enqueue a task in a tenant and commit; returns the row's id as a message carries it."""

    def put(tenant_id: str, task: str = "tests.effect", queue: str = "default", **further: Any) -> str:
        further.setdefault("payload", {"label": "x"})
        with app.app_context(), tenant(tenant_id), transaction():
            return str(enqueue(task, queue=queue, **further))

    return put


@pytest.fixture
def effects(app: Flask) -> Callable[..., int]:
    """How many effects with `label` the tenant has."""

    def count(tenant_id: str, label: str = "x") -> int:
        query = select(func.count()).where(Job.kind == "effect", Job.params["label"].astext == label)
        with app.app_context(), tenant(tenant_id):
            return db.session.execute(query).scalar_one()

    return count


@pytest.fixture
def row(root: psycopg.Connection[Any]) -> Callable[[str, str], dict[str, Any]]:
    """The outbox row of a tenant as the database has it."""

    def read(tenant_id: str, outbox_id: str) -> dict[str, Any]:
        cursor = root.cursor(row_factory=psycopg.rows.dict_row)
        found = cursor.execute(
            f"SELECT *, now() AS clock FROM t_{tenant_id}.core_outbox WHERE id = %s".encode(), [uuid.UUID(outbox_id)]
        )
        return found.fetchone() or {}

    return read


@pytest.fixture
def hurry(root: psycopg.Connection[Any]) -> Callable[..., None]:
    """Let all time-outs of a tenant's rows run out, as if the clock had gone on."""

    def run_out(tenant_id: str) -> None:
        root.execute(
            f"UPDATE t_{tenant_id}.core_outbox SET available_at = now(), next_dispatch_at = now(), "
            "lease_until = CASE WHEN lease_until IS NULL THEN NULL ELSE now() - interval '1 s' END "
            "WHERE done_at IS NULL".encode()
        )
        root.execute("UPDATE platform.outbox_hint SET due_at = now() WHERE tenant_id = %s", [f"t_{tenant_id}"])

    return run_out


@pytest.fixture
def relay(environ: dict[str, str]) -> Iterator[Relay]:
    """A relay on the real servers, to be told when to tick; its first sweep is done."""
    made = Relay({"main": environ["RELAY_DATABASE_URL"]}, environ["REDIS_URL"])
    made._next_sweep = float("inf")
    yield made
    made.servers.close()
