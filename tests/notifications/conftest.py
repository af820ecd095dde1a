"""Ground for the tests of notifications: no message leaves by itself, and what is owed is run by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.db import Tenant, db, tenant, transaction
from app.core.guard.permissions import system_actor
from app.core.jobs import jobs, runner
from app.core.jobs.models import JobState, Outbox
from app.notifications.models import Item
from tests.fixtures import people
from worker import tasks

tasks.load()
Owed = Callable[[Tenant, str], list[str]]


@pytest.fixture(autouse=True)
def silent_sender(app: Flask) -> Iterator[None]:
    """Nothing reaches a broker."""
    kept = app.extensions.pop("forecourt_sender", None)
    yield
    if kept is not None:
        app.extensions["forecourt_sender"] = kept


@pytest.fixture
def run_owed(app: Flask) -> Owed:
    """`run_owed(of, task)`: run the waiting rows of a task, those they enqueue included; what became of each."""

    def run(of: Tenant, task: str) -> list[str]:
        outcomes: list[str] = []
        seen: set[str] = set()
        query = select(Outbox.id).where(Outbox.task == task, Outbox.done_at.is_(None), Outbox.dead_at.is_(None))
        while True:
            with app.app_context(), tenant(of.id):
                waiting = [str(key) for key in db.session.scalars(query.order_by(Outbox.id)) if str(key) not in seen]
            if not waiting:
                return outcomes
            for key in waiting:
                seen.add(key)
                with app.app_context():
                    outcomes.append(runner.run(of.id, key).value)

    return run


def items_of(role: str) -> Sequence[Item]:
    """The notifications of that role's user in the present dealership, oldest first."""
    user = people.find_user(role)
    assert user is not None
    return db.session.scalars(select(Item).where(Item.user_id == user.id).order_by(Item.created_at, Item.id)).all()


def end_job(role: str, state: JobState = JobState.SUCCEEDED, kind: str = "marker") -> jobs.Job:
    """A job that role's user began, ended as asked, in a transaction of its own."""
    user = people.find_user(role)
    assert user is not None
    with transaction():
        job = jobs.start_job(system_actor("test"), kind, {}, "tests.marker", "default", inline=True)
        job.created_by = user.id
        db.session.flush()
        jobs.finish_job(job, state)
    return job
