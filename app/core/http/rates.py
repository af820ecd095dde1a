"""How often the API may be asked: by each key, by each person, and by all of a dealership together; counted in Redis.

These limits keep one program from taking the others' share; they guard no secret. So without Redis everybody is
served, uncounted. What slows guessing down (sign-in, second factors, links) is counted in the database instead, and
goes on without Redis.
"""

from __future__ import annotations

import importlib
import time
from dataclasses import dataclass
from typing import Any

import redis
from flask import Flask, Response, current_app, g, request

from app.core.config import Settings
from app.core.db import current_tenant
from app.core.errors import N_, DomainError
from app.core.http.keys import current_key
from app.core.http.sessions import current_visitor
from app.core.http.surface import is_api
from app.core.logging import get_logger

log = get_logger(__name__)

WINDOW_SECONDS = 60
# A Redis that does not answer at once is asked again only after a while: a request waits for it no longer than this.
PATIENCE_SECONDS = 0.25
PAUSE_SECONDS = 5.0
KEY, USER, DEALERSHIP = "key", "user", "dealership"


class TooManyRequests(DomainError):
    """The share of a minute is used up; the answer says when there is more."""

    code = "rate_limited"
    message = N_("Too many requests. Try again in {retry_after} s.")
    status = 429


@dataclass(frozen=True)
class Counted:
    """One limit as it stands after this request; `left` is -1 where the request was beyond it."""

    name: str
    quota: int
    left: int
    reset: int


class Counter:
    """The limits of this process. It keeps no counts: those are in Redis, by dealership."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.redis_url
        self._quotas = {KEY: settings.api_per_key, USER: settings.api_per_user, DEALERSHIP: settings.api_per_tenant}
        self._items: dict[str, Any] | None = None
        self._limiter: Any = None
        self._silent_until = 0.0

    def count(self, names: list[tuple[str, str]]) -> list[Counted]:
        """Count one request against each (limit, whose), as far as the first that is used up: the last one tells.

        Nothing comes back while Redis is away.
        """
        if time.monotonic() < self._silent_until:
            return []
        counted: list[Counted] = []
        try:
            for name, whose in names:
                counted.append(self._hit(name, whose))
                if counted[-1].left < 0:
                    break
        except redis.RedisError as error:
            log.warning("rates_not_counted", error=type(error).__name__)
            self._silent_until = time.monotonic() + PAUSE_SECONDS
            return []
        return counted

    def _hit(self, name: str, whose: str) -> Counted:
        limiter, item = self._prepared(name)
        taken = limiter.hit(item, name, whose)
        stats = limiter.get_window_stats(item, name, whose)
        reset = max(1, round(stats.reset_time - time.time()))
        return Counted(name, self._quotas[name], stats.remaining if taken else -1, min(reset, WINDOW_SECONDS))

    def _prepared(self, name: str) -> tuple[Any, Any]:
        if self._items is None:
            # Loaded by the first request to the API: most processes serve pages alone.
            library, storage = importlib.import_module("limits"), importlib.import_module("limits.storage")
            strategies = importlib.import_module("limits.strategies")
            patience = {"socket_timeout": PATIENCE_SECONDS, "socket_connect_timeout": PATIENCE_SECONDS}
            kept = storage.RedisStorage(self._url, key_prefix="rates", **patience)
            self._limiter = strategies.SlidingWindowCounterRateLimiter(kept)
            self._items = {limit: library.RateLimitItemPerMinute(quota) for limit, quota in self._quotas.items()}
        return self._limiter, self._items[name]


def count() -> None:
    """Count this request to the API against its key or its user, then against the dealership; raises TooManyRequests.

    Who has used up his own share takes nothing from the dealership's.
    """
    if not is_api(request):
        return
    key, visitor = current_key(), current_visitor()
    if key is not None:
        name, own = KEY, key.key_id
    elif visitor is not None:
        name, own = USER, visitor.user_id
    else:
        return
    tenant_id = current_tenant().id
    counter: Counter = current_app.extensions["forecourt_rates"]
    g.rates = counter.count([(name, f"{tenant_id}/{own}"), (DEALERSHIP, tenant_id)])
    if g.rates and g.rates[-1].left < 0:
        raise TooManyRequests(retry_after=g.rates[-1].reset)


def add_headers(response: Response) -> Response:
    """Say how much is left, as draft-ietf-httpapi-ratelimit-headers-11 writes it."""
    counted: list[Counted] = g.get("rates", [])
    if counted:
        response.headers["RateLimit-Policy"] = ", ".join(f'"{c.name}";q={c.quota};w={WINDOW_SECONDS}' for c in counted)
        response.headers["RateLimit"] = ", ".join(f'"{c.name}";r={max(0, c.left)};t={c.reset}' for c in counted)
    return response


def init_app(app: Flask, settings: Settings) -> None:
    """Count with the limits of `settings`."""
    app.extensions["forecourt_rates"] = Counter(settings)
