"""Making every entry anew from the records: after a migration, after a change of what is kept, or on request."""

from __future__ import annotations

import uuid
from typing import Final

from sqlalchemy import func, select

from app.core.db import db
from app.core.guard.permissions import Actor
from app.core.jobs import jobs
from app.core.jobs.models import Job, JobState
from app.core.jobs.queues import QueueName
from app.core.lists.search.entries import remove, replace
from app.core.lists.search.kinds import SearchKind, ordered
from app.core.lists.search.models import SearchEntry

JOB_KIND: Final = "search_rebuild"
BEGIN_TASK: Final = "search.begin_rebuild"
STEP_TASK: Final = "search.rebuild_entries"
AT_ONCE: Final = 2_000
_LAST = uuid.UUID(int=2**128 - 1)


def begin_rebuild(actor: Actor, *, inline: bool = False) -> Job:
    """Start the job that makes all entries anew; people go on finding what has an entry already."""
    return jobs.start_job(actor, JOB_KIND, {}, STEP_TASK, QueueName.IMPORTS, inline=inline)


def rebuild_step(job_id: uuid.UUID, *, inline: bool = False) -> None:
    """One step of the job: the next `AT_ONCE` records of a kind, in the order of their ids.

    With `inline` the caller, a command, takes the next one itself.
    """
    job = jobs.begin_step(job_id)
    if job is None:
        return
    kinds = ordered()
    place, after = job.checkpoint.get("kind", 0), job.checkpoint.get("after")
    if place >= len(kinds):
        entries = db.session.scalar(select(func.count()).select_from(SearchEntry))
        jobs.finish_job(job, JobState.SUCCEEDED, {"entries": entries})
        return
    read, last = rebuild_slice(kinds[place], uuid.UUID(after) if after else None)
    total = job.progress_total or sum(db.session.scalar(select(func.count(kind.key))) or 0 for kind in kinds)
    done = job.progress_done + read
    further = {"kind": place, "after": str(last)} if last else {"kind": place + 1}
    jobs.report(job, done=done, total=max(total, done), checkpoint=further)
    if not inline:
        jobs.next_step(job)


def rebuild_slice(kind: SearchKind, after: uuid.UUID | None) -> tuple[int, uuid.UUID | None]:
    """Make the entries of the records after `after` anew: how many these were, and the last id if more may follow."""
    wanted = select(kind.key).order_by(kind.key).limit(AT_ONCE)
    ids = db.session.scalars(wanted if after is None else wanted.where(kind.key > after)).all()
    last = ids[-1] if len(ids) == AT_ONCE else None
    kept = select(SearchEntry.record_id).where(SearchEntry.kind == kind.name, SearchEntry.record_id <= (last or _LAST))
    known = db.session.scalars(kept if after is None else kept.where(SearchEntry.record_id > after)).all()
    # Both were read before the records are locked, so that a record made meanwhile keeps the entry it came with.
    written = replace(kind, ids)
    gone = set(known) - written
    if gone:
        meanwhile = set(db.session.scalars(select(kind.key).where(kind.key.in_(gone - set(ids)))))
        remove(kind.name, gone - meanwhile)
    return len(ids), last
