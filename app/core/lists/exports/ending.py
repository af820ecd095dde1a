"""What is left of an export whose job ended without its file: nothing, and its rows count for nobody."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import Final

from sqlalchemy import select

from app.core.db import db
from app.core.errors import NotFound
from app.core.guard import files
from app.core.jobs.models import Job, JobState
from app.core.jobs.notices import JobFinished
from app.core.lists.exports.models import Export
from app.core.lists.exports.operations import KIND
from app.core.lists.exports.states import ExportState

_WITHOUT_FILE: Final = (JobState.FAILED, JobState.CANCELED)


def settle_export(event: JobFinished) -> None:
    """Fail the export whose job failed, died or was canceled. Its key stays: a job may be tried again."""
    if event.kind != KIND or event.state not in _WITHOUT_FILE:
        return
    export = db.session.scalar(select(Export).where(Export.job_id == event.job_id))
    if export is None or export.state != ExportState.STARTED:
        return
    export.state, export.rows = ExportState.FAILED.value, 0
    forget_parts(db.session.get_one(Job, event.job_id))


def forget_parts(job: Job) -> None:
    """Delete the parts, and begin from the beginning should somebody try again."""
    for file_id in job.checkpoint.get("parts", ()):
        with suppress(NotFound):
            files.delete_file(uuid.UUID(file_id))
    job.checkpoint = {}
