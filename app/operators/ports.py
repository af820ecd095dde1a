"""What lies outside the console's rows: the broker's lists, the picture of a second factor's secret, addresses."""

from __future__ import annotations

import importlib
from typing import Any

import redis

from app.core.db.tenancy import current_settings
from app.core.jobs.queues import QueueName
from app.core.jobs.wire import KEY_PREFIX

PATIENCE_SECONDS = 1.0


def queue_lengths() -> dict[str, int] | None:
    """How many messages lie in each queue of the broker; None when it does not answer."""
    try:
        with _redis() as client, client.pipeline(transaction=False) as pipeline:
            for queue in QueueName:
                pipeline.llen(f"{KEY_PREFIX}{queue.value}")
            return dict(zip((queue.value for queue in QueueName), pipeline.execute(), strict=True))
    except redis.RedisError:
        return None


def _redis() -> redis.Redis:
    limits = {"socket_timeout": PATIENCE_SECONDS, "socket_connect_timeout": PATIENCE_SECONDS}
    return redis.Redis.from_url(current_settings().redis_url, **limits)


def picture_of(text: str) -> str:
    """`text` as a QR code, as an address of an image that holds all of it."""
    # Loaded by the first who begins as an operator: few processes ever need to draw one.
    segno: Any = importlib.import_module("segno")
    return str(segno.make(text, error="m").svg_data_uri(scale=5, border=2, dark="#000", light="#fff"))


def url_at(host: str, path: str) -> str:
    """An address at a host of ours: scheme and port come from the settings, never from a request."""
    config = current_settings()
    usual = 443 if config.public_scheme == "https" else 80
    port = "" if config.public_port == usual else f":{config.public_port}"
    return f"{config.public_scheme}://{host}{port}{path}"


def console_url(path: str) -> str:
    """An address at the console."""
    return url_at(f"operator.{current_settings().base_host}", path)
