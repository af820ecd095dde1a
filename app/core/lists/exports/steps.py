"""The steps of an export's job: rows into sealed parts, resumed from the last one; in the end the parts as one file."""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from app.core import clock
from app.core.db import current_tenant, db
from app.core.db.tenancy import current_settings
from app.core.errors import Invalid, NotFound
from app.core.guard import files, vault
from app.core.guard.narrowing import limited
from app.core.guard.permissions import Actor, allows
from app.core.guard.policy import policy_for
from app.core.jobs.jobs import begin_step, finish_job, next_step, report
from app.core.jobs.models import Job, JobState
from app.core.lists import pages
from app.core.lists.cursors import CursorCodec
from app.core.lists.exports.cells import Sheet, Value, Words, pack, unpack
from app.core.lists.exports.operations import KEPT, export_permission, resource_of
from app.core.lists.exports.writing import MEDIA_TYPES, MOST_XLSX_ROWS, Format, write
from app.core.lists.query import ListQuery, read_query
from app.core.lists.saved_filters import load_filter
from app.core.lists.spec import REGISTRY

ROWS_AT_ONCE: Final = 2_000
STEP_SECONDS: Final = 15.0
# Counted so that the bar has an end; beyond this it is an estimate that grows.
MOST_COUNTED: Final = 2_000_000
# The rights of a user now, and the words of a language: both belong to rooms above this one.
Who = Callable[[uuid.UUID], Actor]
Speaker = Callable[[str], Words]


def export_rows(job_id: uuid.UUID, who: Who, speak: Speaker) -> None:
    """One step of an export, with the rights its owner has now. What he may no longer ask fails the job."""
    job = begin_step(job_id)
    if job is None:
        _forget_parts(job_id)
        return
    try:
        actor, query = _asked(job, who)
    except (Invalid, NotFound):
        _forget_parts(job_id)
        finish_job(job, JobState.FAILED, {"error": "rights_changed"})
        return
    say = speak(job.params["locale"])
    policy = policy_for(actor)
    columns = query.spec.chosen_columns(policy, query.cols)
    sheet = Sheet(columns, policy, say, job.params["timezone"])
    kept = {"parts": [], "cursor": None, "done": 0, "read": False, **job.checkpoint}
    if not kept["read"]:
        _read_on(job, actor, replace(query, limit=ROWS_AT_ONCE), sheet, kept)
    elif job.params["format"] == Format.XLSX and kept["done"] > MOST_XLSX_ROWS:
        _forget_parts(job_id)
        finish_job(job, JobState.FAILED, {"error": "too_many_for_xlsx", "most": MOST_XLSX_ROWS})
    else:
        _finish(job, query, sheet, kept)


def _asked(job: Job, who: Who) -> tuple[Actor, ListQuery]:
    """The owner, his sight cut to what he may export, and his question; raises NotFound, Invalid."""
    spec = REGISTRY.get(job.params["list"])
    if spec is None or job.created_by is None:
        raise NotFound
    actor = who(job.created_by)
    permission = export_permission(spec)
    if not allows(actor, spec.permission) or not allows(actor, permission):
        raise NotFound
    actor = limited(actor, spec.permission, by=permission)
    saved = load_filter(spec.name, actor.user_id, job.params["filter"]) if job.params["filter"] else {}
    # Nothing is dropped here: without a condition the file would hold more than was asked for.
    return actor, read_query(spec, job.params["args"], policy_for(actor), saved=saved).checked()


def _read_on(job: Job, actor: Actor, query: ListQuery, sheet: Sheet, kept: dict[str, Any]) -> None:
    statement = pages.matching(query.spec, actor, query, timezone=job.params["timezone"])
    if kept["cursor"] is None:
        report(job, total=pages.count_up_to(db.session(), statement, MOST_COUNTED))
    cursors = CursorCodec(current_settings().secret_key, current_tenant().id)
    lines: list[Sequence[Value]] = []
    began = time.monotonic()
    while time.monotonic() - began < STEP_SECONDS:
        page = pages.fetch(
            db.session(), statement, replace(query, cursor=kept["cursor"]), cursors=cursors, with_total=False
        )
        lines += [sheet.line(row) for row in page.rows]
        kept["cursor"] = page.next_cursor
        if page.next_cursor is None:
            kept["read"] = True
            break
    number = len(kept["parts"])
    sealed = vault.seal_bytes("core_jobs", f"export_part_{number}", job.id, pack(lines))
    expires = clock.now() + KEPT
    part = files.save_file(io.BytesIO(sealed), f"part {number}", "export_part", expires_at=expires)
    kept["parts"] = [*kept["parts"], str(part.id)]
    kept["done"] += len(lines)
    report(job, done=kept["done"], total=max(job.progress_total or 0, kept["done"]), checkpoint=kept)
    next_step(job)


def _finish(job: Job, query: ListQuery, sheet: Sheet, kept: Mapping[str, Any]) -> None:
    chosen = Format(job.params["format"])
    data = write(chosen, sheet.headings(), _lines(job, kept["parts"]))
    sealed = vault.seal_bytes("core_jobs", "export", job.id, data)
    name = f"{sheet.say(query.spec.label)} {_today(job)}.{chosen.value}"
    stored = files.save_file(
        io.BytesIO(sealed),
        name,
        "export",
        media_type=MEDIA_TYPES[chosen],
        created_by=job.created_by,
        expires_at=clock.now() + KEPT,
    )
    _forget_parts(job.id)
    facts = {"file_id": str(stored.id), "rows": kept["done"], "bytes": len(data), "name": name}
    finish_job(job, JobState.SUCCEEDED, {**facts, "resource": resource_of(query.spec)})


def _lines(job: Job, parts: Sequence[str]) -> Iterator[list[Value]]:
    for number, file_id in enumerate(parts):
        with files.open_file(uuid.UUID(file_id)) as stored:
            yield from unpack(vault.unseal_bytes("core_jobs", f"export_part_{number}", job.id, stored.read()))


def _forget_parts(job_id: uuid.UUID) -> None:
    job = db.session.get(Job, job_id)
    for file_id in job.checkpoint.get("parts", ()) if job is not None else ():
        try:
            files.delete_file(uuid.UUID(file_id))
        except NotFound:
            continue


def _today(job: Job) -> date:
    return clock.business_date(clock.now(), job.params["timezone"])
