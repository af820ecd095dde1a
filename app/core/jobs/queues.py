"""The queues by purpose, which process consumes each, and how many slots of each one tenant may hold."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class QueueName(StrEnum):
    """Every queue there is."""

    DEFAULT = "default"
    METRICS = "metrics"
    IMPORTS = "imports"
    EXPORTS = "exports"
    NOTIFY = "notify"
    AUDIT = "audit"
    OPS = "ops"


# Worker process -> the queues it consumes. The launcher builds its commands from this table, and a test checks that
# no queue is left without a consumer. `ops` holds the migrator's address and runs DDL; nothing else takes its queue.
# The audit is sealed by whichever process is free, so that no long step of another keeps it waiting.
CONSUMERS: Final[Mapping[str, tuple[QueueName, ...]]] = MappingProxyType(
    {
        "worker": (
            *(QueueName.DEFAULT, QueueName.METRICS, QueueName.IMPORTS, QueueName.EXPORTS, QueueName.NOTIFY),
            QueueName.AUDIT,
        ),
        "ops": (QueueName.OPS, QueueName.AUDIT),
    }
)

# How many rows of one queue a tenant may have under way at once, so that it cannot starve the others.
SLOTS: Final[Mapping[str, int]] = MappingProxyType(
    {
        QueueName.DEFAULT: 4,
        QueueName.METRICS: 2,
        QueueName.IMPORTS: 1,
        QueueName.EXPORTS: 2,
        QueueName.NOTIFY: 4,
        QueueName.AUDIT: 1,
        QueueName.OPS: 1,
    }
)


def queue_list(process: str) -> str:
    """The argument of `celery worker -Q` for `process`."""
    return ",".join(CONSUMERS[process])
