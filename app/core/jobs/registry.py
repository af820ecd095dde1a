"""The tasks of this process by name, and what a running task may know about its own run."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from app.core.jobs.queues import QueueName

Payload = Mapping[str, Any]
TaskFunction = Callable[[Payload], None]

NAME_SHAPE: Final = re.compile(r"^[a-z_]+\.[a-z][a-z0-9_]+$")


@dataclass(frozen=True)
class TaskSpec:
    """One task: `function(payload)` runs in its tenant's scope.

    Normally it runs in one transaction with the fence and commits nothing itself. With `own_transactions` it opens
    its own (or none), and must bear running again: it is for effects outside the database and for DDL.
    """

    name: str
    queue: QueueName
    function: TaskFunction
    own_transactions: bool = False


_TASKS: dict[str, TaskSpec] = {}


def task(name: str, *, queue: str, own_transactions: bool = False) -> Callable[[TaskFunction], TaskFunction]:
    """Register the decorated function as the task `name` (`<module>.<verb_object>`) of `queue`."""
    if not NAME_SHAPE.match(name):
        raise ValueError(f"{name!r} is not <module>.<verb_object>")

    def register(function: TaskFunction) -> TaskFunction:
        spec = TaskSpec(name, QueueName(queue), function, own_transactions)
        known = _TASKS.setdefault(name, spec)
        if known.function.__qualname__ != function.__qualname__ or known.function.__module__ != function.__module__:
            raise ValueError(f"the task {name} is registered twice")
        _TASKS[name] = spec
        return function

    return register


def find_task(name: str) -> TaskSpec | None:
    """The task `name` if this process knows it."""
    return _TASKS.get(name)


def registered() -> Mapping[str, TaskSpec]:
    """Every task of this process by name."""
    return MappingProxyType(_TASKS)


@dataclass(frozen=True)
class Run:
    """The run of an outbox row; `outbox_id` is the idempotency key of effects outside the database."""

    outbox_id: uuid.UUID
    attempt: int


_run: ContextVar[Run | None] = ContextVar("forecourt_run", default=None)


def current_run() -> Run:
    """The run this code belongs to; raises LookupError outside a task."""
    run = _run.get()
    if run is None:
        raise LookupError("this is not running as a task")
    return run
