"""How often the API may be asked: by each key, by each person, and by all of a dealership together; counted in Redis.

These limits keep one program from taking the others' share; they guard no secret. So without Redis everybody is
served, uncounted. What slows guessing down (sign-in, second factors, links) is counted in the database instead, and
goes on without Redis.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis
from flask import Flask, Response, current_app, g, request

from app.core.config import Settings
from app.core.db import current_tenant
from app.core.errors import N_, DomainError
from app.core.guard import key_reads
from app.core.http.keys import count_as_read, current_key
from app.core.http.sessions import current_visitor
from app.core.http.surface import is_api
from app.core.logging import get_logger

log = get_logger(__name__)

WINDOW_SECONDS = 60
WINDOW = WINDOW_SECONDS * 1_000_000
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


# A limit's requests in this minute and in the one before, which fades as this one goes by. All limits of a request are
# counted in one round trip, narrowest first and no further than the first that is used up; then, when none was, a read
# of its key. The clock is Redis' own, so that all processes mean the same minute.
# KEYS: the limits, then perhaps the reads of the key. ARGV: the window in microseconds, the number of limits, their
# quotas, then perhaps what was read and for how many seconds that is kept.
SCRIPT = """
local window, limits = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local at = time[1] * 1000000 + time[2]
local number = math.floor(at / window)
local into = at - number * window
local told = {into}
for n = 1, limits do
  local kept, now, before = redis.call('GET', KEYS[n]), 0, 0
  if kept then
    local last, count, older = string.match(kept, '(%d+) (%d+) (%d+)')
    if tonumber(last) == number then
      now, before = tonumber(count), tonumber(older)
    elseif tonumber(last) == number - 1 then
      before = tonumber(count)
    end
  end
  local taken = now + math.floor(before * (window - into) / window) < tonumber(ARGV[2 + n])
  if taken then
    now = now + 1
    redis.call('SET', KEYS[n], string.format('%d %d %d', number, now, before), 'PX', math.floor(window / 500))
  end
  table.insert(told, taken and 1 or 0)
  table.insert(told, now)
  table.insert(told, before)
  if not taken then
    return told
  end
end
if KEYS[limits + 1] then
  redis.call('HINCRBY', KEYS[limits + 1], ARGV[limits + 3], 1)
  redis.call('EXPIRE', KEYS[limits + 1], ARGV[limits + 4])
end
return told
"""


class Counter:
    """The limits of this process. It keeps no counts: those are in Redis, by dealership."""

    def __init__(self, settings: Settings) -> None:
        self._quotas = {KEY: settings.api_per_key, USER: settings.api_per_user, DEALERSHIP: settings.api_per_tenant}
        patience = {"socket_timeout": PATIENCE_SECONDS, "socket_connect_timeout": PATIENCE_SECONDS}
        self._script = redis.Redis.from_url(settings.redis_url, **patience).register_script(SCRIPT)
        self._silent_until = 0.0

    def count(self, limits: Mapping[str, str], read: tuple[str, str] | None = None) -> list[Counted]:
        """Count one request against each limit, by the key it is kept under; and a read of an API key with it.

        The last one told is the first that is used up. Nothing comes back while Redis is away.
        """
        if time.monotonic() < self._silent_until:
            return []
        quotas = [self._quotas[name] for name in limits]
        # Another quota begins anew: processes that are started with it do not judge by what others allowed.
        keys = [f"{key}:{quota}" for key, quota in zip(limits.values(), quotas, strict=True)]
        told: list[Any] = [WINDOW, len(limits), *quotas]
        if read is not None:
            keys.append(read[0])
            told += [read[1], key_reads.KEPT_SECONDS]
        try:
            return read_answer(dict(zip(limits, quotas, strict=True)), self._script(keys, told))
        except redis.RedisError as error:
            log.warning("rates_not_counted", error=type(error).__name__)
            self._silent_until = time.monotonic() + PAUSE_SECONDS
            return []


def read_answer(quotas: Mapping[str, int], answer: Sequence[int]) -> list[Counted]:
    """What the script said of each limit, as far as it went."""
    into, *parts = answer
    return [
        Counted(name, quota, *_left(quota, into, *parts[at : at + 3]))
        for (name, quota), at in zip(quotas.items(), range(0, len(parts), 3), strict=False)
    ]


def _left(quota: int, into: int, taken: int, now: int, before: int) -> tuple[int, int]:
    """How many requests are left (-1 for one that was refused), and in how many seconds there is one more."""
    fading = before * (WINDOW - into) / WINDOW
    if taken:
        # Those of the minute before drop out one by one; without them the first do when this minute is over.
        wait = (fading % 1 or 1.0) * WINDOW / before if before else WINDOW - into
        return quota - now - int(fading), _seconds(wait)
    if now < quota:
        return -1, _seconds(WINDOW - (quota - now) * WINDOW / before - into)
    return -1, _seconds(WINDOW - into + max(0.0, WINDOW - quota * WINDOW / now))


def _seconds(wait: float) -> int:
    return min(max(1, math.ceil(wait / 1_000_000)), WINDOW_SECONDS)


def count() -> None:
    """Count this request to the API against its key or its user, then against the dealership; raises TooManyRequests.

    Who has used up his own share takes nothing from the dealership's. A key's read is counted in the same breath.
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
    start, read = f"t:{current_tenant().id}:rates:", count_as_read()
    counter: Counter = current_app.extensions["forecourt_rates"]
    g.rates = counter.count({name: f"{start}{name}:{own}", DEALERSHIP: f"{start}all"}, read)
    if g.rates and g.rates[-1].left < 0:
        raise TooManyRequests(retry_after=g.rates[-1].reset)
    if g.rates and read is not None:
        g.read_counted = read


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
