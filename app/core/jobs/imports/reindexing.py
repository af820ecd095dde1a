"""What is known of imported rows under a new index key: marks are made anew from the digest beside them.

The rows of an import need their fingerprints while it runs. One that is under way gets them anew from its file; from
the others they are taken away. Marks of earlier releases, which have no digest, can only be forgotten.
"""

from __future__ import annotations

import uuid

from sqlalchemy import bindparam, delete, or_, select, update

from app.core.db import db
from app.core.errors import DomainError
from app.core.guard import vault
from app.core.guard.carried import from_plain
from app.core.guard.reindexing import Batch, Renewal, on_new_index_key
from app.core.jobs.imports import kinds, mapping
from app.core.jobs.imports.models import Import, ImportMark, ImportRow, ImportState
from app.core.jobs.imports.settling import fingerprint, read_row
from app.core.jobs.imports.uploads import table_of
from app.core.jobs.models import Job

_UNDER_WAY = (ImportState.CHECKING, ImportState.RUNNING)


@on_new_index_key("core_import_rows")
def renew_rows(_renewal: Renewal, after: str | None) -> Batch:
    """The rows of the next import; after the last one the marks that nothing can make anew go."""
    place = uuid.UUID(after) if after else vault.NOBODY
    found = db.session.scalars(select(Import).where(Import.id > place).order_by(Import.id).limit(1)).one_or_none()
    if found is None:
        gone = delete(ImportMark).where(ImportMark.said_enc.is_(None)).returning(ImportMark.id)
        return Batch(0, len(db.session.scalars(gone).all()))
    fingerprinted = or_(ImportRow.identity.is_not(None), ImportRow.claim.is_not(None))
    made = _from_file(found) if found.state in _UNDER_WAY else {}
    own = ImportRow.import_id == found.id
    rows = db.session.execute(select(ImportRow.row_no, ImportRow.identity, ImportRow.claim).where(own, fingerprinted))
    changes = []
    for row_no, identity, claim in rows:
        new = made.get(row_no, (None, None))
        changes.append(
            {"row": row_no, "new_identity": identity and new[0], "new_claim": claim and new[1]}
        )
    if changes and made:
        changed = update(ImportRow.__table__).where(own, ImportRow.row_no == bindparam("row"))
        changed = changed.values(identity=bindparam("new_identity"), claim=bindparam("new_claim"))
        db.session.connection().execute(changed, changes)
    elif changes:
        db.session.execute(update(ImportRow.__table__).where(own, fingerprinted).values(identity=None, claim=None))
    return Batch(len(changes), 0, str(found.id))


def _from_file(found: Import) -> dict[int, tuple[bytes | None, bytes | None]]:
    """What each line of an import's file is known by; nothing where the file cannot be read any more."""
    kind, job = kinds.find_kind(found.kind), db.session.get(Job, found.job_id) if found.job_id else None
    if kind is None or job is None:
        return {}
    actor = from_plain(job.created_by, job.params["actor"])
    reader = mapping.RowReader(kind.offered(actor), actor, found.headers, mapping.loaded(found.mapping))
    try:
        rows = [read_row(reader, row_no, line) for row_no, line in enumerate(table_of(found).rows(), 1)]
    except DomainError:
        return {}
    fingerprint(kind, rows)
    return {row.row_no: (next(iter(row.identities), None), next(iter(row.claims), None)) for row in rows}
