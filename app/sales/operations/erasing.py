"""Erasing a person: papers go with the key they lie under, and the names of files that were brought in go too."""

from __future__ import annotations

from sqlalchemy import select, update

from app.core.db import db
from app.core.guard.erasing import Erasure, on_erasure
from app.core.guard.models import StoredFile
from app.sales.models import DealDocument


@on_erasure
def forget_names(erasure: Erasure) -> None:
    """Take the names of the files that were brought in for the person; bytes and content are noise without the key."""
    own = select(DealDocument.file_id).where(DealDocument.subject_id == erasure.subject_id)
    named = update(StoredFile).where(StoredFile.id.in_(own), StoredFile.name != "file").values(name="file")
    erasure.rows += len(db.session.execute(named.returning(StoredFile.id)).all())
