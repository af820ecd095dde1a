"""The steps of an import's job: rows by the thousand, in one transaction with the checkpoint."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from sqlalchemy import delete, func, select, update

from app.core.db import db
from app.core.db.bulk import copy_rows
from app.core.db.columns import new_id
from app.core.db.session import taken_back
from app.core.errors import FieldError, NotFound
from app.core.guard import indexes, vault
from app.core.guard.carried import from_plain
from app.core.guard.permissions import Actor
from app.core.jobs.imports import kinds, mapping
from app.core.jobs.imports.kinds import ImportKind
from app.core.jobs.imports.models import Import, ImportMark, ImportRow, ImportState, Outcome
from app.core.jobs.imports.settling import IN, Row, fingerprint, read_row, settle, take_back
from app.core.jobs.imports.uploads import table_of
from app.core.jobs.jobs import begin_step, finish_job, next_step, report
from app.core.jobs.models import Job, JobState

ROWS_AT_ONCE = 1_000
# A step reads the file anew, so it goes on for a while, and for a longer one where reading takes long.
STEP_SECONDS = 3.0
TIMES_READING = 4


def check_rows(job_id: uuid.UUID, *, inline: bool = False) -> None:
    """One step of the dry run: the same as a run's, taken back before its outcome is written.

    `inline`: whoever calls takes the next step too, so that none is enqueued.
    """

    def dry(work: Callable[[], None]) -> None:
        with taken_back():
            work()

    _step(job_id, ImportState.CHECKING, ImportState.CHECKED, around=dry, mark=False, inline=inline)


def run_rows(job_id: uuid.UUID, *, inline: bool = False) -> None:
    """One step of the run; `inline` as for `check_rows`."""
    _step(job_id, ImportState.RUNNING, ImportState.DONE, around=lambda work: work(), mark=True, inline=inline)


def _step(
    job_id: uuid.UUID,
    during: ImportState,
    after: ImportState,
    *,
    around: Callable[[Callable[[], None]], None],
    mark: bool,
    inline: bool,
) -> None:
    opened = _open(job_id, during)
    if opened is None:
        return
    job, found, kind, actor = opened
    begun = time.monotonic()
    done = int(job.checkpoint.get("row", 0))
    reader = mapping.RowReader(kind.offered(actor), actor, found.headers, mapping.loaded(found.mapping))
    lines = itertools.islice(table_of(found).rows(), done, None)
    cells = list(itertools.islice(lines, ROWS_AT_ONCE))
    if mark:
        # Two files with the same row at once: the database refuses the second, but not under another index key.
        indexes.hold(f"import.{kind.key}", "")
    patience = max(STEP_SECONDS, TIMES_READING * (time.monotonic() - begun))
    while cells:
        rows = [read_row(reader, done + offset, line) for offset, line in enumerate(cells, 1)]
        fingerprint(kind, rows)
        around(partial(settle, found, kind, actor, [row for row in rows if row.open]))
        _write(found, kind, rows, mark=mark)
        done += len(cells)
        cells = list(itertools.islice(lines, ROWS_AT_ONCE))
        if time.monotonic() - begun > patience:
            break
    report(job, done=done, total=max(found.row_count, done), checkpoint={"row": done})
    if cells:
        if not inline:
            next_step(job)
        return
    found.counts = _counts(found.id)
    found.state = after
    bad = found.counts.get(Outcome.FAILED, 0) + found.counts.get(Outcome.CONFLICT, 0)
    finish_job(job, JobState.PARTLY_FAILED if bad else JobState.SUCCEEDED, dict(found.counts))


def undo_rows(job_id: uuid.UUID, *, inline: bool = False) -> None:
    """One step of the way back, last rows first; a row changed since stays. `inline` as for `check_rows`."""
    opened = _open(job_id, ImportState.UNDOING)
    if opened is None:
        return
    job, found, kind, actor = opened
    before = int(job.checkpoint.get("before", found.row_count + 1))
    query = (
        select(ImportRow)
        .where(ImportRow.import_id == found.id, ImportRow.outcome == Outcome.CREATED, ImportRow.row_no < before)
        .order_by(ImportRow.row_no.desc())
        .limit(ROWS_AT_ONCE)
    )
    rows = db.session.scalars(query).all()
    gone = take_back(kind, actor, rows)
    own = ImportRow.import_id == found.id
    db.session.execute(update(ImportRow).where(own, ImportRow.row_no.in_(gone)).values(outcome=Outcome.UNDONE))
    db.session.execute(delete(ImportMark).where(ImportMark.import_id == found.id, ImportMark.row_no.in_(gone)))
    report(job, done=job.progress_done + len(rows), checkpoint={"before": rows[-1].row_no if rows else 0})
    if len(rows) == ROWS_AT_ONCE:
        if not inline:
            next_step(job)
        return
    found.counts = _counts(found.id)
    found.state = ImportState.UNDONE
    kept = found.counts.get(Outcome.CREATED, 0)
    finish_job(job, JobState.PARTLY_FAILED if kept else JobState.SUCCEEDED, dict(found.counts))


def _open(job_id: uuid.UUID, during: ImportState) -> tuple[Job, Import, ImportKind, Actor] | None:
    """The job's parts, or None when it is over; a canceled one leaves the import where it can be begun again."""
    job = begin_step(job_id)
    stored = job or db.session.get(Job, job_id)
    found = db.session.get(Import, uuid.UUID(stored.params["import_id"])) if stored else None
    if found is None or stored is None:
        raise NotFound
    if found.job_id != stored.id:
        # Retried after something else was begun with the same import.
        if job is not None:
            finish_job(job, JobState.FAILED, {"error": "superseded"})
        return None
    if job is None:
        if stored.state == JobState.CANCELED and found.state == during:
            found.counts = _counts(found.id)
            found.state = ImportState.UPLOADED if during is ImportState.CHECKING else ImportState.DONE
        return None
    kind = kinds.find_kind(found.kind)
    if kind is None:
        raise NotFound
    found.state = during
    return job, found, kind, _actor(job)


def _actor(job: Job) -> Actor:
    """Whoever began the job, with the rights he had then."""
    return from_plain(job.created_by, job.params["actor"])


def _write(found: Import, kind: ImportKind, rows: Sequence[Row], *, mark: bool) -> None:
    copy_rows(
        ImportRow.__table__,
        ("import_id", "row_no", "outcome", "identity", "claim", "made", "errors"),
        (
            (
                found.id,
                row.row_no,
                row.result.outcome.value,
                row.identities[0] if row.identities else None,
                row.claims[0] if row.claims and row.result.outcome in IN else None,
                {name: str(value) for name, value in row.result.made.items()} if mark else {},
                [_stored(error) for error in row.result.errors],
            )
            for row in rows
        ),
    )
    if mark:
        made = [(new_id(), row, row.said) for row in rows if row.said and row.result.outcome is Outcome.CREATED]
        copy_rows(
            ImportMark.__table__,
            ("id", "kind", "identity", "said_enc", "import_id", "row_no"),
            (
                (mark_id, kind.key, row.identities[0], _sealed(mark_id, said), found.id, row.row_no)
                for mark_id, row, said in made
            ),
        )


def _sealed(mark_id: uuid.UUID, said: str) -> bytes:
    return vault.seal_bytes(ImportMark.__tablename__, "said_enc", mark_id, said.encode())


def _stored(error: FieldError) -> dict[str, Any]:
    return {**asdict(error), "params": {key: str(value) for key, value in error.params.items()}}


def _counts(import_id: uuid.UUID) -> dict[str, int]:
    query = select(ImportRow.outcome, func.count()).where(ImportRow.import_id == import_id).group_by(ImportRow.outcome)
    return {str(outcome): int(count) for outcome, count in db.session.execute(query)}
