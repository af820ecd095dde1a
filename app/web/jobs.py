"""Pages of background jobs: what runs and ran, how far it is, cancel and retry."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import N_
from app.core.http.access import ANY_USER, require
from app.core.http.sessions import current_actor
from app.core.jobs import jobs
from app.core.jobs.models import OPEN_STATES, Job, JobState

bp = Blueprint("jobs", __name__, template_folder="templates")

KINDS = {
    "import_check": N_("Dry run of an import"),
    "import_run": N_("Import"),
    "import_undo": N_("Undo of an import"),
    "demo.history": N_("Loading of the demonstration's history"),
    "insights.recompute": N_("Recomputation of a metric"),
}
STATES = {
    JobState.QUEUED: N_("waiting"),
    JobState.RUNNING: N_("running"),
    JobState.SUCCEEDED: N_("succeeded"),
    JobState.PARTLY_FAILED: N_("partly failed"),
    JobState.FAILED: N_("failed"),
    JobState.CANCELED: N_("canceled"),
    JobState.STALLED: N_("stalled"),
}
RETRYABLE = (JobState.FAILED, JobState.STALLED, JobState.CANCELED)


@bp.get("/jobs")
@require("job.see")
def list_jobs() -> str:
    return render_template("web/jobs/list.html", jobs=[shown_job(job) for job in jobs.list_jobs(current_actor())])


@bp.get("/jobs/<job_id>")
@require(ANY_USER)
def show_job(job_id: str) -> str:
    job = jobs.get_job(current_actor(), from_public("job", job_id))
    return render_template("web/jobs/show.html", job=shown_job(job))


@bp.get("/jobs/<job_id>/progress")
@require(ANY_USER)
def show_progress(job_id: str) -> dict[str, Any]:
    job = jobs.get_job(current_actor(), from_public("job", job_id))
    return {
        "state": job.state,
        "state_label": _state(job),
        "done": job.progress_done,
        "total": job.progress_total,
        "finished": job.state not in OPEN_STATES,
    }


@bp.post("/jobs/<job_id>/cancel")
@require(ANY_USER)
def cancel_job(job_id: str) -> Any:
    with transaction():
        job = jobs.cancel_job(current_actor(), from_public("job", job_id))
    flash(gettext("The job stops before its next step."))
    return redirect(_url(job.id), 303)


@bp.post("/jobs/<job_id>/retry")
@require(ANY_USER)
def retry_job(job_id: str) -> Any:
    with transaction():
        job = jobs.retry_job(current_actor(), from_public("job", job_id))
    flash(gettext("The job goes on from where it stopped."))
    return redirect(_url(job.id), 303)


def shown_job(job: Job) -> dict[str, Any]:
    """A job as pages show it."""
    import_id = job.params.get("import_id")
    about = url_for("imports.show_import", import_id=to_public("imp", uuid.UUID(import_id))) if import_id else None
    return {
        "row": job,
        "label": gettext(KINDS[job.kind]) if job.kind in KINDS else job.kind,
        "state": _state(job),
        "open": job.state in OPEN_STATES,
        "retryable": job.state in RETRYABLE,
        "public_id": to_public("job", job.id),
        "url": _url(job.id),
        "about": about,
    }


def _state(job: Job) -> str:
    if job.cancel_requested and job.state in OPEN_STATES:
        return gettext("being canceled")
    return gettext(STATES[JobState(job.state)])


def _url(job_id: uuid.UUID) -> str:
    return url_for("jobs.show_job", job_id=to_public("job", job_id))
