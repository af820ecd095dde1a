"""The steps of an export's job: rows into sealed parts, resumed from the last one; in the end the parts as one file.

Nothing is ever held whole: rows come by the page, parts and file are sealed as they are written.
"""

from __future__ import annotations

import hmac
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Select, select

from app.core import clock
from app.core.db import current_tenant, db
from app.core.db.tenancy import current_settings
from app.core.errors import Invalid, NotFound
from app.core.guard import files, vault
from app.core.guard.keys import derived
from app.core.guard.narrowing import limited
from app.core.guard.permissions import Actor, Scope, allows, scope_of
from app.core.guard.policy import policy_for
from app.core.jobs.jobs import begin_step, finish_job, next_step, report
from app.core.jobs.models import Job, JobState
from app.core.jobs.outbox import enqueue
from app.core.jobs.queues import QueueName
from app.core.lists import pages
from app.core.lists.cursors import CursorCodec
from app.core.lists.exports.cells import Sheet, Value, Words, pack, unpack
from app.core.lists.exports.ending import forget_parts
from app.core.lists.exports.errors import ExportLimit
from app.core.lists.exports.models import Export, ExportSchedule
from app.core.lists.exports.operations import export_permission, file_place, outgoing, resource_of
from app.core.lists.exports.outgoing import Both, Leaving, told_of
from app.core.lists.exports.rules import check_limit, rules_in_force
from app.core.lists.exports.sealing import open_stream, pulled, seal_stream
from app.core.lists.exports.states import MEDIA_TYPES, ExportState, Format
from app.core.lists.exports.taking import place_of
from app.core.lists.exports.writing import MOST_XLSX_ROWS, write
from app.core.lists.query import ListQuery, read_query
from app.core.lists.saved_filters import load_filter
from app.core.lists.spec import REGISTRY

ROWS_AT_ONCE: Final = 2_000
STEP_SECONDS: Final = 15.0
# Counted so that the bar has an end; beyond this it is an estimate that grows.
MOST_COUNTED: Final = 2_000_000
MOST_BYTES: Final = 4 * 1024 * 1024 * 1024
TEND_TASK: Final = "lists.tend_exports"
# Parts of a job that never ends are swept away like any file that has had its day.
PARTS_KEPT: Final = timedelta(days=7)
# The rights of a user now, and the words of a language: both belong to rooms above this one.
Who = Callable[[uuid.UUID], Actor]
Speaker = Callable[[str], Words]


class RightsChanged(Exception):
    """Somebody whose rights the export needs has lost them since it began."""


@dataclass(frozen=True)
class Work:
    """What a step works with: the job, its export, whose rights count, the question, and how cells leave."""

    job: Job
    export: Export
    actor: Actor
    query: ListQuery
    sheet: Sheet
    statement: Select[Any]
    key: bytes


def export_rows(job_id: uuid.UUID, who: Who, speak: Speaker) -> None:
    """One step of an export, with the rights its owner has now. What he may no longer ask fails the job."""
    job = begin_step(job_id)
    if job is None:
        return
    export = db.session.get(Export, uuid.UUID(job.params["export"]))
    if export is None or export.file_key is None:
        _stop_erased(job)
        return
    export.state = ExportState.STARTED.value
    kept = {"parts": [], "cursor": None, "done": 0, "read": False, "columns": None, **job.checkpoint}
    try:
        work = _prepared(job, export, kept, who, speak)
        check_limit(export.created_by, rules_in_force(), more=kept["done"], but=export.id)
    except (Invalid, NotFound, RightsChanged):
        finish_job(job, JobState.FAILED, {"error": "rights_changed"})
        return
    except ExportLimit:
        finish_job(job, JobState.FAILED, {"error": "export_limit"})
        return
    if not kept["read"]:
        _read_on(work, kept)
    elif export.format == Format.XLSX and kept["done"] > MOST_XLSX_ROWS:
        finish_job(job, JobState.FAILED, {"error": "too_many_for_xlsx", "most": MOST_XLSX_ROWS})
    else:
        _finish(work, kept)


def _prepared(job: Job, export: Export, kept: dict[str, Any], who: Who, speak: Speaker) -> Work:
    """Everything a step needs, checked anew; raises NotFound, Invalid and RightsChanged."""
    spec = REGISTRY.get(export.list_name)
    if spec is None:
        raise NotFound
    actor = _may_take(who(export.created_by), spec.permission, export_permission(spec))
    owner = _owner(export, who, spec.permission, export_permission(spec))
    asked = export.asked
    saved = load_filter(spec.name, actor.caller_id, asked["filter"]) if asked["filter"] else {}
    policy = policy_for(actor) if owner is None else Both(policy_for(actor), policy_for(owner))
    # Nothing is dropped here: without a condition the file would hold more than was asked for.
    query = replace(read_query(spec, asked["args"], policy, saved=saved).checked(), limit=ROWS_AT_ONCE)
    statement = pages.matching(spec, actor, query, timezone=asked["timezone"])
    if owner is not None and scope_of(owner, spec.permission) is not Scope.ALL:
        key = statement.selected_columns[spec.key]
        reached = spec.source(owner).order_by(None).subquery()
        statement = statement.where(key.in_(select(reached.c[spec.key])))
    found = outgoing(actor, query, unmasked=export.unmasked, policy=policy)
    _hold(found, kept)
    key_bytes = bytes.fromhex(vault.unseal_own(*file_place(export), export.file_key or b""))
    sheet = Sheet(found, speak(asked["locale"]), asked["timezone"], _tokens(key_bytes))
    return Work(job, export, actor, query, sheet, statement, key_bytes)


def _may_take(actor: Actor, see: str, export: str) -> Actor:
    """The actor, his sight cut to what he may export; raises NotFound when he may not at all."""
    if not allows(actor, see) or not allows(actor, export):
        raise NotFound
    return limited(actor, see, by=export)


def _owner(export: Export, who: Who, see: str, permission: str) -> Actor | None:
    """Whoever set the schedule, when that is somebody else than who gets the file: both must have the right."""
    schedule = db.session.get(ExportSchedule, export.schedule_id) if export.schedule_id else None
    if export.schedule_id is not None and schedule is None:
        raise RightsChanged
    if schedule is None or schedule.owner_id == export.created_by:
        return None
    return _may_take(who(schedule.owner_id), see, permission)


def _hold(found: list[Leaving], kept: dict[str, Any]) -> None:
    """Keep to the columns the first step began with: a file whose lines differ in what they hide would be none."""
    now = [[one.column.key, one.how.value, one.under.value if one.under else None, one.full] for one in found]
    if kept["columns"] is None:
        kept["columns"] = now
    if not found or kept["columns"] != now:
        raise RightsChanged


def _read_on(work: Work, kept: dict[str, Any]) -> None:
    job, spec = work.job, work.query.spec
    if kept["cursor"] is None:
        report(job, total=pages.count_up_to(db.session(), work.statement, MOST_COUNTED))
    number = len(kept["parts"])
    sealed = seal_stream(work.key, place_of(work.export.id, number), _packed_pages(work, kept))
    expires = clock.now() + PARTS_KEPT
    part = files.save_file(
        pulled(sealed), f"{spec.name} {number}", "export_part", expires_at=expires, max_bytes=MOST_BYTES
    )
    kept["parts"] = [*kept["parts"], str(part.id)]
    work.export.rows = kept["done"]
    report(job, done=kept["done"], total=max(job.progress_total or 0, kept["done"]), checkpoint=kept)
    next_step(job)


def _packed_pages(work: Work, kept: dict[str, Any]) -> Iterator[bytes]:
    """The lines of one page after the other until the step's time is up; `kept` says where it ended."""
    cursors = CursorCodec(current_settings().secret_key, current_tenant().id)
    spec, began = work.query.spec, time.monotonic()
    while not kept["read"]:
        query = replace(work.query, limit=ROWS_AT_ONCE, cursor=kept["cursor"])
        page = pages.fetch(db.session(), work.statement, query, cursors=cursors, with_total=False)
        yield pack(work.sheet.lines(page.rows, spec.key))
        kept["done"] += len(page.rows)
        kept["cursor"] = page.next_cursor
        kept["read"] = page.next_cursor is None
        # After a page, not before one: every step gets further.
        if time.monotonic() - began >= STEP_SECONDS:
            break


def _finish(work: Work, kept: Mapping[str, Any]) -> None:
    job, export = work.job, work.export
    chosen, counted = Format(export.format), Counted()
    plain = counted.through(write(chosen, work.sheet.headings(), _lines(work, kept["parts"])))
    name = f"{work.sheet.say(work.query.spec.label)} {_today(export)}.{chosen.value}"
    expires = clock.now() + timedelta(hours=rules_in_force().kept_hours)
    stored = files.save_file(
        pulled(seal_stream(work.key, place_of(export.id), plain)),
        name,
        "export",
        media_type=MEDIA_TYPES[chosen],
        created_by=export.created_by,
        expires_at=expires,
        max_bytes=MOST_BYTES,
    )
    # Somebody may have been erased since the rows were read: then the key is gone, and the file goes too.
    still = select(Export.file_key).where(Export.id == export.id).with_for_update()
    if db.session.execute(still).scalar_one() is None:
        files.delete_file(stored.id)
        db.session.refresh(export)
        _stop_erased(job)
        return
    forget_parts(job)
    export.state, export.file_id, export.expires_at = ExportState.READY.value, stored.id, expires
    export.rows, export.size = kept["done"], counted.bytes
    export.treated = told_of(work.sheet.columns)
    # To the minute on time; the hourly look at all exports is for what this might miss.
    enqueue(TEND_TASK, queue=QueueName.DEFAULT, at=expires)
    facts = {"rows": kept["done"], "bytes": counted.bytes, "name": name, "resource": resource_of(work.query.spec)}
    finish_job(job, JobState.SUCCEEDED, facts)


def _stop_erased(job: Job) -> None:
    forget_parts(job)
    finish_job(job, JobState.FAILED, {"error": "erased"})


class Counted:
    """How many bytes went by."""

    def __init__(self) -> None:
        self.bytes = 0

    def through(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """`pieces`, counted."""
        for piece in pieces:
            self.bytes += len(piece)
            yield piece


def _lines(work: Work, parts: list[str]) -> Iterator[list[Value]]:
    for number, file_id in enumerate(parts):
        with files.open_file(uuid.UUID(file_id)) as stored:
            yield from unpack(open_stream(work.key, place_of(work.export.id, number), stored))


def _tokens(file_key: bytes) -> Callable[[str], bytes]:
    """Fingerprints under a key of the export's own, which goes with it: two files cannot be laid side by side."""
    key = derived(file_key, "export-tokens")
    return lambda subject: hmac.digest(key, subject.encode(), "sha256")[: vault.INDEX_BYTES]


def _today(export: Export) -> date:
    return clock.business_date(clock.now(), export.asked["timezone"])
