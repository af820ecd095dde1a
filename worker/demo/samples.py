"""Sample data for a dealership that looks around: some invented stories, told and taken away again by jobs.

What is told is written down row by row, so that nothing else goes. A sample that the dealership's own records refer to
stays, is named in the job's result, and is the dealership's own from then on.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.core import clock
from app.core.db import current_tenant, db
from app.core.db.ids import to_public
from app.core.errors import DomainError, NotFound
from app.core.guard.permissions import Actor, system_actor
from app.core.jobs.jobs import begin_step, finish_job, next_step, report
from app.core.jobs.models import Job, JobState
from app.crm.operations import activities, customers
from app.inventory.operations import removal as stock
from app.sales.operations import removal as sales
from app.tenants.operations import samples
from worker.demo.dealerships import DEALERSHIPS, POSTS, Branch, Dealership
from worker.demo.history import Teller
from worker.demo.plot import write_history

SCALE = 0.04
STORIES_PER_STEP = 10
ROWS_PER_STEP = 60
NAME = {"en": "Sample data", "zh": "示例数据"}
# How the job's page finds a record that stays.
PREFIXES = {"customer": "cus", "vehicle": "veh", "stock_unit": "unit", "deal": "deal", "activity": "act"}


def load_step(job_id: uuid.UUID) -> None:
    """Tell the next stories."""
    job = begin_step(job_id)
    if job is None:
        return
    dealership, now = likeness(), datetime.fromisoformat(job.checkpoint.get("now", clock.now().isoformat()))
    stories = write_history(dealership, now, SCALE, lively=False)
    told = int(job.checkpoint.get("told", 0))
    stores = job.params["stores"]
    params = {"stores": (stores * 2)[:2], "staff": {post.key: job.params["user"] for post in POSTS}}
    teller = Teller(dealership, params)
    for story in stories[told : told + STORIES_PER_STEP]:
        teller.tell(story)
    samples.note_samples(teller.made)
    told = min(told + STORIES_PER_STEP, len(stories))
    report(job, done=told, total=len(stories), checkpoint={"told": told, "now": now.isoformat()})
    if told < len(stories):
        next_step(job)
    else:
        finish_job(job, JobState.SUCCEEDED, {"stories": told})


def remove_step(job_id: uuid.UUID) -> None:
    """Take the next samples away, whatever became of them meanwhile."""
    job = begin_step(job_id)
    if job is None:
        return
    actor = system_actor(_name())
    rows, kept = samples.next_samples(ROWS_PER_STEP), list(job.checkpoint.get("rows", ()))
    for kind, key in rows:
        refused = _remove(actor, kind, key)
        if refused is not None:
            kept.append({"id": to_public(PREFIXES[kind], key), **refused})
        samples.forget_samples(kind, [key])
    done = job.progress_done + len(rows)
    report(job, done=done, total=done + sum(samples.standing().counts.values()), checkpoint={"rows": kept})
    if len(rows) == ROWS_PER_STEP:
        next_step(job)
    else:
        _finish(job, kept, done)


def likeness() -> Dealership:
    """The present dealership as the stories need to know it: its country's cars and names, or the nearest there are."""
    here = current_tenant()
    known = {made.country: made for made in DEALERSHIPS}
    alike = known.get(here.country) or known["CN" if here.locale == "zh" else "GB"]
    branch = Branch("", here.name, here.timezone, "", "")
    return Dealership(
        slug="samples", name=here.name, country=alike.country, locale=here.locale if here.locale in NAME else "en",
        currency=here.currency, timezone=here.timezone, odometer_unit=alike.odometer_unit,
        rounding=max(alike.rounding, Decimal(10)), system_name=_name(), branches=(branch, branch), months=(100,) * 12,
    )  # fmt: skip


def _name() -> str:
    return NAME.get(current_tenant().locale, NAME["en"])


def _remove(actor: Actor, kind: str, key: uuid.UUID) -> Mapping[str, Any] | None:
    """Delete one sample; why it stays, if the dealership's own records refer to it."""
    ways: dict[str, Callable[[], object]] = {
        "deal": lambda: sales.delete_deal(actor=actor, deal_id=key, undo=True),
        "stock_unit": lambda: stock.delete_unit(actor=actor, unit_id=key),
        "vehicle": lambda: stock.delete_vehicle(actor=actor, vehicle_id=key),
        "activity": lambda: activities.delete_activity(actor=actor, activity_id=key),
        "customer": lambda: customers.delete_customer(actor=actor, customer_id=key),
    }
    try:
        with db.session.begin_nested():
            ways[kind]()
    except NotFound:
        return None
    except DomainError as error:
        return {"message": error.message, "params": {name: str(value) for name, value in error.params.items()}}
    return None


def _finish(job: Job, kept: list[Mapping[str, Any]], done: int) -> None:
    state = JobState.PARTLY_FAILED if kept else JobState.SUCCEEDED
    finish_job(job, state, {"changed": done - len(kept), "skipped": len(kept), "rows": kept})
