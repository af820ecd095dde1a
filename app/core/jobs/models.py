"""What this room stores in each tenant's schema: outbox rows, ticks that have fired, jobs."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Index, Integer, String, Text, Uuid, false, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, Identified, Instant

PENDING = "done_at IS NULL AND dead_at IS NULL"
# A row that has started no longer stands for new ones: it may have read the data before they changed.
FRESH = f"{PENDING} AND attempts = 0 AND dedupe_key IS NOT NULL"


class Outbox(Identified, db.Model):
    """One effect owed: written with the change that owes it, done in one transaction with `done_at`."""

    __tablename__ = "core_outbox"
    __table_args__ = (
        Index("ix_core_outbox_pending", "next_dispatch_at", postgresql_where=text(PENDING)),
        Index("ix_core_outbox_leased", "queue", "lease_until", postgresql_where=text(PENDING)),
        Index("ix_core_outbox_deferred", "queue", "id", postgresql_where=text(f"{PENDING} AND deferred")),
        Index("ix_core_outbox_done_at", "done_at", postgresql_where=text("done_at IS NOT NULL")),
        Index("ix_core_outbox_dedupe", "dedupe_key", postgresql_where=text(FRESH)),
    )

    task: Mapped[str] = mapped_column(String(80), nullable=False, info=INTERNAL)
    queue: Mapped[str] = mapped_column(String(20), nullable=False, info=INTERNAL)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, server_default="{}", info=INTERNAL)
    dedupe_key: Mapped[str | None] = mapped_column(String(120), nullable=True, info=INTERNAL)
    available_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    next_dispatch_at: Mapped[datetime] = mapped_column(
        Instant, nullable=False, server_default=func.now(), info=INTERNAL
    )
    dispatches: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", info=INTERNAL)
    deferred: Mapped[bool] = mapped_column(Boolean, nullable=False, server_default=false(), info=INTERNAL)
    attempts: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", info=INTERNAL)
    max_attempts: Mapped[int] = mapped_column(Integer, nullable=False, server_default="8", info=INTERNAL)
    lease_until: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)
    done_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)
    dead_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)
    last_error: Mapped[str | None] = mapped_column(Text, nullable=True, info=INTERNAL)
    request_id: Mapped[str | None] = mapped_column(String(64), nullable=True, info=INTERNAL)
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)


class Tick(db.Model):
    """A beat's slot that has fired for this tenant; the primary key makes it fire once."""

    __tablename__ = "core_ticks"

    job: Mapped[str] = mapped_column(String(60), primary_key=True, info=INTERNAL)
    slot: Mapped[str] = mapped_column(String(40), primary_key=True, info=INTERNAL)
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)


class JobState(StrEnum):
    """Where a long piece of work stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTLY_FAILED = "partly_failed"
    FAILED = "failed"
    CANCELED = "canceled"
    STALLED = "stalled"


# A stalled job may still go on: its step only has to come back.
OPEN_STATES = (JobState.QUEUED, JobState.RUNNING, JobState.STALLED)


class Job(Identified, db.Model):
    """A long piece of work that people can watch and cancel: steps of at most a minute, one transaction each.

    No version counter: a cancel while a step runs must neither wait for the step nor make it fail.
    """

    __tablename__ = "core_jobs"
    __table_args__ = (
        CheckConstraint(
            "state in ({})".format(", ".join(f"'{state}'" for state in JobState)),
            name="state_known",
        ),
        CheckConstraint("progress_done >= 0 AND progress_total >= 0", name="progress_positive"),
        Index("ix_core_jobs_kind_created_at", "kind", "created_at"),
        Index("ix_core_jobs_created_by", "created_by", "created_at"),
    )

    kind: Mapped[str] = mapped_column(String(60), nullable=False, info=INTERNAL)
    task: Mapped[str] = mapped_column(String(80), nullable=False, info=INTERNAL)
    queue: Mapped[str] = mapped_column(String(20), nullable=False, info=INTERNAL)
    state: Mapped[str] = mapped_column(String(16), nullable=False, server_default=JobState.QUEUED, info=INTERNAL)
    progress_done: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", info=INTERNAL)
    progress_total: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", info=INTERNAL)
    heartbeat_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)
    checkpoint: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, server_default="{}", info=INTERNAL)
    params: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, server_default="{}", info=INTERNAL)
    result: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, server_default="{}", info=INTERNAL)
    cancel_requested: Mapped[bool] = mapped_column(Boolean, nullable=False, server_default=false(), info=INTERNAL)
    created_by: Mapped[uuid.UUID | None] = mapped_column(Uuid, nullable=True, info=INTERNAL)
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    finished_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)
