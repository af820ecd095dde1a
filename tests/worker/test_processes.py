"""The real processes: a relay and a worker of Celery bring a row to its end with the sender off."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from app.core.db import db, tenant, transaction
from app.core.jobs.models import Outbox
from app.core.jobs.outbox import enqueue
from app.core.jobs.queues import queue_list

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


@pytest.fixture
def processes(environ, redis_url, tmp_path):
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    celery = [sys.executable, "-m", "celery", "-A", "worker.celery_app:celery", "worker", "-P", "solo"]
    commands = [
        [sys.executable, "-m", "worker.relay"],
        [*celery, "-Q", queue_list("worker"), "--without-gossip", "--without-mingle"],
    ]
    environment = {"PATH": os.environ["PATH"], **environ, "LOG_LEVEL": "INFO", "PYTHONPATH": str(ROOT)}
    logs = [tmp_path / f"{number}.log" for number in range(len(commands))]
    running = []
    for command, log in zip(commands, logs, strict=True):
        with log.open("wb") as out:
            running.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out))
    yield logs
    for process in running:
        process.terminate()
    for process in running:
        process.wait(30)


def wait_for(met: Callable[[], bool], logs: list[Path]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < deadline, "\n".join(log.read_text()[-3000:] for log in logs)
        time.sleep(0.05)


def test_a_row_reaches_its_end_without_the_sender(app, alpha, processes, redis_url):
    sender = app.extensions.pop("forecourt_sender", None)
    try:
        with app.app_context(), tenant(alpha.id), transaction():
            outbox_id = enqueue("jobs.clean_up", queue="default")
    finally:
        if sender is not None:
            app.extensions["forecourt_sender"] = sender

    def done() -> bool:
        with app.app_context(), tenant(alpha.id):
            return db.session.get(Outbox, outbox_id).done_at is not None

    wait_for(done, processes)
    log = "".join(path.read_text() for path in processes)
    assert "task_done" in log
    assert alpha.id in log
    with redis.Redis.from_url(redis_url) as client:
        assert [key for key in client.keys("*") if not key.startswith((b"q:", b"t:", b"p:"))] == []
