"""Replacing keys as a job: of a dealership (what wraps persons' keys and seals its own secrets), of its persons, or
the one of its keyed indexes.

Each batch is a step, so a kill costs one batch. The old key stays good for as long as a process may still seal with
it: a copy of the keys lives for minutes, a transaction for less than an hour. Then what came meanwhile is sealed anew
too, and when nothing is left under the old key it is destroyed.

What is looked for by an index must be known before it is written: every process learns of a new index key in the
first hour, writes with it from the same moment on, and an hour later nothing is under way that did not. From then on
one pass over everything makes it anew, and the old one is destroyed. Who looks for a value asks for both meanwhile.
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
from app.core.guard import audit, platform_keys, reindexing, rotating
from app.core.guard.permissions import Actor
from app.core.jobs.jobs import begin_step, finish_job, next_step, report, start_job
from app.core.jobs.models import OPEN_STATES, Job, JobState
from app.core.jobs.outbox import enqueue
from app.core.jobs.queues import QueueName

TENANT, SUBJECTS, INDEX = "keys.rotate_tenant", "keys.rotate_subjects", "keys.rotate_index"
STEP_TASK: Final = "keys.rotate_step"
GRACE: Final = timedelta(hours=1)
STEP_SECONDS: Final = 20.0
# Records people work with are locked until a step ends.
INDEX_STEP_SECONDS: Final = 2.0
# While a job waits it says now and then that it is alive.
_SIGN_OF_LIFE: Final = timedelta(minutes=10)
_A_MOMENT: Final = timedelta(minutes=1)


class RotationUnderWay(Conflict):
    """Keys of this kind are being replaced already."""

    code = "rotation_under_way"
    message = N_("These keys are being replaced already.")


def begin_rotation(actor: Actor, kind: str, *, grace: timedelta = GRACE, inline: bool = False) -> Job:
    """Start replacing the key of this tenant (`TENANT`), those of its persons (`SUBJECTS`) or that of its indexes.

    Raises RotationUnderWay. Needs the owner's login, but for `SUBJECTS`.
    """
    under_way = select(Job.id).where(Job.kind == kind, Job.state.in_(OPEN_STATES))
    if db.session.scalar(under_way) is not None:
        raise RotationUnderWay
    params: dict[str, Any] = {"grace": grace.total_seconds(), "began": clock.now().isoformat()}
    if kind == TENANT:
        params["version"] = platform_keys.add_key(current_tenant().id, platform_keys.DATA)
    if kind == INDEX:
        used_from = clock.now() + grace
        params["version"] = platform_keys.add_key(current_tenant().id, platform_keys.INDEX, used_from)
        params["used_from"] = used_from.isoformat()
    job = start_job(actor, kind, params, STEP_TASK, QueueName.OPS, inline=inline)
    if kind == INDEX:
        job.checkpoint = {"phase": "wait", "until": (used_from + grace).isoformat(), "then": "work"}
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
    if job.kind == INDEX:
        _renew(job, kept, inline=inline)
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
    report(job, checkpoint={"phase": kept.get("then", "settle")})
    _go_on(job, inline=inline)


def _renew(job: Job, kept: dict[str, Any], *, inline: bool) -> None:
    """Make the next indexes anew; after the last ones the old key goes."""
    renewal = reindexing.Renewal(job.params["version"], datetime.fromisoformat(job.params["used_from"]))
    if not reindexing.ready(renewal):
        # The clock here is behind that of where it began.
        _wait(job, {"until": (clock.now() + _A_MOMENT).isoformat()}, inline=inline)
        return
    rooms, until = reindexing.renewers(), time.monotonic() + INDEX_STEP_SECONDS
    kept = {"finished": [], "forgotten": 0, "done": 0, "after": None, **kept}
    todo = [name for name in rooms if name not in kept["finished"]]
    if not todo:
        # In a step of its own: what was made anew is committed.
        gone = platform_keys.drop_keys(current_tenant().id, platform_keys.INDEX, renewal.version)
        result = {"written_anew": kept["done"], "forgotten": kept["forgotten"], "destroyed": gone}
        finish_job(job, JobState.SUCCEEDED, result)
        return
    while todo:
        name, after = kept["after"] or (None, None)
        batch = rooms[todo[0]](renewal, after if name == todo[0] else None)
        kept["done"], kept["forgotten"] = kept["done"] + batch.renewed, kept["forgotten"] + batch.forgotten
        kept["after"] = [todo[0], batch.after] if batch.after else None
        if batch.after is None:
            kept["finished"] = [*kept["finished"], todo.pop(0)]
        if time.monotonic() >= until:
            break
    report(job, done=kept["done"], checkpoint=kept)
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
    gone = platform_keys.drop_keys(current_tenant().id, platform_keys.DATA, job.params["version"])
    finish_job(job, JobState.SUCCEEDED, {"written_anew": job.progress_done, "destroyed": gone})
