"""What can be done with an import: upload, map, check, run, undo, and take the failed rows back."""

from __future__ import annotations

import gzip
import io
import itertools
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import IO, Any

from sqlalchemy import ColumnElement, delete, false, func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id
from app.core.errors import N_, Conflict, NotFound, PermissionDenied, Stale
from app.core.guard import audit, files, vault
from app.core.guard.carried import to_plain
from app.core.guard.models import StoredFile
from app.core.guard.permissions import Actor, check, covers, declare, scope_clause
from app.core.jobs.events import publish
from app.core.jobs.imports import kinds, mapping, reading
from app.core.jobs.imports.models import Import, ImportMapping, ImportRow, ImportState, Outcome
from app.core.jobs.imports.uploads import distinct, first_mapping, header_print, place_of, table_of
from app.core.jobs.jobs import start_job
from app.core.jobs.models import Job
from app.core.jobs.notices import ImportMoved
from app.core.jobs.queues import QueueName

declare("import", verbs=("see", "create", "edit"))

CHECK_TASK, RUN_TASK, UNDO_TASK = "imports.check_rows", "imports.run_rows", "imports.undo_rows"
# An upload holds people's data: it is kept as long as its failed rows may be asked for, and no longer.
KEPT = timedelta(days=14)
UPLOAD = "import"
UNDO_WITHIN = timedelta(hours=24)


class WrongImportState(Conflict):
    """The import is not at the point where this can be done."""

    code = "wrong_import_state"
    message = N_("This import is {state}, so this is not possible now.")


class TooLateToUndo(Conflict):
    """The time in which an import can be taken back is over."""

    code = "too_late_to_undo"
    message = N_("An import can be undone for {hours} hours.")


def create_import(actor: Actor, *, kind: str, stream: IO[bytes], file_name: str) -> Import:
    """Take an upload of `kind` in: sealed, recognised, and mapped as its headers say or as they were mapped before.

    Raises NotFound for an unknown kind, UnreadableFile, TooLargeTable, FileTooLarge.
    """
    wanted = _kind(kind)
    for permission in ("import.create", *wanted.permissions):
        check(actor, permission)
    data = stream.read(files.MAX_BYTES + 1)
    if len(data) > files.MAX_BYTES:
        raise files.FileTooLarge(field="file", megabytes=files.MAX_BYTES // (1024 * 1024))
    table = reading.open_table(data)
    row_count = reading.count_rows(table)
    import_id = new_id()
    packed = data if data.startswith(b"\x1f\x8b") else gzip.compress(data, 6)
    sealed = vault.seal_bytes_many([(place_of(import_id), packed)])[0]
    stored = files.save_file(
        io.BytesIO(sealed), file_name, UPLOAD, created_by=actor.caller_id, expires_at=clock.now() + KEPT
    )
    db.session.flush()
    made = Import(
        id=import_id,
        kind=kind,
        state=ImportState.UPLOADED,
        file_id=stored.id,
        file_name=stored.name,
        encoding=table.encoding,
        headers=list(table.headers),
        header_print=header_print(table.headers),
        row_count=row_count,
        mapping=first_mapping(actor, wanted, table).stored(),
        created_by=actor.caller_id,
    )
    db.session.add(made)
    db.session.flush()
    audit.record(actor, "import.create", "import", made.id, changes={"kind": (None, kind), "rows": (None, row_count)})
    publish(ImportMoved(made.id, made.state, actor.caller_id))
    return made


def get_import(actor: Actor, import_id: uuid.UUID) -> Import:
    """The import, if it is the actor's own or he may see everybody's; raises NotFound."""
    found = db.session.get(Import, import_id)
    if found is None or not _reaches(actor, found, "import.see"):
        raise NotFound
    return found


def find_imports(actor: Actor, import_ids: Collection[uuid.UUID]) -> Sequence[Import]:
    """Those of the imports that are within the actor's reach."""
    return db.session.scalars(select(Import).where(Import.id.in_(import_ids), visible_to(actor))).all()


def list_imports(actor: Actor, limit: int = 100) -> Sequence[Import]:
    """The newest imports within the actor's reach: one who may not see everybody's sees his own and his team's."""
    query = select(Import).where(visible_to(actor)).order_by(Import.created_at.desc(), Import.id.desc())
    return db.session.scalars(query.limit(limit)).all()


def distinct_values(actor: Actor, import_id: uuid.UUID, headers: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    """For each of `headers` its texts and how often each stands there, most frequent first."""
    found = get_import(actor, import_id)
    return distinct(table_of(found), [header for header in headers if header in found.headers])


def example_values(actor: Actor, import_id: uuid.UUID, most: int = 3) -> dict[str, list[str]]:
    """For each header the first different texts below it."""
    found = get_import(actor, import_id)
    shown: dict[str, list[str]] = {header: [] for header in found.headers}
    for row in itertools.islice(table_of(found).rows(), 100):
        for header, cell in zip(found.headers, row, strict=False):
            if cell.strip() and cell not in shown[header] and len(shown[header]) < most:
                shown[header].append(cell)
    return shown


def map_columns(
    actor: Actor,
    import_id: uuid.UUID,
    *,
    version: int,
    columns: Mapping[str, str],
    defaults: Mapping[str, str],
    values: Mapping[str, Mapping[str, str]],
) -> Import:
    """Set what feeds each field; the texts of `values` are compared without regard to case and blanks.

    Raises Invalid naming every field that cannot work, Stale, WrongImportState.
    """
    found = _editable(actor, import_id, ImportState.UPLOADED, ImportState.CHECKED)
    if found.version != version:
        raise Stale
    folded = {key: {mapping.fold(text): value for text, value in items.items()} for key, items in values.items()}
    wanted = mapping.FieldMapping(columns, defaults, folded)
    mapping.check(_kind(found.kind).offered(actor), actor, found.headers, wanted)
    found.mapping, found.state = wanted.stored(), ImportState.UPLOADED
    return found


def start_check(actor: Actor, import_id: uuid.UUID, *, inline: bool = False) -> Job:
    """Begin the dry run: the run's own code, row by row, with every effect taken back."""
    found = _editable(actor, import_id, ImportState.UPLOADED, ImportState.CHECKED)
    mapping.check(_kind(found.kind).offered(actor), actor, found.headers, mapping.loaded(found.mapping))
    return _begin(actor, found, ImportState.CHECKING, "import_check", CHECK_TASK, inline)


def start_run(actor: Actor, import_id: uuid.UUID, *, inline: bool = False) -> Job:
    """Begin the run, and remember the mapping for the next file with these headers."""
    found = _editable(actor, import_id, ImportState.UPLOADED, ImportState.CHECKED)
    mapping.check(_kind(found.kind).offered(actor), actor, found.headers, mapping.loaded(found.mapping))
    remembered = insert(ImportMapping).values(kind=found.kind, header_print=found.header_print, mapping=found.mapping)
    db.session.execute(
        remembered.on_conflict_do_update(
            index_elements=["kind", "header_print"], set_={"mapping": found.mapping, "used_at": func.now()}
        )
    )
    audit.record(actor, "import.run", "import", found.id)
    return _begin(actor, found, ImportState.RUNNING, "import_run", RUN_TASK, inline)


def start_undo(actor: Actor, import_id: uuid.UUID, *, inline: bool = False) -> Job:
    """Begin taking back what the import has made; what was changed since stays and is reported."""
    found = _editable(actor, import_id, ImportState.DONE)
    if clock.now() - found.updated_at > UNDO_WITHIN:
        raise TooLateToUndo(hours=int(UNDO_WITHIN.total_seconds() // 3600))
    audit.record(actor, "import.undo", "import", found.id)
    return _begin(actor, found, ImportState.UNDOING, "import_undo", UNDO_TASK, inline)


def forget_uploads() -> int:
    """Let go of the uploads whose time is over, so that their files can be deleted; returns how many."""
    over = select(StoredFile.id).where(StoredFile.kind == UPLOAD, StoredFile.expires_at <= clock.now())
    forgotten = update(Import).where(Import.file_id.in_(over)).values(file_id=None).returning(Import.id)
    gone = db.session.scalars(forgotten).all()
    vault.drop_keys(gone)
    return len(gone)


def _begin(actor: Actor, found: Import, state: ImportState, kind: str, task: str, inline: bool) -> Job:
    if state is not ImportState.UNDOING:
        db.session.execute(delete(ImportRow).where(ImportRow.import_id == found.id))
        found.counts = {}
    params: dict[str, Any] = {"import_id": str(found.id), "actor": to_plain(actor)}
    job = start_job(actor, kind, params, task, QueueName.IMPORTS, inline=inline)
    job.progress_total = found.row_count if state is not ImportState.UNDOING else found.counts.get(Outcome.CREATED, 0)
    found.state, found.job_id = state, job.id
    publish(ImportMoved(found.id, state, actor.caller_id))
    return job


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The imports an actor may see: his own, and those his right to imports reaches."""
    own = Import.created_by == actor.caller_id if actor.caller_id is not None else false()
    return own | scope_clause(actor, "import.see", owner=Import.created_by)


def _reaches(actor: Actor, found: Import, permission: str) -> bool:
    own = actor.caller_id is not None and found.created_by == actor.caller_id
    return own or covers(actor, permission, owner_id=found.created_by, store_id=None)


def _editable(actor: Actor, import_id: uuid.UUID, *states: ImportState) -> Import:
    found = get_import(actor, import_id)
    if not _reaches(actor, found, "import.edit"):
        raise PermissionDenied("import.edit")
    for permission in _kind(found.kind).permissions:
        check(actor, permission)
    if found.state not in states:
        raise WrongImportState(state=found.state)
    return found


def _kind(key: str) -> kinds.ImportKind:
    found = kinds.find_kind(key)
    if found is None:
        raise NotFound
    return found
