"""What a worker process does around a task: its Flask application, made after the fork, and its signals."""

from __future__ import annotations

import functools
import gc
import os
import time
from typing import Any

from celery import signals
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import configure_mappers

from app.core import logging
from app.core.db.session import dispose_engines
from app.core.jobs import runner, sender, ticks
from app.factory import create_app
from worker import schedule, tasks
from worker.memory import give_back

log = logging.get_logger(__name__)

# While the database is away a worker must not rush through its queue, turning every message down.
AWAY_SECONDS = 1.0
# A row that took longer has met much of a dealership, and so have its connections.
LONG_SECONDS = 2.0


def connect_signals() -> None:
    """Have Celery leave logging to us, and each child make its application before its first message."""
    signals.setup_logging.connect(_set_up_logging, weak=False)
    signals.worker_init.connect(_settle_parent, weak=False)
    signals.worker_process_init.connect(_start_child, weak=False)


def run_row(tenant_id: str, outbox_id: str, came_by: str | None) -> str:
    """Run one outbox row in this process's application; the answer is for the log alone."""
    begun = time.monotonic()
    with application().app_context():
        outcome = runner.run(tenant_id, outbox_id, came_by)
    if time.monotonic() - begun > LONG_SECONDS:
        settle_down()
    if outcome is runner.Outcome.AWAY:
        time.sleep(AWAY_SECONDS)
    return outcome.value


def fire_ticks() -> int:
    """Fire what is due in the beat table; what a fault leaves open, the next tick finds."""
    try:
        with application().app_context():
            return ticks.fire_due(schedule.TABLE)
    except SQLAlchemyError as error:
        log.warning("ticks_postponed", error=type(error).__name__)
        return 0


def settle_down() -> None:
    """Give back what long work has left: the memory that is free again, and connections, whose servers have grown."""
    dispose_engines(application(), close=True)
    give_back()


def application() -> Flask:
    """The Flask application of this process: nothing in it, connections least of all, is carried over a fork."""
    return _application_of(os.getpid())


@functools.lru_cache(maxsize=1)
def _application_of(_pid: int) -> Flask:
    tasks.load()
    made = create_app()
    sender.warm(made)
    give_back()
    return made


def _settle_parent(**_: Any) -> None:
    """Import all tasks before the fork and leave them out of collections, so that children share their memory.

    The models are bound to each other here as well: done in the children, that is some 6 MB in each.
    """
    tasks.load()
    configure_mappers()
    give_back()
    gc.freeze()


def _start_child(**_: Any) -> None:
    application()


def _set_up_logging(**_: Any) -> None:
    logging.configure(os.environ.get("LOG_LEVEL", "INFO"))
