"""What happens to jobs and imports that others may react to, and the topics under which people hear of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.core.errors import N_
from app.core.jobs.topics import Topic, declare_topic


@dataclass(frozen=True)
class JobFinished:
    """A job that somebody began has ended, or stands still; `state` is a JobState."""

    job_id: UUID
    kind: str
    state: str
    created_by: UUID
    import_id: UUID | None = None


@dataclass(frozen=True)
class ImportMoved:
    """An import was uploaded or began its next step; `state` is an ImportState."""

    import_id: UUID
    state: str
    created_by: UUID | None


WORK = N_("Work in the background")

JOB_FINISHED = declare_topic(
    Topic(
        "job.finished",
        N_("A job I began has finished"),
        N_("{subject} has finished"),
        N_("A job you began has finished"),
        WORK,
        "check",
        "green",
    )
)
JOB_FAILED = declare_topic(
    Topic(
        "job.failed",
        N_("A job I began failed or stands still"),
        N_("{subject} did not go through"),
        N_("A job you began did not go through"),
        WORK,
        "alert",
        "red",
        action=N_("Look at it"),
    )
)
IMPORT_ROWS = declare_topic(
    Topic(
        "import.rows",
        N_("Rows of my import could not be taken in"),
        N_("Some rows of {subject} could not be taken in"),
        N_("Some rows of an import could not be taken in"),
        WORK,
        "import",
        "amber",
        action=N_("See the rows"),
    )
)
IMPORT_WAITING = declare_topic(
    Topic(
        "import.waiting",
        N_("An import waits for me to go on"),
        N_("{subject} is uploaded and waits for you"),
        N_("An import is uploaded and waits for you"),
        WORK,
        "import",
        "amber",
        action=N_("Go on"),
    )
)
