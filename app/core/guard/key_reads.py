"""What API keys read: counted in Redis by dealership, key, day and resource, and fetched from there once a minute.

A read writes nothing to the database. Counts wait in Redis until the use of their key is noted the next time, at least
a minute after the last, or until the night; whoever shows them adds what waits. So a Redis that is lost takes along
what a key has read since then and nothing else, and one that is away leaves reads uncounted instead of making them
wait.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

import redis
from flask import Flask, current_app

from app.core import clock
from app.core.config import Settings
from app.core.db import current_tenant
from app.core.logging import get_logger

log = get_logger(__name__)

PATIENCE_SECONDS = 0.25
PAUSE_SECONDS = 5.0
# Counts nobody fetched: of a key that was used for a moment and never again, at a dealership whose nights do not run.
KEPT_SECONDS = 30 * 86_400

# (day at the dealership, resource) -> how often it was read.
Counts = Mapping[tuple[date, str], int]


class Reads:
    """The counts of this process's requests on their way to Redis; it keeps none itself."""

    def __init__(self, url: str) -> None:
        limits = {"socket_timeout": PATIENCE_SECONDS, "socket_connect_timeout": PATIENCE_SECONDS}
        self._client = redis.Redis.from_url(url, decode_responses=True, **limits)
        self._silent_until = 0.0

    def send(self, *commands: tuple[Any, ...]) -> list[Any]:
        """What Redis answers to the commands, all carried out together; nothing while it is away."""
        if time.monotonic() < self._silent_until:
            return []
        try:
            with self._client.pipeline(transaction=True) as pipeline:
                for command in commands:
                    pipeline.execute_command(*command)  # type: ignore[no-untyped-call]
                return list(pipeline.execute())
        except redis.RedisError as error:
            log.warning("key_reads_not_counted", error=type(error).__name__)
            self._silent_until = time.monotonic() + PAUSE_SECONDS
            return []


def init_app(app: Flask, settings: Settings) -> None:
    """Count in the Redis of `settings`."""
    app.extensions["forecourt_key_reads"] = Reads(settings.redis_url)


def place_of(key_id: uuid.UUID, resource: str) -> tuple[str, str]:
    """Where a read of `resource` is counted: the name in Redis, and the field that says today and what.

    Today is what the dealership's calendar says.
    """
    return _name(key_id), f"{clock.today(current_tenant().timezone).isoformat()}/{resource}"


def take_back(place: tuple[str, str]) -> None:
    """What was counted there when the request began, by `http/rates.py`, was refused after all."""
    _reads().send(("HINCRBY", *place, -1), ("EXPIRE", place[0], KEPT_SECONDS))


def take_reads(key_id: uuid.UUID) -> Counts:
    """What waits of the key, which is then no longer there: for whoever writes it down."""
    name = _name(key_id)
    return _counts(_reads().send(("HGETALL", name), ("DEL", name)))


def waiting_reads(key_id: uuid.UUID) -> Counts:
    """What waits of the key, left where it is."""
    return _counts(_reads().send(("HGETALL", _name(key_id))))


def _reads() -> Reads:
    found: Reads = current_app.extensions["forecourt_key_reads"]
    return found


def _name(key_id: uuid.UUID) -> str:
    return f"t:{current_tenant().id}:reads:{key_id}"


def _counts(answers: list[Any]) -> Counts:
    found: dict[tuple[date, str], int] = {}
    for field, number in (answers[0] if answers else {}).items():
        day, _, resource = field.partition("/")
        if int(number):
            found[date.fromisoformat(day), resource] = int(number)
    return found
