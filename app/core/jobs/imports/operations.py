"""What can be done with an import: upload, map, check, run, undo, and take the failed rows back."""

from __future__ import annotations

import gzip
import hashlib
import io
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, BinaryIO

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id
from app.core.errors import N_, Conflict, NotFound, Stale
from app.core.guard import audit, files, vault
from app.core.guard.permissions import Actor, check, declare
from app.core.jobs.imports import kinds, mapping, parsing, reading
from app.core.jobs.imports.models import Import, ImportMapping, ImportRow, ImportState
from app.core.jobs.jobs import start_job
from app.core.jobs.models import Job
from app.core.jobs.queues import QueueName

declare("import", verbs=("see", "create", "edit"))

CHECK_TASK, RUN_TASK, UNDO_TASK = "imports.check_rows", "imports.run_rows", "imports.undo_rows"
# An upload holds people's data: it is kept as long as its failed rows may be asked for, and no longer.
KEPT = timedelta(days=14)
UNDO_WITHIN = timedelta(hours=24)
MAX_DISTINCT = 500


class WrongImportState(Conflict):
    """The import is not at the point where this can be done."""

    code = "wrong_import_state"
    message = N_("This import is {state}, so this is not possible now.")


class TooLateToUndo(Conflict):
    """The time in which an import can be taken back is over."""

    code = "too_late_to_undo"
    message = N_("An import can be undone for {hours} hours.")


def create_import(actor: Actor, *, kind: str, stream: BinaryIO, file_name: str) -> Import:
    """Take an upload of `kind` in: sealed, recognised, and mapped as its headers say or as they were mapped before.

    Raises NotFound for an unknown kind, UnreadableFile, TooLargeTable, FileTooLarge.
    """
    wanted = _kind(kind)
    check(actor, "import.create")
    check(actor, wanted.permission)
    data = stream.read(files.MAX_BYTES + 1)
    table = reading.open_table(data)
    row_count = reading.count_rows(table)
    import_id = new_id()
    sealed = vault.seal_bytes("core_imports", "file", import_id, gzip.compress(data, 6))
    stored = files.save_file(
        io.BytesIO(sealed), file_name, "import", created_by=actor.user_id, expires_at=clock.now() + KEPT
    )
    db.session.flush()
    header_print = _header_print(table.headers)
    remembered = db.session.get(ImportMapping, (kind, header_print))
    mapped = remembered.mapping if remembered else mapping.guess(wanted, table.headers).stored()
    made = Import(
        id=import_id,
        kind=kind,
        state=ImportState.UPLOADED,
        file_id=stored.id,
        file_name=stored.name,
        encoding=table.encoding,
        headers=list(table.headers),
        header_print=header_print,
        row_count=row_count,
        mapping=mapped,
        created_by=actor.user_id,
    )
    db.session.add(made)
    db.session.flush()
    audit.record(actor, "import.create", "import", made.id, changes={"kind": (None, kind), "rows": (None, row_count)})
    return made


def get_import(actor: Actor, import_id: uuid.UUID) -> Import:
    """The import, if it is the actor's own or he may see all of them; raises NotFound."""
    found = db.session.get(Import, import_id)
    if found is None:
        raise NotFound
    if actor.user_id is None or found.created_by != actor.user_id:
        check(actor, "import.see")
    return found


def list_imports(actor: Actor, limit: int = 50) -> Sequence[Import]:
    """The newest imports; needs `import.see`."""
    check(actor, "import.see")
    return db.session.scalars(select(Import).order_by(Import.created_at.desc(), Import.id.desc()).limit(limit)).all()


def distinct_values(actor: Actor, import_id: uuid.UUID, header: str) -> list[tuple[str, int]]:
    """The texts of one column and how often each stands there, most frequent first, at most MAX_DISTINCT."""
    found = get_import(actor, import_id)
    if header not in found.headers:
        raise NotFound
    place = found.headers.index(header)
    counted = Counter(" ".join(row[place].split()) for row in table_of(found).rows() if place < len(row))
    return [(text, count) for text, count in counted.most_common(MAX_DISTINCT) if not parsing.is_nothing(text)]


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
    mapping.check(_kind(found.kind), found.headers, wanted)
    found.mapping, found.state = wanted.stored(), ImportState.UPLOADED
    return found


def start_check(actor: Actor, import_id: uuid.UUID) -> Job:
    """Begin the dry run: the run's own code, row by row, with every effect taken back."""
    found = _editable(actor, import_id, ImportState.UPLOADED, ImportState.CHECKED)
    mapping.check(_kind(found.kind), found.headers, mapping.loaded(found.mapping))
    return _begin(actor, found, ImportState.CHECKING, "import_check", CHECK_TASK)


def start_run(actor: Actor, import_id: uuid.UUID) -> Job:
    """Begin the run, and remember the mapping for the next file with these headers."""
    found = _editable(actor, import_id, ImportState.UPLOADED, ImportState.CHECKED)
    mapping.check(_kind(found.kind), found.headers, mapping.loaded(found.mapping))
    remembered = insert(ImportMapping).values(kind=found.kind, header_print=found.header_print, mapping=found.mapping)
    db.session.execute(
        remembered.on_conflict_do_update(
            index_elements=["kind", "header_print"], set_={"mapping": found.mapping, "used_at": func.now()}
        )
    )
    audit.record(actor, "import.run", "import", found.id)
    return _begin(actor, found, ImportState.RUNNING, "import_run", RUN_TASK)


def start_undo(actor: Actor, import_id: uuid.UUID) -> Job:
    """Begin taking back what the import has made; what was changed since stays and is reported."""
    found = _editable(actor, import_id, ImportState.DONE)
    if clock.now() - found.updated_at > UNDO_WITHIN:
        raise TooLateToUndo(hours=int(UNDO_WITHIN.total_seconds() // 3600))
    audit.record(actor, "import.undo", "import", found.id)
    return _begin(actor, found, ImportState.UNDOING, "import_undo", UNDO_TASK)


def table_of(found: Import) -> reading.Table:
    """The uploaded table; raises NotFound once the upload is no longer kept."""
    if found.file_id is None:
        raise NotFound
    with files.open_file(found.file_id) as stored:
        sealed = stored.read()
    data = gzip.decompress(vault.unseal_bytes("core_imports", "file", found.id, sealed))
    return reading.open_table(data)


def row_errors(import_id: uuid.UUID, limit: int = 100) -> Sequence[ImportRow]:
    """The first rows that were not taken, in the order of the file."""
    query = select(ImportRow).where(ImportRow.import_id == import_id, ImportRow.outcome.in_(("failed", "conflict")))
    return db.session.scalars(query.order_by(ImportRow.row_no).limit(limit)).all()


def _begin(actor: Actor, found: Import, state: ImportState, kind: str, task: str) -> Job:
    if state is not ImportState.UNDOING:
        db.session.execute(delete(ImportRow).where(ImportRow.import_id == found.id))
        found.counts = {}
    params: dict[str, Any] = {"import_id": str(found.id), "actor": actor.name}
    job = start_job(actor, kind, params, task, QueueName.IMPORTS)
    job.progress_total = found.row_count
    found.state, found.job_id = state, job.id
    return job


def _editable(actor: Actor, import_id: uuid.UUID, *states: ImportState) -> Import:
    found = get_import(actor, import_id)
    if actor.user_id is None or found.created_by != actor.user_id:
        check(actor, "import.edit")
    check(actor, _kind(found.kind).permission)
    if found.state not in states:
        raise WrongImportState(state=found.state)
    return found


def _kind(key: str) -> kinds.ImportKind:
    found = kinds.find_kind(key)
    if found is None:
        raise NotFound
    return found


def _header_print(headers: Sequence[str]) -> bytes:
    return hashlib.sha256("\x1f".join(mapping.header_key(header) for header in headers).encode()).digest()[:16]
