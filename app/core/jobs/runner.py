"""Runs one outbox row: claim it, then its effect and its end in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum

from sqlalchemy.exc import SQLAlchemyError

from app.core.db import current_tenant, find_tenant, platform, tenant, transaction
from app.core.db.scopes import WORKER, time_limits
from app.core.errors import NotFound
from app.core.jobs import claims, jobs, registry
from app.core.jobs.wire import PLATFORM
from app.core.logging import bind, get_logger, unbind

log = get_logger(__name__)

ACTIVE = "active"


class UnknownTask(Exception):
    """No task of that name here: a newer release may know it, so the row waits and tries again."""


class Outcome(StrEnum):
    """What became of one message."""

    DONE = "done"
    FAILED = "failed"
    DEAD = "dead"
    LOST = "lost"
    SKIPPED = "skipped"
    AWAY = "away"


def run(tenant_id: str, outbox_id: str, came_by: str | None = None) -> Outcome:
    """Run the row `outbox_id` of `tenant_id`, if there is such a row and it is its time.

    The row decides everything: a repeated, late, misdirected or invented message changes nothing. When the database
    cannot be reached the answer is AWAY, and the relay finds the row again.
    """
    try:
        key = uuid.UUID(outbox_id)
    except (ValueError, AttributeError, TypeError):
        return _skip("no_row_id")
    with time_limits(WORKER):
        try:
            scope = _scope(tenant_id)
            with scope:
                if find_tenant() is not None and current_tenant().state != ACTIVE:
                    return _skip("tenant_not_active")
                with _named(tenant_id, outbox_id):
                    return _run_row(key, came_by)
        except NotFound:
            return _skip("tenant_unknown")
        except SQLAlchemyError as error:
            log.warning("database_away", error=claims.describe(error))
            return Outcome.AWAY


def _scope(tenant_id: str) -> AbstractContextManager[object]:
    return platform() if tenant_id == PLATFORM else tenant(tenant_id)


def _run_row(outbox_id: uuid.UUID, came_by: str | None) -> Outcome:
    with transaction():
        claimed = claims.claim(outbox_id, came_by)
        if isinstance(claimed, claims.Died):
            _after_death(claimed)
    if claimed is None:
        return Outcome.SKIPPED
    if isinstance(claimed, claims.Died):
        log.error("task_dead", error=claimed.error)
        return Outcome.DEAD
    bind(task=claimed.task, request_id=claimed.request_id)
    token = registry._run.set(registry.Run(claimed.outbox_id, claimed.attempt))
    try:
        _perform(claimed)
    except claims.LeaseLost:
        log.warning("task_lease_lost", attempt=claimed.attempt)
        return Outcome.LOST
    except Exception as error:
        return _failed(claimed, error)
    finally:
        registry._run.reset(token)
    log.info("task_done", attempt=claimed.attempt)
    return Outcome.DONE


def _perform(claimed: claims.Claim) -> None:
    spec = registry.find_task(claimed.task)
    if spec is None or spec.queue != claimed.queue:
        raise UnknownTask
    if spec.own_transactions:
        spec.function(claimed.payload)
        with transaction():
            claims.finish(claimed)
        return
    with transaction():
        spec.function(claimed.payload)
        claims.finish(claimed)


def _failed(claimed: claims.Claim, error: Exception) -> Outcome:
    described = claims.describe(error)
    try:
        with transaction():
            died = claims.fail(claimed, described)
            if died is not None:
                _after_death(died)
    except claims.LeaseLost:
        return Outcome.LOST
    if died is not None:
        log.error("task_dead", error=described, attempt=claimed.attempt)
        return Outcome.DEAD
    log.warning("task_failed", error=described, attempt=claimed.attempt)
    return Outcome.FAILED


def _after_death(died: claims.Died) -> None:
    """A job whose step has died will not go on by itself, and must not look as if it did."""
    job_id = died.payload.get("job_id")
    if job_id is not None and find_tenant() is not None:
        jobs.fail_job(uuid.UUID(str(job_id)), died.error)


@contextmanager
def _named(tenant_id: str, outbox_id: str) -> Iterator[None]:
    """Bind what every log line of this run should carry."""
    bind(tenant=tenant_id, outbox_id=outbox_id)
    try:
        yield
    finally:
        unbind("tenant", "outbox_id", "task", "request_id")


def _skip(reason: str) -> Outcome:
    log.info("message_ignored", reason=reason)
    return Outcome.SKIPPED
