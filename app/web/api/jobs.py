"""Long work over the API: what a caller began and what he may see of others', how far it is, stop it, go on with it."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from sqlalchemy import Integer, Select, Text, and_, case, cast, func, literal, or_, true

from app.core.guard.permissions import Actor, scope_clause
from app.core.http.access import ANY_USER, require
from app.core.http.api import (
    ApiBlueprint,
    ApiRecord,
    acted,
    acts,
    answer,
    answer_list,
    answer_one,
    begun,
    documented,
    lists,
    shows,
)
from app.core.http.api.operations import OF_RECORDS
from app.core.http.sessions import current_actor
from app.core.jobs import jobs
from app.core.jobs.imports.models import Outcome
from app.core.jobs.models import OPEN_STATES, Job
from app.core.lists.bulk.steps import KIND as CHANGE
from app.tenants.operations.samples import REMOVE
from app.web.api.work_shapes import JobSchema, SkippedListSchema
from app.web.work_lists import JOBS

bp = ApiBlueprint("jobs", "Long work: what stands behind every answer 202.")
SKIPPING = (CHANGE, REMOVE)


def _whole(actor: Actor) -> Select[Any]:
    imported, exported = Job.params["import_id"].astext, Job.params["export"].astext
    own = Job.created_by == actor.caller_id if actor.caller_id is not None else ~true()
    may_stop = and_(Job.state.in_(OPEN_STATES), or_(own, scope_clause(actor, "job.edit", owner=Job.created_by)))
    refused = _count(Outcome.FAILED) + _count(Outcome.CONFLICT)
    return JOBS.source(actor).add_columns(
        func.json_build_object("done", Job.progress_done, "total", Job.progress_total).label("progress"),
        *(Job.result, Job.result["error"].astext.label("error"), Job.cancel_requested),
        case(
            (imported.is_not(None), literal("imports imp ") + imported),
            (exported.is_not(None), literal("exports exp ") + exported),
        ).label("result_url"),
        case(
            (and_(imported.is_not(None), refused > 0), literal("imports imp ") + imported + literal(" errors")),
            (and_(Job.kind.in_(SKIPPING), _count("skipped") > 0), _at(" skipped")),
        ).label("errors_url"),
        case((may_stop, _at(" cancel"))).label("cancel_url"),
    )


def _count(name: str) -> Any:
    return func.coalesce(cast(Job.result[name].astext, Integer), 0)


def _at(rest: str) -> Any:
    return literal("jobs job ") + cast(Job.id, Text) + literal(rest)


JOB = ApiRecord(
    name="job",
    path="jobs",
    spec=JOBS,
    schema=JobSchema,
    source=_whole,
    names={"user_id": "owner", "created_at": "created"},
)


@bp.route("/jobs", methods=["GET"])
@require(ANY_USER)
@lists(JOB)
def list_jobs():
    """List jobs"""
    return answer_list(JOB)


@bp.route("/jobs/<job_id>", methods=["GET"])
@require(ANY_USER)
@shows(JOB)
def show_job(job_id: str):
    """Read a job"""
    return answer_one(JOB, job_id)


@bp.route("/jobs/<job_id>/cancel", methods=["POST"])
@require(ANY_USER)
@acts(JOB)
def cancel_job(job_id: str):
    """Stop a job before its next step"""
    key = JOB.key_of(job_id)
    JOB.find(current_actor(), key)
    return acted(JOB, key, lambda: jobs.cancel_job(current_actor(), key))


@bp.route("/jobs/<job_id>/retry", methods=["POST"])
@require(ANY_USER)
@acts(JOB, status=202)
def retry_job(job_id: str):
    """Go on with a failed, stalled or canceled job from where it stopped"""
    key = JOB.key_of(job_id)
    JOB.find(current_actor(), key)
    return begun(JOB, lambda: jobs.retry_job(current_actor(), key).id)


@bp.route("/jobs/<job_id>/skipped", methods=["GET"])
@require(ANY_USER)
@documented(gives={200: SkippedListSchema}, problems=OF_RECORDS)
def list_skipped(job_id: str):
    """List the records a change of many left as they are, and why"""
    job = jobs.get_job(current_actor(), JOB.key_of(job_id))
    rows = job.result.get("rows", ()) if job.kind in SKIPPING else ()
    return answer({"data": [{"id": row["id"], "detail": _reason(row)} for row in rows]})


def _reason(row: Any) -> str:
    # States among the values are told by their marked names.
    params = {name: gettext(text) if text else text for name, text in row["params"].items()}
    return gettext(row["message"]).format(**params)
