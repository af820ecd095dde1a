"""Replacing keys as a job: of a dealership (what wraps persons' keys and seals its own secrets), or of its persons.

Each batch is a step, so a kill costs one batch. The old key stays good for as long as a process may still seal with
it: a copy of the keys lives for minutes, a transaction for less than an hour. Then what came meanwhile is sealed anew
too, and when nothing is left under the old key it is destroyed.
"""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from app.core import clock
from app.core.db import current_tenant, db
from app.core.errors import N_, Conflict
from app.core.guard import audit, platform_keys, rotating
from app.core.guard.permissions import Actor
from app.core.jobs.jobs import begin_step, finish_job, next_step, report, start_job
from app.core.jobs.models import OPEN_STATES, Job, JobState
from app.core.jobs.outbox import enqueue
from app.core.jobs.queues import QueueName

TENANT, SUBJECTS = "keys.rotate_tenant", "keys.rotate_subjects"
STEP_TASK: Final = "keys.rotate_step"
GRACE: Final = timedelta(hours=1)
STEP_SECONDS: Final = 20.0
# While a job waits it says now and then that it is alive.
_SIGN_OF_LIFE: Final = timedelta(minutes=10)


class RotationUnderWay(Conflict):
    """Keys of this kind are being replaced already."""

    code = "rotation_under_way"
    message = N_("These keys are being replaced already.")


def begin_rotation(actor: Actor, kind: str, *, grace: timedelta = GRACE, inline: bool = False) -> Job:
    """Start replacing the key of this tenant (`TENANT`) or those of its persons (`SUBJECTS`).

    Raises RotationUnderWay. Needs the owner's login for `TENANT`.
    """
    under_way = select(Job.id).where(Job.kind == kind, Job.state.in_(OPEN_STATES))
    if db.session.scalar(under_way) is not None:
        raise RotationUnderWay
    params: dict[str, Any] = {"grace": grace.total_seconds(), "began": clock.now().isoformat()}
    if kind == TENANT:
        params["version"] = platform_keys.add_data_key(current_tenant().id)
    job = start_job(actor, kind, params, STEP_TASK, QueueName.OPS, inline=inline)
    audit.record(actor, kind, "job", job.id)
    return job


def rotate_step(job_id: uuid.UUID, *, inline: bool = False) -> None:
    """One step of the job; with `inline` the caller, a command, takes the next one itself."""
    job = begin_step(job_id)
    if job is None:
        return
    kept = {"phase": "work", **job.checkpoint}
    if kept["phase"] == "wait":
        _wait(job, kept, inline=inline)
        return
    settles, until = kept["phase"] == "settle", time.monotonic() + STEP_SECONDS
    batch = _tenant_batch if job.kind == TENANT else _subjects_batch
    done, whole = batch(job, kept, settles)
    while not whole and time.monotonic() < until:
        count, whole = batch(job, kept, settles)
        done += count
    report(job, done=job.progress_done + done, checkpoint=kept)
    if not whole:
        _go_on(job, inline=inline)
    elif settles and job.kind == TENANT and done:
        # The old key is destroyed at once and for good, so what this step wrote anew must be committed before.
        _go_on(job, inline=inline)
    elif settles:
        _finish(job, kept)
    else:
        kept = {"phase": "wait", "until": (clock.now() + timedelta(seconds=job.params["grace"])).isoformat()}
        report(job, checkpoint=kept)
        _go_on(job, inline=inline)


def _tenant_batch(job: Job, _kept: dict[str, Any], _settles: bool) -> tuple[int, bool]:
    version = job.params["version"]
    count = rotating.rewrap_subject_keys(version) + rotating.reseal_tenant_values(version)
    return count, count == 0


def _subjects_batch(job: Job, kept: dict[str, Any], settles: bool) -> tuple[int, bool]:
    after, began = kept.get("after"), datetime.fromisoformat(job.params["began"])
    if settles:
        place = (uuid.UUID(after[0]), after[1]) if after else None
        last, stay = rotating.settle_old_keys(place, clock.now())
        kept["kept"] = kept.get("kept", 0) + stay
        kept["after"] = [str(last[0]), last[1]] if last else None
        return 0, last is None
    last_id, count = rotating.replace_subject_keys(uuid.UUID(after) if after else None, began)
    kept["after"] = str(last_id) if last_id else None
    return count, last_id is None


def _wait(job: Job, kept: dict[str, Any], *, inline: bool) -> None:
    now, until = clock.now(), datetime.fromisoformat(kept["until"])
    if now < until:
        report(job)
        if not inline:
            at = min(until, now + _SIGN_OF_LIFE)
            enqueue(job.task, queue=job.queue, payload={"job_id": str(job.id)}, at=at)
        return
    report(job, checkpoint={"phase": "settle"})
    _go_on(job, inline=inline)


def _go_on(job: Job, *, inline: bool) -> None:
    if not inline:
        next_step(job)


def _finish(job: Job, kept: dict[str, Any]) -> None:
    if job.kind == SUBJECTS:
        finish_job(job, JobState.SUCCEEDED, {"replaced": job.progress_done, "kept_for_the_audit": kept.get("kept", 0)})
        return
    left = rotating.count_older(job.params["version"])
    if left:
        # Nothing is destroyed while anything needs it.
        finish_job(job, JobState.PARTLY_FAILED, {"left": left})
        return
    gone = platform_keys.drop_data_keys(current_tenant().id, job.params["version"])
    finish_job(job, JobState.SUCCEEDED, {"written_anew": job.progress_done, "destroyed": gone})
