"""What an erasure takes of imports: uploads that tell of the person, and the fingerprints of the rows that made it."""

from __future__ import annotations

import json

from sqlalchemy import Text, cast, delete, select, tuple_, update

from app.core.db import db
from app.core.errors import DomainError
from app.core.guard import files, vault
from app.core.guard.erasing import Erasure, on_erasure
from app.core.jobs.imports.models import Import, ImportMapping, ImportMark, ImportRow
from app.core.jobs.imports.uploads import table_of


@on_erasure
def take_imports(erasure: Erasure) -> None:
    """Delete the uploads in which the person stands, whatever their rows became, and how the rows would be known."""
    for found in db.session.scalars(select(Import).where(Import.file_id.is_not(None))).all():
        if found.file_id is not None and _tells(found, erasure):
            file_id, found.file_id = found.file_id, None
            db.session.flush()
            files.delete_file(file_id)
            vault.destroy_subject_key(found.id)
            erasure.rows += 1
        if erasure.tells(json.dumps(found.mapping, ensure_ascii=False)):
            found.mapping = {}
    for known in db.session.scalars(select(ImportMapping)).all():
        if erasure.tells(json.dumps(known.mapping, ensure_ascii=False)):
            db.session.delete(known)
    db.session.flush()
    own = cast(ImportRow.made, Text).contains(str(erasure.subject_id), autoescape=True)
    made = db.session.execute(select(ImportRow.import_id, ImportRow.row_no).where(own)).all()
    if made:
        mark = tuple_(ImportMark.import_id, ImportMark.row_no)
        db.session.execute(delete(ImportMark).where(mark.in_([tuple(row) for row in made])))
        db.session.execute(update(ImportRow).where(own).values(identity=None, claim=None))


def _tells(found: Import, erasure: Erasure) -> bool:
    try:
        return any(erasure.tells("\n".join(row)) for row in table_of(found).rows())
    except DomainError:
        # One that cannot be read any more is of no use to anybody, and may tell of anybody.
        return True
