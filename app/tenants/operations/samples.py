"""Sample data: asked for and taken away by somebody who may, each by a job; which records it is made of."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import case, delete, func, insert, select, text

from app.core.db import current_tenant, db
from app.core.errors import N_, Conflict
from app.core.guard import audit
from app.core.guard.permissions import Actor, check, system_actor
from app.core.jobs.jobs import list_jobs, start_job
from app.core.jobs.models import OPEN_STATES, Job
from app.core.jobs.queues import QueueName
from app.tenants.models import Sample
from app.tenants.queries import list_open_stores

RIGHT = "dealership.samples"
LOAD = "samples.load"
REMOVE = "samples.remove"
# Whatever refers to others goes before them.
ORDER = ("deal", "stock_unit", "vehicle", "activity", "customer")


class SamplesNotReady(Conflict):
    """There was sample data before, or there is none to take away, or a job is at it."""

    code = "samples_not_ready"
    message = N_("This is not possible now: sample data is loaded once, and removed when it is whole.")


@dataclass(frozen=True)
class Standing:
    """How it stands with a dealership's sample data."""

    counts: Mapping[str, int]
    working: bool
    can_load: bool

    @property
    def can_remove(self) -> bool:
        """Whether there is something to take away, and nobody is at it."""
        return bool(self.counts) and not self.working


def standing() -> Standing:
    """What samples there are, and what can be done about them. Samples are loaded once."""
    counted = db.session.execute(select(Sample.kind, func.count()).group_by(Sample.kind)).all()
    jobs = [*list_jobs(system_actor(LOAD), LOAD, 1), *list_jobs(system_actor(REMOVE), REMOVE, 1)]
    working = any(job.state in OPEN_STATES for job in jobs)
    return Standing(dict(counted), working, not jobs and not counted)


def ask_for_samples(actor: Actor) -> Job:
    """Start loading sample data, whose salesperson is the actor; raises SamplesNotReady when there was some before."""
    check(actor, RIGHT)
    stores = list_open_stores(actor, "store.see")
    _one_at_a_time()
    if not standing().can_load or not stores or actor.user_id is None:
        raise SamplesNotReady
    params = {"stores": [str(store.id) for store in stores[:2]], "user": str(actor.user_id)}
    job = start_job(actor, LOAD, params, LOAD, QueueName.IMPORTS)
    audit.record(actor, LOAD, "job", job.id)
    return job


def ask_for_removal(actor: Actor) -> Job:
    """Start taking the sample data away; raises SamplesNotReady where there is none or somebody is at it."""
    check(actor, RIGHT)
    _one_at_a_time()
    if not standing().can_remove:
        raise SamplesNotReady
    job = start_job(actor, REMOVE, {}, REMOVE, QueueName.IMPORTS)
    audit.record(actor, REMOVE, "job", job.id)
    return job


def _one_at_a_time() -> None:
    """Wait for whoever asks at the same time in this dealership: its job is seen then."""
    place = text("SELECT pg_advisory_xact_lock(hashtext('forecourt.samples'), hashtext(:tenant))")
    db.session.execute(place, {"tenant": current_tenant().id})


def note_samples(made: Sequence[tuple[str, uuid.UUID]]) -> None:
    """Write down that these records are samples."""
    if made:
        db.session.execute(insert(Sample), [{"kind": kind, "record_id": key} for kind, key in made])


def next_samples(limit: int) -> list[tuple[str, uuid.UUID]]:
    """Those to be taken away next, whatever refers to others first."""
    place = case({kind: number for number, kind in enumerate(ORDER)}, value=Sample.kind)
    query = select(Sample.kind, Sample.record_id).order_by(place, Sample.record_id).limit(limit)
    return [(kind, key) for kind, key in db.session.execute(query.with_for_update())]


def forget_samples(kind: str, ids: Collection[uuid.UUID]) -> None:
    """These are samples no more: gone, or the dealership's own from now on."""
    db.session.execute(delete(Sample).where(Sample.kind == kind, Sample.record_id.in_(ids)))
