"""How Celery is set: late acknowledgement, one message at a time, limits in the order the outbox relies on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

from kombu import Exchange, Queue

from app.core.jobs.queues import QueueName
from app.core.jobs.wire import KEY_PREFIX, TICK_TASK
from worker.environment import read

# The order must hold: task limit < lease (app.core.jobs.timing) < visibility time-out.
TASK_TIME_LIMIT: Final = 300
VISIBILITY_TIMEOUT: Final = 900
BEAT_SECONDS: Final = 30.0


def load(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The settings, with the broker of `environ`; beat starts with nothing else in its environment."""
    return {
        "broker_url": read(environ, "REDIS_URL"),
        "broker_connection_retry_on_startup": True,
        "broker_transport_options": {
            "global_keyprefix": KEY_PREFIX,
            "visibility_timeout": VISIBILITY_TIMEOUT,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_timeout": 10,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
        },
        "task_queues": tuple(Queue(name.value, Exchange("", type="direct"), name.value) for name in QueueName),
        "task_default_queue": QueueName.DEFAULT.value,
        "task_default_exchange": "",
        "task_default_routing_key": QueueName.DEFAULT.value,
        "task_create_missing_queues": False,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_time_limit": TASK_TIME_LIMIT,
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "worker_prefetch_multiplier": 1,
        "worker_soft_shutdown_timeout": 30.0,
        "worker_max_tasks_per_child": 1000,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_send_task_events": False,
        "enable_utc": True,
        # Nothing to remember: a tick says "look at the table", and the database knows which slots are closed.
        "beat_scheduler": "celery.beat:Scheduler",
        "beat_schedule": {
            "tick": {"task": TICK_TASK, "schedule": BEAT_SECONDS, "options": {"queue": "default", "expires": 300}},
        },
    }

