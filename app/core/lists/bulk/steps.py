"""A change of more rows than somebody waits for, as a job; and taking such a change back, as another."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from app.core import clock
from app.core.db import db
from app.core.db.ids import to_public
from app.core.errors import DomainError, NotFound
from app.core.guard import undo
from app.core.guard.permissions import Actor
from app.core.guard.policy import policy_for
from app.core.jobs.jobs import begin_step, finish_job, next_step, report, start_job
from app.core.jobs.models import Job, JobState
from app.core.jobs.queues import QueueName
from app.core.lists import pages
from app.core.lists.bulk.changing import Outcome, Skipped, action_of, change_rows, matching_ids, read_fields
from app.core.lists.query import ListQuery, read_query
from app.core.lists.saved_filters import load_filter, save_filter
from app.core.lists.spec import REGISTRY, ListSpec

KIND: Final = "lists.bulk"
TASK: Final = "lists.bulk_change"
UNDO_KIND: Final = "lists.bulk_undo"
UNDO_TASK: Final = "lists.bulk_take_back"
ROWS_A_STEP: Final = 100
# So many skipped rows are named; the others are counted.
MOST_NAMED: Final = 500
# The parts of a long change wait as long as the change may take; one offer for all of them begins at its end.
PARTS_LAST: Final = timedelta(days=1)
Who = Callable[[uuid.UUID], Actor]


def start_change(
    actor: Actor,
    query: ListQuery,
    action: str,
    sent: Mapping[str, str],
    *,
    ids: list[uuid.UUID] | None,
    timezone: str,
) -> Job:
    """Have a job do `action` to the rows `ids`, or to all that `query` asks for now; the caller has read the fields."""
    if actor.user_id is None:
        raise NotFound
    personal = query.personal_arguments()
    statement = pages.matching(query.spec, actor, query, timezone=timezone)
    params = {
        "list": query.spec.name,
        "action": action,
        "sent": dict(sent),
        "ids": sorted(str(key) for key in ids) if ids is not None else None,
        "args": query.to_view(),
        "filter": save_filter(query.spec.name, actor.user_id, personal) if personal else None,
        "timezone": timezone,
    }
    job = start_job(actor, KIND, params, TASK, QueueName.DEFAULT)
    total = len(ids) if ids is not None else pages.count_up_to(db.session(), statement, 1_000_000)
    report(job, total=total)
    job.state = JobState.QUEUED
    return job


def record_change(actor: Actor, spec: ListSpec, action: str, outcome: Outcome) -> Job:
    """A change that was made at once, among the jobs, so that what it left out can be looked up."""
    job = start_job(actor, KIND, {"list": spec.name, "action": action}, TASK, QueueName.DEFAULT, inline=True)
    rows = [_told(spec, skipped) for skipped in outcome.skipped]
    result = {"changed": outcome.changed, "skipped": len(rows), "rows": rows[:MOST_NAMED]}
    report(job, done=outcome.changed + len(rows), total=outcome.changed + len(rows))
    # Nobody has to be told: whoever made it sees it now.
    job.state, job.result = JobState.PARTLY_FAILED if rows else JobState.SUCCEEDED, result
    job.finished_at = clock.now()
    return job


def change_step(job_id: uuid.UUID, who: Who) -> None:
    """One step of such a job, under the rights its owner has now."""
    job = begin_step(job_id)
    if job is None:
        return
    kept: dict[str, Any] = {"after": None, "changed": 0, "skipped": 0, "rows": [], "undos": [], **job.checkpoint}
    try:
        actor, query = _asked(job, who)
        action = action_of(actor, query.spec, job.params["action"])
        values = read_fields(action, job.params["sent"])
    except DomainError:
        finish_job(job, JobState.FAILED, {**_result(kept), "error": "rights_changed"})
        return
    ids = _next_ids(job, actor, query, kept["after"])
    outcome = change_rows(actor, action, ids, values)
    kept["changed"] += outcome.changed
    kept["skipped"] += len(outcome.skipped)
    kept["rows"] = [*kept["rows"], *(_told(query.spec, row) for row in outcome.skipped)][:MOST_NAMED]
    if outcome.offers and actor.user_id is not None:
        parts = {"name": "", "parts": [[kind, payload] for kind, payload in outcome.offers]}
        kept["undos"] = [*kept["undos"], str(undo.keep(actor.user_id, undo.MANY, parts, PARTS_LAST))]
    done = kept["changed"] + kept["skipped"]
    if ids:
        kept["after"] = str(ids[-1])
    report(job, done=done, total=max(job.progress_total, done), checkpoint=kept)
    if len(ids) == ROWS_A_STEP:
        next_step(job)
        return
    result = _result(kept)
    if kept["undos"] and actor.user_id is not None:
        whole = undo.keep(actor.user_id, KIND, {"name": "", "job": job.id, "undos": kept["undos"]})
        result["undo"] = str(whole)
    finish_job(job, JobState.PARTLY_FAILED if kept["skipped"] else JobState.SUCCEEDED, result)


def take_back_step(job_id: uuid.UUID, who: Who) -> None:
    """Take the next part of a long change back, the last one first."""
    job = begin_step(job_id)
    if job is None:
        return
    left = job.checkpoint.get("left", job.params["undos"])
    kept = {name: job.checkpoint.get(name, 0) for name in ("changed", "skipped")}
    if not left:
        finish_job(job, JobState.PARTLY_FAILED if kept["skipped"] else JobState.SUCCEEDED, kept)
        return
    try:
        taken = undo.take_back(who(job.created_by), uuid.UUID(left[-1])) if job.created_by else undo.TakenBack(0)
    except DomainError:
        taken = undo.TakenBack(0)
    kept["changed"] += taken.done
    kept["skipped"] += len(taken.refusals)
    report(job, done=kept["changed"] + kept["skipped"], checkpoint={**kept, "left": left[:-1]})
    next_step(job)


def take_back_later(actor: Actor, payload: undo.Payload) -> bool:
    """Begin the job that takes a long change back."""
    before = db.session.get(Job, payload["job"])
    job = start_job(actor, UNDO_KIND, {"undos": payload["undos"]}, UNDO_TASK, QueueName.DEFAULT)
    report(job, total=before.result.get("changed", 0) if before else 0)
    job.state = JobState.QUEUED
    return True


undo.declare_undo(KIND, take_back_later)


def _result(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {name: kept[name] for name in ("changed", "skipped", "rows")}


def _told(spec: ListSpec, row: Skipped) -> dict[str, Any]:
    return {"id": to_public(spec.id_prefix, row.row_id), "message": row.message, "params": dict(row.params)}


def _asked(job: Job, who: Who) -> tuple[Actor, ListQuery]:
    spec = REGISTRY.get(job.params["list"])
    if spec is None or job.created_by is None:
        raise NotFound
    actor = who(job.created_by)
    saved = load_filter(spec.name, actor.user_id, job.params["filter"]) if job.params["filter"] else {}
    # Nothing is dropped here: without a condition more rows would change than were asked for.
    return actor, read_query(spec, job.params["args"], policy_for(actor), saved=saved).checked()


def _next_ids(job: Job, actor: Actor, query: ListQuery, after: str | None) -> list[uuid.UUID]:
    if job.params["ids"] is not None:
        left = [key for key in job.params["ids"] if after is None or key > after]
        return [uuid.UUID(key) for key in left[:ROWS_A_STEP]]
    last = uuid.UUID(after) if after else None
    return matching_ids(actor, query, timezone=job.params["timezone"], after=last, most=ROWS_A_STEP)
