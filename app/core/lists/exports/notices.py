"""What happens to exports that others react to, and the topics under which people hear of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.core.errors import N_
from app.core.jobs.topics import Topic, declare_topic


@dataclass(frozen=True)
class ExportWaits:
    """Somebody asked for an export in the clear; a second person has to decide."""

    export_id: UUID
    created_by: UUID


@dataclass(frozen=True)
class ExportDecided:
    """Whether an export in the clear may leave is no question any more: somebody decided, or nobody did in time."""

    export_id: UUID
    created_by: UUID


DATA = N_("Data that leaves")

EXPORT_WAITS = declare_topic(
    Topic(
        "export.waits",
        N_("An export in the clear waits for my decision"),
        N_("{subject} waits for your decision"),
        N_("An export in the clear waits for a decision"),
        DATA,
        "download",
        "amber",
        action=N_("Decide"),
    )
)
EXPORT_DECIDED = declare_topic(
    Topic(
        "export.decided",
        N_("A request of mine for an export in the clear is closed"),
        N_("The request for {subject} is closed"),
        N_("A request of yours for an export in the clear is closed"),
        DATA,
        "download",
    )
)
