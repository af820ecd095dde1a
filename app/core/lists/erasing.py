"""What an erasure takes of lists: the person's entries to be found by, and files that hold whole lists."""

from __future__ import annotations

from sqlalchemy import delete, or_, select, update

from app.core.db import db
from app.core.guard import files, vault
from app.core.guard.erasing import Erasure, on_erasure
from app.core.guard.models import StoredFile
from app.core.lists.exports.models import Export
from app.core.lists.exports.states import ExportState
from app.core.lists.search.models import RecentRecord, SearchEntry

# Anybody may stand in a file made from a list. They live for days and are made again by pressing once.
_FILES_OF_LISTS = ("export", "export_part")


@on_erasure
def take_entries(erasure: Erasure) -> None:
    """Remove the entries by which the record is found, and who opened it."""
    shown = or_(SearchEntry.record_id == erasure.subject_id, SearchEntry.shown_id == erasure.subject_id)
    db.session.execute(delete(SearchEntry).where(shown))
    db.session.execute(delete(RecentRecord).where(RecentRecord.record_id == erasure.subject_id))


@on_erasure
def take_files(erasure: Erasure) -> None:
    """Remove every file that holds rows of a list."""
    for file_id in db.session.scalars(select(StoredFile.id).where(StoredFile.kind.in_(_FILES_OF_LISTS))).all():
        files.delete_file(file_id)
        erasure.rows += 1
    for export_id in db.session.scalars(select(Export.id).where(Export.file_key.is_not(None))).all():
        vault.destroy_subject_key(export_id)
    gone = {"file_id": None, "file_key": None, "expires_at": None, "state": ExportState.GONE.value}
    db.session.execute(update(Export).where(Export.file_key.is_not(None)).values(gone))
