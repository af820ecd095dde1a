"""What an erasure takes of lists: the person's entries to be found by, and files that hold whole lists."""

from __future__ import annotations

from sqlalchemy import delete, or_, select

from app.core.db import db
from app.core.guard import files
from app.core.guard.erasing import Erasure, on_erasure
from app.core.guard.models import StoredFile
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
