"""What an erasure takes of lists: the person's entries to be found by, and files that hold whole lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import delete, or_, select

from app.core.db import db
from app.core.guard import files
from app.core.guard.erasing import Erasure, on_erasure
from app.core.guard.keys import KeyMissing, SealBroken
from app.core.guard.models import StoredFile
from app.core.lists.exports.models import Export, ExportSchedule
from app.core.lists.exports.purposes import purpose_of, purpose_of_schedule, recipient_of
from app.core.lists.exports.states import ExportState
from app.core.lists.exports.taking import erase_file
from app.core.lists.search.entries import forget_hanging_on
from app.core.lists.search.models import RecentRecord, SearchEntry

# Anybody may stand in a file made from a list. They live for days and are made again by pressing once.
_FILES_OF_LISTS = ("export", "export_part")


@on_erasure
def take_entries(erasure: Erasure) -> None:
    """Remove the entries by which the record is found, and who opened it."""
    shown = or_(SearchEntry.record_id == erasure.subject_id, SearchEntry.shown_id == erasure.subject_id)
    db.session.execute(delete(SearchEntry).where(shown))
    db.session.execute(delete(RecentRecord).where(RecentRecord.record_id == erasure.subject_id))
    forget_hanging_on(erasure.subject_id)


@on_erasure
def take_files(erasure: Erasure) -> None:
    """Remove every file that holds rows of a list, finished or begun, and say so of each export.

    One that waits for a second person holds nothing yet, and will hold what there is when it is made.
    """
    # Locked first: a file that is being put in its place is waited for, and goes with the others.
    held = select(Export).where(Export.file_key.is_not(None), Export.state != ExportState.WAITING.value)
    rows = db.session.scalars(held.order_by(Export.id).with_for_update()).all()
    for file_id in db.session.scalars(select(StoredFile.id).where(StoredFile.kind.in_(_FILES_OF_LISTS))).all():
        files.delete_file(file_id)
        erasure.rows += 1
    for row in rows:
        erase_file(erasure.actor, row)


@on_erasure
def take_words(erasure: Erasure) -> None:
    """Remove what people wrote about an export where it tells of the person. A schedule without a purpose stops."""
    for row in db.session.scalars(select(Export)):
        if _tells(erasure, purpose_of, row):
            row.purpose_enc = None
        if _tells(erasure, recipient_of, row):
            row.recipient_enc = None
    for schedule in db.session.scalars(select(ExportSchedule)):
        if _tells(erasure, purpose_of_schedule, schedule):
            schedule.purpose_enc = None
    db.session.flush()


def _tells(erasure: Erasure, words_of: Callable[[Any], str], row: Export | ExportSchedule) -> bool:
    try:
        return erasure.tells(words_of(row))
    except (KeyMissing, SealBroken):
        # As in older data whose key was replaced meanwhile.
        return True
