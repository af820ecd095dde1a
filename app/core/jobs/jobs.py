"""Long work: a job is a row people can watch and cancel, and a chain of steps of at most a minute each.

A step is one outbox task in one transaction: it begins with `begin_step`, works from the checkpoint, and ends with
`report` and either `next_step` or `finish_job`. Checkpoint and next step are written together or not at all.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, ScalarSelect, false, func, select

from app.core.db import db
from app.core.errors import N_, Conflict, NotFound
from app.core.guard.facts import declare_fact
from app.core.guard.permissions import Actor, covers, declare, scope_clause
from app.core.jobs.events import publish
from app.core.jobs.models import OPEN_STATES, Job, JobState
from app.core.jobs.notices import JobFinished
from app.core.jobs.outbox import enqueue
from app.core.jobs.queues import QueueName

declare("job", verbs=("see", "edit"))

WATCH_TASK: Final = "jobs.watch_job"
OPEN_FACT: Final = "jobs_open"
STALLED_AFTER: Final = timedelta(minutes=30)


class JobOver(Conflict):
    """It has ended, so there is nothing left to cancel."""

    code = "job_over"
    message = N_("This job has already ended.")


class JobUnderWay(Conflict):
    """It is queued or running, so there is nothing to retry."""

    code = "job_under_way"
    message = N_("This job is still under way.")


def start_job(
    actor: Actor,
    kind: str,
    params: Mapping[str, Any],
    task: str,
    queue: str,
    *,
    inline: bool = False,
) -> Job:
    """Make a job and enqueue its first step; `task` receives `{"job_id": …}`. The caller has checked its own right.

    With `inline` nothing is enqueued: the caller, a command, takes the steps itself.
    """
    job = Job(kind=kind, task=task, queue=queue, params=dict(params), created_by=actor.caller_id)
    db.session.add(job)
    db.session.flush()
    db.session.refresh(job)
    if not inline:
        next_step(job)
    _watch(job.id)
    return job


def get_job(actor: Actor, job_id: uuid.UUID) -> Job:
    """The job, if it is the actor's own or he may see all of them; raises NotFound."""
    job = db.session.get(Job, job_id)
    if job is None or not _may(actor, job, "job.see"):
        raise NotFound
    return job


def find_jobs(actor: Actor, job_ids: Collection[uuid.UUID]) -> Sequence[Job]:
    """Those of the jobs that the actor may see."""
    return db.session.scalars(select(Job).where(Job.id.in_(job_ids), visible_to(actor))).all()


def list_jobs(actor: Actor, kind: str | None = None, limit: int = 50) -> Sequence[Job]:
    """The newest jobs the actor may see."""
    query = select(Job).where(visible_to(actor)).order_by(Job.created_at.desc(), Job.id.desc()).limit(limit)
    if kind is not None:
        query = query.where(Job.kind == kind)
    return db.session.scalars(query).all()


def own_jobs(actor: Actor, limit: int = 8) -> Sequence[Job]:
    """The newest jobs the actor began."""
    own = select(Job).where(Job.created_by == actor.caller_id)
    return db.session.scalars(own.order_by(Job.created_at.desc(), Job.id.desc()).limit(limit)).all()


def count_open_of(user_id: ColumnElement[uuid.UUID]) -> ScalarSelect[int]:
    """How many jobs of the user in this column are under way."""
    of = (Job.created_by == user_id, Job.state.in_(OPEN_STATES))
    return select(func.count()).select_from(Job).where(*of).correlate(user_id.table).scalar_subquery()


declare_fact(OPEN_FACT, count_open_of)


def cancel_job(actor: Actor, job_id: uuid.UUID) -> Job:
    """Ask the job to stop before its next step; raises NotFound, and JobOver when it has ended."""
    job = get_job(actor, job_id)
    if not _may(actor, job, "job.edit"):
        raise NotFound
    if job.state not in OPEN_STATES:
        raise JobOver
    job.cancel_requested = True
    return job


def retry_job(actor: Actor, job_id: uuid.UUID) -> Job:
    """Go on from the checkpoint of a failed, stalled or canceled job; raises NotFound, JobUnderWay."""
    job = get_job(actor, job_id)
    if not _may(actor, job, "job.edit"):
        raise NotFound
    if job.state not in (JobState.FAILED, JobState.STALLED, JobState.CANCELED):
        raise JobUnderWay
    job.state, job.cancel_requested, job.finished_at = JobState.QUEUED, False, None
    job.heartbeat_at = func.now()
    next_step(job)
    _watch(job.id)
    return job


def begin_step(job_id: uuid.UUID) -> Job | None:
    """The job this step belongs to, now running; None when it has ended or is to be canceled, and so has no step."""
    job = db.session.get(Job, job_id)
    if job is None or job.state not in OPEN_STATES:
        return None
    if job.cancel_requested:
        finish_job(job, JobState.CANCELED)
        return None
    return job


def report(
    job: Job,
    *,
    done: int | None = None,
    total: int | None = None,
    checkpoint: Mapping[str, Any] | None = None,
) -> None:
    """Write how far the job is. Called at a step's end: the row stays locked from here to the commit."""
    job.state = JobState.RUNNING
    job.heartbeat_at = func.now()
    if done is not None:
        job.progress_done = done
    if total is not None:
        job.progress_total = total
    if checkpoint is not None:
        job.checkpoint = dict(checkpoint)


def next_step(job: Job, *, task: str | None = None) -> None:
    """Enqueue the step after this one; `task` when it is another kind of step than before."""
    if task is not None:
        job.task = task
    enqueue(job.task, queue=job.queue, payload={"job_id": str(job.id)})


def finish_job(job: Job, state: JobState, result: Mapping[str, Any] | None = None) -> None:
    """End the job in `state`; publishes JobFinished when somebody began it."""
    job.state = state
    job.heartbeat_at = job.finished_at = func.now()
    if result is not None:
        job.result = dict(result)
    _tell(job)


def fail_job(job_id: uuid.UUID, error: str) -> None:
    """End an open job as failed because of `error` (a class and a code); without effect on one that has ended."""
    job = db.session.get(Job, job_id)
    if job is not None and job.state in OPEN_STATES:
        finish_job(job, JobState.FAILED, {**job.result, "error": error})


def watch_job(job_id: uuid.UUID) -> None:
    """Mark the job stalled when nothing has been heard of it for too long, and look again while it is open."""
    job = db.session.get(Job, job_id)
    if job is None or job.state not in OPEN_STATES:
        return
    heard = func.coalesce(Job.heartbeat_at, Job.created_at)
    silent = select(heard < func.now() - STALLED_AFTER).where(Job.id == job_id)
    if job.state != JobState.STALLED and db.session.execute(silent).scalar_one():
        job.state = JobState.STALLED
        _tell(job)
    _watch(job_id)


def _watch(job_id: uuid.UUID) -> None:
    """A look at the job in half an hour: tenants without jobs pay nothing for the check."""
    later = db.session.execute(select(func.now() + STALLED_AFTER)).scalar_one()
    enqueue(WATCH_TASK, queue=QueueName.DEFAULT, payload={"job": str(job_id)}, at=later)


def _tell(job: Job) -> None:
    if job.created_by is not None:
        import_id = job.params.get("import_id")
        about = uuid.UUID(import_id) if import_id else None
        publish(JobFinished(job.id, job.kind, str(job.state), job.created_by, about))


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The jobs an actor may see: his own, and those his right to jobs reaches."""
    own = Job.created_by == actor.caller_id if actor.caller_id is not None else false()
    return own | scope_clause(actor, "job.see", owner=Job.created_by)


def _may(actor: Actor, job: Job, permission: str) -> bool:
    own = job.created_by is not None and job.created_by == actor.caller_id
    # A job belongs to no store: whoever may see less than all sees his own and his team's.
    return own or covers(actor, permission, owner_id=job.created_by, store_id=None)
