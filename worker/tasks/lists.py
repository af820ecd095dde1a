"""Tasks of lists: views that leave as files, changes of many rows."""

from __future__ import annotations

from uuid import UUID

from flask_babel import force_locale, gettext

from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, task
from app.core.lists.bulk import steps as bulk_steps
from app.core.lists.exports import operations, steps, tending
from app.core.lists.exports.cells import Words
from app.tenants.queries.callers import get_caller
from app.tenants.queries.recipients import locale_of
from app.tenants.queries.sessions import get_actor


@task(operations.EXPORT_TASK, queue=QueueName.EXPORTS)
def export_rows(payload: Payload) -> None:
    """A step of an export."""
    steps.export_rows(UUID(payload["job_id"]), get_caller, _speak)


@task(steps.TEND_TASK, queue=QueueName.DEFAULT)
def tend_exports(payload: Payload) -> None:
    """Files whose time is over, questions nobody answered, schedules that are due."""
    tending.tend_exports(get_actor, locale_of)


@task(bulk_steps.TASK, queue=QueueName.DEFAULT)
def bulk_change(payload: Payload) -> None:
    """A step of a change of many rows."""
    bulk_steps.change_step(UUID(payload["job_id"]), get_actor)


@task(bulk_steps.UNDO_TASK, queue=QueueName.DEFAULT)
def bulk_take_back(payload: Payload) -> None:
    """A step of taking such a change back."""
    bulk_steps.take_back_step(UUID(payload["job_id"]), get_actor)


def _speak(locale: str) -> Words:
    def say(text: str) -> str:
        with force_locale(locale):
            return gettext(text)

    return say
