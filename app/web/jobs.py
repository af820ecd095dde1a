"""Background jobs: the tray of one's own, the list of all, how far each is, cancel and retry."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from app.core import clock
from app.core.db import transaction
from app.core.db.ids import from_public
from app.core.errors import NotFound
from app.core.http.access import ANY_USER, require
from app.core.http.lists import list_view
from app.core.http.sessions import current_actor
from app.core.jobs import jobs
from app.core.jobs.models import OPEN_STATES
from app.web.bulk import skipped_rows, undo_address
from app.web.job_words import ShownJob, shown_job, state_words
from app.web.work_lists import JOBS, people_choices

bp = Blueprint("jobs", __name__, template_folder="templates")
# Somebody who has just begun something looks at it; whoever waits longer than this is doing something else.
LOOKED_AT = timedelta(seconds=30)
EAGER_SECONDS, CALM_SECONDS = 2, 5
MOST_WATCHED = 20


@bp.get("/jobs")
@require(ANY_USER)
def list_jobs() -> Response:
    return list_view(JOBS, "web/jobs/list.html", choices=people_choices(current_actor()))


@bp.get("/jobs/tray")
@require(ANY_USER)
def show_tray() -> str:
    return _tray()


@bp.get("/jobs/<job_id>")
@require(ANY_USER)
def show_job(job_id: str) -> str:
    job = jobs.get_job(current_actor(), from_public("job", job_id))
    shown = shown_job(job)
    return render_template(
        "web/jobs/show.html",
        job=shown,
        is_own=job.created_by == current_actor().user_id,
        skipped=skipped_rows(job),
        undo_url=undo_address(job),
    )


@bp.get("/jobs/<job_id>/progress")
@require(ANY_USER)
def show_progress(job_id: str) -> dict[str, Any]:
    job = jobs.get_job(current_actor(), from_public("job", job_id))
    return {
        "state": job.state,
        "state_label": state_words(job),
        "done": job.progress_done,
        "total": job.progress_total,
        "finished": job.state not in OPEN_STATES,
    }


@bp.post("/jobs/<job_id>/cancel")
@require(ANY_USER)
def cancel_job(job_id: str) -> Any:
    with transaction():
        jobs.cancel_job(current_actor(), from_public("job", job_id))
    if request.headers.get("HX-Request") == "true":
        return _tray()
    flash(gettext("The job stops before its next step."))
    return redirect(url_for("jobs.show_job", job_id=job_id), 303)


@bp.post("/jobs/<job_id>/retry")
@require(ANY_USER)
def retry_job(job_id: str) -> Any:
    with transaction():
        jobs.retry_job(current_actor(), from_public("job", job_id))
    flash(gettext("The job goes on from where it stopped."))
    return redirect(url_for("jobs.show_job", job_id=job_id), 303)


def _tray() -> str:
    """The visitor's own newest jobs; those `watch` names that have ended since stand apart, as news."""
    own = [shown_job(job) for job in jobs.own_jobs(current_actor())]
    watched = _watched()
    running = [job for job in own if job.open]
    news = [job for job in own if job.public_id in watched and not job.open]
    return render_template("web/jobs/tray.html", jobs=own, running=running, news=news, seconds=_pause(running))


def _watched() -> set[str]:
    found = set()
    for text in request.values.get("watch", "").split(",")[:MOST_WATCHED]:
        try:
            from_public("job", text)
        except NotFound:
            continue
        found.add(text)
    return found


def _pause(running: list[ShownJob]) -> int | None:
    """Seconds until the tray looks again; None when there is nothing to look for."""
    if not running:
        return None
    newest = max(job.row.created_at for job in running)
    return EAGER_SECONDS if clock.now() - newest < LOOKED_AT else CALM_SECONDS
