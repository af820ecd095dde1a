"""How jobs are called, how they stand and what came of them, in words, with the way to what they made."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext

from app.core import clock
from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.jobs.models import OPEN_STATES, Job, JobState
from app.core.lists.bulk.steps import KIND as CHANGE
from app.core.lists.bulk.steps import UNDO_KIND as TAKING_BACK
from app.core.lists.exports.operations import KIND as EXPORT
from app.core.lists.spec import REGISTRY
from app.web.formats import format_number

KINDS = {
    "import_check": N_("Dry run of an import"),
    "import_run": N_("Import"),
    "import_undo": N_("Undo of an import"),
    EXPORT: N_("Export"),
    CHANGE: N_("Change of many rows"),
    TAKING_BACK: N_("Undo of a change of many rows"),
    "demo.history": N_("Loading of the demonstration's history"),
    "samples.load": N_("Loading of sample data"),
    "samples.remove": N_("Removal of sample data"),
    "search_rebuild": N_("Filling of the search"),
    "insights.recompute": N_("Recomputation of a metric"),
}
STATES = {
    JobState.QUEUED: N_("Waiting"),
    JobState.RUNNING: N_("Running"),
    JobState.SUCCEEDED: N_("Succeeded"),
    JobState.PARTLY_FAILED: N_("Partly failed"),
    JobState.FAILED: N_("Failed"),
    JobState.CANCELED: N_("Canceled"),
    JobState.STALLED: N_("Stalled"),
}
RETRYABLE = (JobState.FAILED, JobState.STALLED, JobState.CANCELED)
# A worker takes a message within a second or two; whoever waits this long is told that none has.
PICKED_UP_WITHIN = timedelta(seconds=30)
ERRORS = {
    "rights_changed": N_("Your rights have changed since you asked for it, so it stopped."),
    "erased": N_("Somebody's data was erased while the file was made, so it was dropped. Ask for it again."),
    "export_limit": N_("You have exported as many rows as your dealership allows in a day."),
    "too_many_for_xlsx": N_("There are too many rows for Excel. Choose CSV, or fewer rows."),
    "superseded": N_("A later run has taken its place."),
}


@dataclass(frozen=True)
class ShownJob:
    """A job as pages and the tray show it."""

    row: Job
    label: str
    state: str
    public_id: str
    url: str
    # What it is about: the list, or the page of the import or export.
    detail: str | None
    about: str | None
    # What came of it, or why not, in a sentence.
    result: str | None
    # Where a press asks for the file it made, for whoever asked.
    download: str | None

    @property
    def open(self) -> bool:
        """Whether there is still something to wait for."""
        return self.row.state in OPEN_STATES

    @property
    def retryable(self) -> bool:
        """Whether it can go on from where it stopped."""
        return self.row.state in RETRYABLE

    @property
    def waits(self) -> bool:
        """Whether no worker has picked it up although one should have."""
        return self.row.state == JobState.QUEUED and clock.now() - _waiting_since(self.row) > PICKED_UP_WITHIN


def shown_job(job: Job) -> ShownJob:
    """`job` in the words of the visitor."""
    import_id = job.params.get("import_id")
    about = url_for("imports.show_import", import_id=to_public("imp", uuid.UUID(import_id))) if import_id else None
    public_id = to_public("job", job.id)
    is_file = job.kind == EXPORT and job.state == JobState.SUCCEEDED
    export = to_public("exp", uuid.UUID(job.params["export"])) if "export" in job.params else None
    return ShownJob(
        row=job,
        label=kind_words(job.kind),
        state=state_words(job),
        public_id=public_id,
        url=url_for("jobs.show_job", job_id=public_id),
        detail=_detail(job),
        about=url_for("exports.show_export", export_id=export) if export else about,
        result=_result(job),
        download=url_for("exports.make_link", export_id=export) if export and is_file else None,
    )


def kind_words(kind: str) -> str:
    """What jobs of this kind do; the bare name of one that nobody has words for."""
    return gettext(KINDS[kind]) if kind in KINDS else kind


def state_words(job: Job) -> str:
    """How the job stands."""
    if job.cancel_requested and job.state in OPEN_STATES:
        return gettext("Being canceled")
    return gettext(STATES[JobState(job.state)])


def _waiting_since(job: Job) -> Any:
    return job.heartbeat_at or job.created_at


def _detail(job: Job) -> str | None:
    if job.kind == CHANGE and job.params["list"] in REGISTRY:
        spec = REGISTRY[job.params["list"]]
        labels = [gettext(action.label) for action in spec.bulk if action.key == job.params["action"]]
        return " · ".join([gettext(spec.label), *labels])
    if job.kind != EXPORT or job.params["list"] not in REGISTRY:
        return None
    return f"{gettext(REGISTRY[job.params['list']].label)} · {job.params['format'].upper()}"


def _result(job: Job) -> str | None:
    result = job.result
    if "error" in result:
        code = str(result["error"])
        return gettext(ERRORS[code]) if code in ERRORS else gettext("It ended with an error: %(error)s", error=code)
    if job.kind == EXPORT and "rows" in result:
        return gettext("%(count)s rows", count=format_number(result["rows"]))
    if "changed" in result:
        changed, skipped = format_number(result["changed"]), format_number(result.get("skipped", 0))
        return gettext("%(changed)s changed, %(skipped)s skipped", changed=changed, skipped=skipped)
    return None
