"""The steps of an import's job: a few hundred rows each, in one transaction with the checkpoint."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from app.core.db import db
from app.core.db.session import taken_back
from app.core.errors import N_, FieldError, NotFound
from app.core.guard import vault
from app.core.guard.permissions import Actor, system_actor
from app.core.jobs.imports import kinds, mapping
from app.core.jobs.imports.kinds import ImportKind, ParsedRow, RowResult
from app.core.jobs.imports.models import Import, ImportMark, ImportRow, ImportState, Outcome
from app.core.jobs.imports.operations import table_of
from app.core.jobs.jobs import begin_step, finish_job, next_step, report
from app.core.jobs.models import Job, JobState

ROWS_PER_STEP = 1_000
_BROKEN = FieldError("row", "not_taken", N_("The row could not be stored."))
_CLAIMED = FieldError("row", "claimed_before", N_("An earlier row of this file says the same thing differently."))


@dataclass
class _Row:
    """One row on its way: how it was read, by what it is known, and what became of it."""

    row_no: int
    values: Mapping[str, Any]
    identity: bytes | None = None
    claim: bytes | None = None
    result: RowResult = field(default_factory=lambda: RowResult(Outcome.FAILED))
    open: bool = False


def check_rows(job_id: uuid.UUID) -> None:
    """One step of the dry run: the same as a run's, taken back before its outcome is written."""

    def dry(work: Callable[[], None]) -> None:
        with taken_back():
            work()

    _step(job_id, ImportState.CHECKING, ImportState.CHECKED, around=dry, mark=False)


def run_rows(job_id: uuid.UUID) -> None:
    """One step of the run."""
    _step(job_id, ImportState.RUNNING, ImportState.DONE, around=lambda work: work(), mark=True)


def _step(
    job_id: uuid.UUID,
    during: ImportState,
    after: ImportState,
    *,
    around: Callable[[Callable[[], None]], None],
    mark: bool,
) -> None:
    opened = _open(job_id, during)
    if opened is None:
        return
    job, found, kind, actor = opened
    start = int(job.checkpoint.get("row", 0))
    table = table_of(found)
    reader = mapping.RowReader(kind, found.headers, mapping.loaded(found.mapping))
    cells = list(itertools.islice(table.rows(), start, start + ROWS_PER_STEP))
    rows = [_read(kind, reader, start + offset + 1, line) for offset, line in enumerate(cells)]
    _fingerprint(kind, rows)
    _set_aside_known(found, kind, rows)
    around(lambda: _apply(kind, actor, [row for row in rows if row.open]))
    _write(found, kind, rows, mark=mark)
    done = start + len(cells)
    report(job, done=done, total=max(found.row_count, done), checkpoint={"row": done})
    if len(cells) == ROWS_PER_STEP:
        next_step(job)
        return
    found.counts = _counts(found.id)
    found.state = after
    bad = found.counts.get(Outcome.FAILED, 0) + found.counts.get(Outcome.CONFLICT, 0)
    finish_job(job, JobState.PARTLY_FAILED if bad else JobState.SUCCEEDED, dict(found.counts))


def undo_rows(job_id: uuid.UUID) -> None:
    """One step of the way back, last rows first; a row changed since stays, and says so."""
    opened = _open(job_id, ImportState.UNDOING)
    if opened is None:
        return
    job, found, kind, actor = opened
    before = int(job.checkpoint.get("before", found.row_count + 1))
    query = (
        select(ImportRow)
        .where(ImportRow.import_id == found.id, ImportRow.outcome == Outcome.CREATED, ImportRow.row_no < before)
        .order_by(ImportRow.row_no.desc())
        .limit(ROWS_PER_STEP)
    )
    rows = db.session.scalars(query).all()
    undone = kind.undo(actor, [{name: uuid.UUID(value) for name, value in row.made.items()} for row in rows])
    gone = [row.row_no for row, done in zip(rows, undone, strict=True) if done]
    own = ImportRow.import_id == found.id
    db.session.execute(update(ImportRow).where(own, ImportRow.row_no.in_(gone)).values(outcome=Outcome.UNDONE))
    db.session.execute(delete(ImportMark).where(ImportMark.import_id == found.id, ImportMark.row_no.in_(gone)))
    db.session.expire_all()
    report(job, done=job.progress_done + len(rows), checkpoint={"before": rows[-1].row_no if rows else 0})
    if len(rows) == ROWS_PER_STEP:
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
    if job is None:
        if stored.state == JobState.CANCELED and found.state == during:
            found.counts = _counts(found.id)
            found.state = ImportState.UPLOADED if during is ImportState.CHECKING else ImportState.DONE
        return None
    kind = kinds.find_kind(found.kind)
    if kind is None:
        raise NotFound
    actor = replace(system_actor(str(job.params.get("actor", "import"))), user_id=job.created_by)
    return job, found, kind, actor


def _read(kind: ImportKind, reader: mapping.RowReader, row_no: int, cells: Sequence[str]) -> _Row:
    values, errors = reader.read(cells)
    return _Row(row_no, values, result=RowResult(Outcome.FAILED, errors=errors), open=not errors)


def _fingerprint(kind: ImportKind, rows: Iterable[_Row]) -> None:
    for row in rows:
        if row.open:
            row.identity = _mark(f"import.{kind.key}.identity", kind.identity(row.values))
            row.claim = _mark(f"import.{kind.key}.claim", kind.claim(row.values))


def _mark(name: str, parts: tuple[Any, ...] | None) -> bytes | None:
    return None if parts is None else vault.blind_index(name, "\x1f".join("" if p is None else str(p) for p in parts))


def _set_aside_known(found: Import, kind: ImportKind, rows: Sequence[_Row]) -> None:
    """Close rows that are in already, by this file or another, and rows whose claim an earlier row has taken."""
    identities = {row.identity for row in rows if row.identity}
    known = set(
        db.session.scalars(
            select(ImportMark.identity).where(ImportMark.kind == kind.key, ImportMark.identity.in_(identities))
        )
    )
    earlier = (ImportRow.import_id == found.id, ImportRow.outcome == Outcome.CREATED)
    known.update(db.session.scalars(select(ImportRow.identity).where(*earlier, ImportRow.identity.in_(identities))))
    claims = {row.claim for row in rows if row.claim}
    taken = set(db.session.scalars(select(ImportRow.claim).where(*earlier, ImportRow.claim.in_(claims))))
    for row in rows:
        if not row.open:
            continue
        if row.identity in known:
            row.open, row.result = False, RowResult(Outcome.DUPLICATE)
        elif row.claim in taken:
            row.open, row.result = False, RowResult(Outcome.CONFLICT, errors=[kind.claim_error or _CLAIMED])
        if row.identity is not None:
            known.add(row.identity)
        if row.claim is not None and row.open:
            taken.add(row.claim)


def _apply(kind: ImportKind, actor: Actor, rows: Sequence[_Row]) -> None:
    """Hand the rows to their module together; when the database refuses, one by one, so that one spoils one."""
    if not rows:
        return
    try:
        with db.session.begin_nested():
            _take(kind, actor, rows)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        if len(rows) == 1:
            rows[0].result = RowResult(Outcome.FAILED, errors=[_BROKEN])
            return
        for row in rows:
            _apply(kind, actor, [row])


def _take(kind: ImportKind, actor: Actor, rows: Sequence[_Row]) -> None:
    results = kind.apply(actor, [ParsedRow(row.row_no, row.values) for row in rows])
    for row in rows:
        row.result = results[row.row_no]


def _write(found: Import, kind: ImportKind, rows: Sequence[_Row], *, mark: bool) -> None:
    if not rows:
        return
    db.session.execute(
        insert(ImportRow),
        [
            {
                "import_id": found.id,
                "row_no": row.row_no,
                "outcome": row.result.outcome,
                "identity": row.identity,
                "claim": row.claim if row.result.outcome is Outcome.CREATED else None,
                "made": {name: str(value) for name, value in row.result.made.items()} if mark else {},
                "errors": [_stored(error) for error in row.result.errors],
            }
            for row in rows
        ],
    )
    marks = [
        {"kind": kind.key, "identity": row.identity, "import_id": found.id, "row_no": row.row_no}
        for row in rows
        if mark and row.identity and row.result.outcome is Outcome.CREATED
    ]
    if marks:
        db.session.execute(insert(ImportMark), marks)


def _stored(error: FieldError) -> dict[str, Any]:
    return {**asdict(error), "params": {key: str(value) for key, value in error.params.items()}}


def _counts(import_id: uuid.UUID) -> dict[str, int]:
    query = select(ImportRow.outcome, func.count()).where(ImportRow.import_id == import_id).group_by(ImportRow.outcome)
    return {str(outcome): int(count) for outcome, count in db.session.execute(query)}
