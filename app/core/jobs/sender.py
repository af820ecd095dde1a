"""The producer of the web and the worker: tells the broker after the commit, within 100 ms, and never complains."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from typing import Final

from flask import Flask, current_app

from app.core.jobs.wire import Broker, Message
from app.core.logging import get_logger

log = get_logger(__name__)

SOCKET_TIMEOUT: Final = 0.1
REST_AFTER_FAILURE: Final = 1.0
LOG_EVERY: Final = 60.0
# More rows than this from one transaction leave in the relay's batches, which are fair between tenants.
MAX_PER_COMMIT: Final = 50


class Sender:
    """Sends when it can. A failure costs one time-out, then a second of rest; the relay brings what was not sent."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._broker: Broker | None = None
        self._pid = 0
        self._lock = threading.Lock()
        self._rest_until = 0.0
        self._logged_at = float("-inf")

    def warm(self) -> None:
        """Connect now; a broker that is down is the relay's business."""
        self.send(())

    def send(self, messages: Sequence[Message]) -> int:
        """Publish up to MAX_PER_COMMIT of `messages`; returns how many went out. Raises nothing."""
        if time.monotonic() < self._rest_until or not self._lock.acquire(timeout=SOCKET_TIMEOUT):
            return 0
        try:
            broker = self._own_broker()
            broker.connect()
            return broker.publish(messages[:MAX_PER_COMMIT])
        except Exception as error:
            self._fail(error)
            return 0
        finally:
            self._lock.release()

    def _own_broker(self) -> Broker:
        """This process's connection: one made before a fork would be two processes on one socket."""
        if self._broker is None or self._pid != os.getpid():
            self._broker = Broker(self.url, timeout=SOCKET_TIMEOUT)
            self._pid = os.getpid()
        return self._broker

    def _fail(self, error: Exception) -> None:
        now = time.monotonic()
        self._rest_until = now + REST_AFTER_FAILURE
        if self._broker is not None:
            self._broker.close()
            self._broker = None
        if now - self._logged_at >= LOG_EVERY:
            self._logged_at = now
            log.warning("broker_not_reached", error=type(error).__name__)


def init_app(app: Flask, redis_url: str) -> None:
    """Give `app` its sender. Without this call nothing is sent after commits and the relay does all of it."""
    app.extensions["forecourt_sender"] = Sender(redis_url)


def warm(app: Flask) -> None:
    """Connect this process's sender: called where requests or tasks are about to be served, after any fork."""
    sender: Sender | None = app.extensions.get("forecourt_sender")
    if sender is not None:
        sender.warm()


def send(messages: Sequence[Message]) -> int:
    """Send through the application's sender, if it has one; returns how many messages went out."""
    sender: Sender | None = current_app.extensions.get("forecourt_sender")
    return sender.send(messages) if sender is not None else 0
