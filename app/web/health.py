"""Whether this process can serve: database, Redis and schema version, each asked anew."""

from __future__ import annotations

from typing import Any

import redis
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.core.db import db, platform, revisions
from app.core.http.sessions import settings
from app.core.logging import get_logger

log = get_logger(__name__)
PATIENCE_SECONDS = 1.0


def look() -> dict[str, Any]:
    """The report of `/readyz`: `ok`, `degraded` (Redis is away, people keep working) or `unavailable`."""
    report: dict[str, Any] = {"database": _database(), "redis": _redis()}
    report["schema"] = _schema() if report["database"] == "ok" else "unknown"
    if report["database"] != "ok" or report["schema"] != "ok":
        report["status"] = "unavailable"
    else:
        report["status"] = "ok" if report["redis"] == "ok" else "degraded"
    return report


def _database() -> str:
    try:
        with platform():
            db.session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        log.warning("readiness_database", error=type(error).__name__)
        return "down"
    return "ok"


def _schema() -> str:
    """Whether the platform's own tables are at the version this code was written for."""
    try:
        with platform():
            found = db.session.execute(text("SELECT version_num FROM platform.alembic_version")).scalar_one_or_none()
            return "ok" if found == revisions.head("platform") else "outdated"
    except SQLAlchemyError as error:
        log.warning("readiness_schema", error=type(error).__name__)
        return "unknown"


def _redis() -> str:
    client = redis.Redis.from_url(
        settings().redis_url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
    )
    try:
        client.ping()
    except redis.RedisError as error:
        log.warning("readiness_redis", error=type(error).__name__)
        return "down"
    finally:
        client.close()
    return "ok"
