"""Jobs: steps with a checkpoint, progress, cancel, failure and silence."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from app.core.db import db, tenant, transaction
from app.core.errors import NotFound
from app.core.guard.permissions import Actor, system_actor
from app.core.jobs import jobs, registry, runner
from app.core.jobs.models import Job, JobState, Outbox
from tests.core.jobs.effects import leave_effect

SYSTEM = system_actor("tests")


@registry.task("tests.count_up", queue="imports")
def count_up(payload: registry.Payload) -> None:
    """A step: one more of `total`, then the next; asked to, it fails at `fail_at`."""
    job = jobs.begin_step(uuid.UUID(payload["job_id"]))
    if job is None:
        return
    at = job.checkpoint.get("at", 0) + 1
    leave_effect(str(job.id))
    if at == job.params.get("fail_at"):
        raise ZeroDivisionError
    jobs.report(job, done=at, total=job.params["total"], checkpoint={"at": at})
    if at == job.params["total"]:
        jobs.finish_job(job, JobState.SUCCEEDED, {"counted": at})
    else:
        jobs.next_step(job)


def start(app, tenant_id: str, actor=SYSTEM, **params) -> uuid.UUID:
    with app.app_context(), tenant(tenant_id), transaction():
        return jobs.start_job(actor, "count", {"total": 3, **params}, "tests.count_up", "imports").id


def step(app, tenant_id: str, job_id: uuid.UUID) -> str | None:
    """Run the job's waiting step, as the worker would; None when there is none."""
    query = select(Outbox.id).where(
        Outbox.payload["job_id"].astext == str(job_id), Outbox.done_at.is_(None), Outbox.dead_at.is_(None)
    )
    with app.app_context(), tenant(tenant_id):
        waiting = db.session.execute(query).scalar_one_or_none()
    if waiting is None:
        return None
    with app.app_context():
        return runner.run(tenant_id, str(waiting)).value


def read(app, tenant_id: str, job_id: uuid.UUID) -> Job:
    with app.app_context(), tenant(tenant_id):
        return jobs.get_job(SYSTEM, job_id)


def test_steps_follow_each_other_to_the_end(app, alpha, effects):
    job_id = start(app, alpha.id)
    assert read(app, alpha.id, job_id).state == JobState.QUEUED
    assert step(app, alpha.id, job_id) == "done"
    half = read(app, alpha.id, job_id)
    assert (half.state, half.progress_done, half.progress_total) == (JobState.RUNNING, 1, 3)
    assert half.heartbeat_at is not None
    assert [step(app, alpha.id, job_id) for _ in range(3)] == ["done", "done", None]
    whole = read(app, alpha.id, job_id)
    assert (whole.state, whole.result, effects(alpha.id, str(job_id))) == (JobState.SUCCEEDED, {"counted": 3}, 3)
    assert whole.finished_at is not None


def test_cancel_stops_it_before_the_next_step(app, alpha, effects):
    job_id = start(app, alpha.id)
    step(app, alpha.id, job_id)
    with app.app_context(), tenant(alpha.id), transaction():
        jobs.cancel_job(SYSTEM, job_id)
    step(app, alpha.id, job_id)
    assert read(app, alpha.id, job_id).state == JobState.CANCELED
    assert effects(alpha.id, str(job_id)) == 1
    with app.app_context(), tenant(alpha.id), transaction(), pytest.raises(jobs.JobOver):
        jobs.cancel_job(SYSTEM, job_id)


def test_a_step_that_dies_fails_the_job_and_a_retry_goes_on_from_the_checkpoint(app, alpha, effects, hurry, root):
    job_id = start(app, alpha.id, fail_at=2)
    step(app, alpha.id, job_id)
    root.execute(f"UPDATE {alpha.schema}.core_outbox SET max_attempts = 2 WHERE payload->>'job_id' = %s", [str(job_id)])
    assert step(app, alpha.id, job_id) == "failed"
    assert read(app, alpha.id, job_id).state == JobState.RUNNING
    hurry(alpha.id)
    assert step(app, alpha.id, job_id) == "dead"
    failed = read(app, alpha.id, job_id)
    assert (failed.state, failed.result, failed.progress_done) == (JobState.FAILED, {"error": "ZeroDivisionError"}, 1)
    with app.app_context(), tenant(alpha.id), transaction():
        job = jobs.retry_job(SYSTEM, job_id)
        job.params = {"total": 3}
    assert [step(app, alpha.id, job_id) for _ in range(2)] == ["done", "done"]
    assert read(app, alpha.id, job_id).state == JobState.SUCCEEDED
    assert effects(alpha.id, str(job_id)) == 3


def test_a_silent_job_is_called_stalled_and_goes_on_when_its_step_comes(app, alpha, root):
    job_id = start(app, alpha.id)
    with app.app_context(), tenant(alpha.id), transaction():
        jobs.watch_job(job_id)
    assert read(app, alpha.id, job_id).state == JobState.QUEUED
    root.execute(f"UPDATE {alpha.schema}.core_jobs SET created_at = now() - interval '31 min' WHERE id = %s", [job_id])
    with app.app_context(), tenant(alpha.id), transaction():
        jobs.watch_job(job_id)
    assert read(app, alpha.id, job_id).state == JobState.STALLED
    assert step(app, alpha.id, job_id) == "done"
    assert read(app, alpha.id, job_id).state == JobState.RUNNING


def test_a_watched_job_is_watched_until_it_ends(app, alpha, root):
    job_id = start(app, alpha.id, total=1)
    query = f"SELECT count(*) FROM {alpha.schema}.core_outbox WHERE task = 'jobs.watch_job' AND payload->>'job' = %s"
    assert root.execute(query, [str(job_id)]).fetchone() == (1,)
    with app.app_context(), tenant(alpha.id), transaction():
        jobs.watch_job(job_id)
    assert root.execute(query, [str(job_id)]).fetchone() == (2,)
    step(app, alpha.id, job_id)
    with app.app_context(), tenant(alpha.id), transaction():
        jobs.watch_job(job_id)
    assert root.execute(query, [str(job_id)]).fetchone() == (2,)


def test_people_see_their_own_jobs_and_those_with_the_right_see_all(app, alpha):
    owner = Actor(user_id=uuid.uuid4(), name="owner")
    stranger = Actor(user_id=uuid.uuid4(), name="stranger")
    chief = Actor(user_id=uuid.uuid4(), name="chief", grants={"job.see": "all"})
    job_id = start(app, alpha.id, actor=owner)
    with app.app_context(), tenant(alpha.id):
        assert jobs.get_job(owner, job_id).id == jobs.get_job(chief, job_id).id == job_id
        assert [job.id for job in jobs.list_jobs(owner)] == [job_id]
        assert jobs.list_jobs(stranger) == []
        assert job_id in [job.id for job in jobs.list_jobs(chief, kind="count")]
        with pytest.raises(NotFound):
            jobs.get_job(stranger, job_id)
        with pytest.raises(NotFound), transaction():
            jobs.cancel_job(chief, job_id)


def test_another_tenants_job_is_not_found(app, alpha, beta):
    job_id = start(app, alpha.id)
    with app.app_context(), tenant(beta.id), pytest.raises(NotFound):
        jobs.get_job(SYSTEM, job_id)
