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
    """A second person has let an export go, or not."""

    export_id: UUID
    created_by: UUID
    approved: bool


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
        N_("An export of mine has been decided"),
        N_("{subject} has been decided"),
        N_("An export of yours has been decided"),
        DATA,
        "download",
    )
)
