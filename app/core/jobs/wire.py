"""What goes over the broker: Celery messages that hold two ids and nothing else."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from kombu.connection import Connection
from kombu.messaging import Producer

KEY_PREFIX: Final = "q:"
RUN_TASK: Final = "forecourt.run"
TICK_TASK: Final = "forecourt.tick"
# Stands where a tenant's id would; no tenant can have it, because theirs are twelve characters long.
PLATFORM: Final = "platform"


@dataclass(frozen=True)
class Message:
    """One row to run: which tenant, which outbox row, by which queue."""

    tenant_id: str
    outbox_id: str
    queue: str


class Broker:
    """One connection for publishing; not to be shared by threads or carried over a fork.

    Messages go by the nameless exchange straight to the queue's list, so a wiped broker has no binding to miss.
    """

    def __init__(self, url: str, *, timeout: float) -> None:
        connect: Any = Connection
        self.connection: Any = connect(
            url,
            connect_timeout=timeout,
            transport_options={
                "global_keyprefix": KEY_PREFIX,
                "socket_timeout": timeout,
                "socket_connect_timeout": timeout,
                "socket_keepalive": True,
                "retry_on_timeout": False,
                "max_retries": 0,
            },
        )
        self._producer: Any = None

    def connect(self) -> None:
        """Connect now, so that the first message does not pay for it."""
        if self._producer is None:
            produce: Any = Producer
            self._producer = produce(self.connection.default_channel, serializer="json")

    def publish(self, messages: Iterable[Message]) -> int:
        """Send `messages` once each, without retrying; returns how many were sent before anything raised."""
        self.connect()
        sent = 0
        for message in messages:
            self._publish(message)
            sent += 1
        return sent

    def _publish(self, message: Message) -> None:
        message_id = str(uuid.uuid4())
        args = [message.tenant_id, message.outbox_id]
        self._producer.publish(
            [args, {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}],
            exchange="",
            routing_key=message.queue,
            retry=False,
            correlation_id=message_id,
            headers=_headers(message_id, args),
        )

    def close(self) -> None:
        """Forget the connection without waiting for the other side."""
        self._producer = None
        with contextlib.suppress(Exception):
            self.connection.collect(socket_timeout=0.05)


def _headers(message_id: str, args: list[str]) -> dict[str, Any]:
    """The headers of Celery's message protocol 2."""
    return {
        "lang": "py", "task": RUN_TASK, "id": message_id, "root_id": message_id, "parent_id": None, "group": None,
        "shadow": None, "eta": None, "expires": None, "retries": 0, "timelimit": [None, None],
        "argsrepr": repr(args), "kwargsrepr": "{}", "ignore_result": True,
    }  # fmt: skip
