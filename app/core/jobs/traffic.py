"""How often each dealership asks: counted in the process and added to Redis about once a minute, for the console.

No request writes for it. What a process has counted since it last told is lost when it is killed, or while Redis is
away; these are figures of usage, not of account.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import date, timedelta

import redis
from flask import Flask, Response, current_app

from app.core import clock
from app.core.config import Settings
from app.core.db import find_tenant
from app.core.logging import get_logger

log = get_logger(__name__)

TELL_SECONDS = 60.0
PATIENCE_SECONDS = 0.25
KEPT = timedelta(days=3)


class Traffic:
    """The counts of this process since it last told Redis, by dealership."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.redis_url
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()
        self._told_at = time.monotonic()

    def count(self, tenant_id: str) -> None:
        """Count one request; once a minute the request that comes first tells Redis of all."""
        with self._lock:
            self._counts[tenant_id] = self._counts.get(tenant_id, 0) + 1
            if time.monotonic() - self._told_at < TELL_SECONDS:
                return
        self.tell()

    def tell(self) -> None:
        """Add what was counted to Redis, in one round trip, and begin anew whatever comes of it."""
        with self._lock:
            counts, self._counts = self._counts, {}
            self._told_at = time.monotonic()
        today = clock.now().date()
        try:
            with _client(self._url, PATIENCE_SECONDS) as client, client.pipeline(transaction=False) as pipeline:
                for tenant_id, number in counts.items():
                    pipeline.incrby(_key(tenant_id, today), number)
                    pipeline.expire(_key(tenant_id, today), KEPT)
                pipeline.execute()
        except redis.RedisError as error:
            log.warning("traffic_not_told", error=type(error).__name__, requests=sum(counts.values()))


def asked_lately(redis_url: str, tenant_ids: Sequence[str]) -> list[int]:
    """How often each of these dealerships has asked since the beginning of yesterday (UTC); 0 while Redis is away."""
    today = clock.now().date()
    days = (today, today - timedelta(days=1))
    if not tenant_ids:
        return []
    try:
        with _client(redis_url, 5.0) as client:
            found = client.mget([_key(tenant_id, day) for tenant_id in tenant_ids for day in days])
    except redis.RedisError as error:
        log.warning("traffic_not_read", error=type(error).__name__)
        return [0] * len(tenant_ids)
    numbers = [int(value or 0) for value in found]
    return [sum(numbers[at : at + len(days)]) for at in range(0, len(numbers), len(days))]


def count(response: Response) -> Response:
    """Count the request that is answered here, when it was a dealership's."""
    tenant = find_tenant()
    if tenant is not None:
        traffic: Traffic = current_app.extensions["forecourt_traffic"]
        traffic.count(tenant.id)
    return response


def init_app(app: Flask, settings: Settings) -> None:
    """Count what `app` is asked."""
    app.extensions["forecourt_traffic"] = Traffic(settings)
    app.after_request(count)


def _client(url: str, patience: float) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=patience, socket_connect_timeout=patience)


def _key(tenant_id: str, day: date) -> str:
    return f"t:{tenant_id}:requests:{day.isoformat()}"
