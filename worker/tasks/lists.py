"""Tasks of lists: views that leave as files."""

from __future__ import annotations

from uuid import UUID

from flask_babel import force_locale, gettext

from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, task
from app.core.lists.exports import operations, steps
from app.core.lists.exports.cells import Words
from app.tenants.queries.sessions import get_actor


@task(operations.EXPORT_TASK, queue=QueueName.EXPORTS)
def export_rows(payload: Payload) -> None:
    """A step of an export."""
    steps.export_rows(UUID(payload["job_id"]), get_actor, _speak)


def _speak(locale: str) -> Words:
    def say(text: str) -> str:
        with force_locale(locale):
            return gettext(text)

    return say
