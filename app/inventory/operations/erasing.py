"""What an erasure takes of appraisals: the words about a car that a person brought, and its photos with their keys."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import or_, select, update

from app.core.db import db
from app.core.guard import vault
from app.core.guard.erasing import Erasure, on_erasure
from app.core.guard.words import declare_words
from app.inventory.models import Appraisal, Photo
from app.inventory.operations.photos import drop_photos

# A caption goes with its photo where a customer is erased; of a vehicle it may stand alone.
declare_words(Photo.caption, whose=lambda subject_id: Photo.vehicle_id == subject_id)
declare_words(
    Appraisal.note, Appraisal.decline_reason, whose=lambda subject_id: Appraisal.vehicle_id == subject_id
)  # fmt: skip


@on_erasure
def forget_vehicle(erasure: Erasure) -> None:
    """Take the photos of the appraisals of a vehicle whose plate goes: it stands on them."""
    forget_appraisals(erasure, _of_vehicle(erasure.subject_id))


def forget_appraisals(erasure: Erasure, appraisal_ids: Sequence[uuid.UUID]) -> None:
    """Empty the words of these appraisals and take their photos, files and keys; their figures stay."""
    if not appraisal_ids:
        return
    photos = db.session.scalars(select(Photo).where(Photo.appraisal_id.in_(appraisal_ids))).all()
    drop_photos(photos)
    for appraisal_id in appraisal_ids:
        # What the audit tells of their words lies under this key.
        vault.destroy_subject_key(appraisal_id)
    said = or_(Appraisal.note.is_not(None), Appraisal.decline_reason.is_not(None))
    emptied = update(Appraisal).where(Appraisal.id.in_(appraisal_ids), said).values(note=None, decline_reason=None)
    erasure.rows += len(photos) + len(db.session.execute(emptied.returning(Appraisal.id)).all())


def _of_vehicle(vehicle_id: uuid.UUID) -> Sequence[uuid.UUID]:
    return db.session.scalars(select(Appraisal.id).where(Appraisal.vehicle_id == vehicle_id)).all()
