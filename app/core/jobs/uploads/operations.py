"""Uploads by parts: announce a file, send its parts in any order, close it when its checksum is right, fetch it.

Every part is one transaction: its bytes are sealed and on the disk before its row is there. Whatever is killed on the
way leaves what was there before, and at most a file without a row, which the sweeper takes; sent again, a part that has
arrived changes nothing. Nobody but whoever announced a file ever reaches it.
"""

from __future__ import annotations

import hashlib
import io
import uuid
from collections.abc import Iterator, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import BinaryIO, Final

from sqlalchemy import func, select

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id
from app.core.errors import N_, FieldError, Invalid, NotFound
from app.core.guard import audit, files, vault
from app.core.guard.erasing import Erasure, on_erasure
from app.core.guard.permissions import Actor, check
from app.core.jobs.outbox import enqueue
from app.core.jobs.queues import QueueName
from app.core.jobs.uploads.errors import (
    ChecksumWrong,
    PartsMissing,
    PartsTooMany,
    PartTooLarge,
    UploadComplete,
    UploadsFull,
)
from app.core.jobs.uploads.models import Upload, UploadPart

TEND_TASK: Final = "jobs.tend_uploads"
MEGABYTE: Final = 1024 * 1024
PART_BYTES: Final = 8 * MEGABYTE
MOST_PARTS: Final = 1_000
# What waits in all uploads of a dealership together.
MOST_WAITING: Final = 1024 * MEGABYTE
LIVES: Final = timedelta(days=1)
IMPORT: Final = "import"
DEAL_DOCUMENT: Final = "deal_document"
PHOTO: Final = "photo"
# What a file may be for, and the right that takes.
PURPOSES: Final[Mapping[str, str]] = MappingProxyType(
    {IMPORT: "import.create", DEAL_DOCUMENT: "deal_document.create", PHOTO: "appraisal.edit"}
)
_PART: Final = "upload_part"
_SHA256: Final = ("core_uploads", "sha256")


def announce(actor: Actor, *, name: str, size: int, sha256: str, purpose: str) -> Upload:
    """Say which file is to come, with its checksum in hex; raises Invalid, FileTooLarge, UploadsFull."""
    permission = PURPOSES.get(purpose)
    if permission is None or actor.caller_id is None:
        raise Invalid([FieldError("purpose", "not_offered", N_("Choose one of the offered values."))])
    check(actor, permission)
    if size > files.MAX_BYTES:
        raise files.FileTooLarge(field="size", megabytes=files.MAX_BYTES // MEGABYTE)
    waiting = select(func.coalesce(func.sum(Upload.size), 0)).where(Upload.expires_at > clock.now())
    if db.session.execute(waiting).scalar_one() + size > MOST_WAITING:
        raise UploadsFull(megabytes=MOST_WAITING // MEGABYTE)
    key = new_id()
    made = Upload(
        id=key,
        name=files.clean_name(name),
        size=size,
        sha256=vault.seal_own(*_SHA256, key, sha256),
        purpose=purpose,
        created_by=actor.caller_id,
        expires_at=clock.now() + LIVES,
    )
    db.session.add(made)
    db.session.flush()
    enqueue(TEND_TASK, queue=QueueName.DEFAULT, at=made.expires_at)
    facts = {"size": (None, size), "purpose": (None, purpose)}
    audit.record(actor, "file.announce", "file", made.id, changes=facts)
    return made


def get_upload(actor: Actor, upload_id: uuid.UUID, *, for_update: bool = False) -> Upload:
    """The caller's own upload, in its day; raises NotFound for any other."""
    query = select(Upload).where(
        Upload.id == upload_id, Upload.created_by == actor.caller_id, Upload.expires_at > clock.now()
    )
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(query) if actor.caller_id is not None else None
    if found is None:
        raise NotFound
    check(actor, PURPOSES[found.purpose])
    return found


def take_part(actor: Actor, upload_id: uuid.UUID, number: int, data: bytes) -> None:
    """Keep one part, in the place of one of the same number; the same part again changes nothing.

    Raises NotFound, PartTooLarge, UploadComplete, PartsTooMany.
    """
    upload = get_upload(actor, upload_id)
    if not 1 <= number <= MOST_PARTS:
        raise NotFound
    if len(data) > PART_BYTES:
        raise PartTooLarge(megabytes=PART_BYTES // MEGABYTE)
    if not data:
        raise Invalid([FieldError("body", "required", N_("A part has at least one byte."))])
    if _is_there(upload_id, number, data):
        return
    _check_room(upload, number, len(data))
    sealed = vault.seal_bytes_many([(place_of(upload_id, number), data)])[0]
    stored = files.save_file(io.BytesIO(sealed), f"part {number}", _PART, created_by=actor.caller_id)
    # Only now, so that parts sent side by side wait for each other's row and not for each other's bytes.
    upload = get_upload(actor, upload_id, for_update=True)
    _check_room(upload, number, len(data))
    before = db.session.get(UploadPart, (upload_id, number), populate_existing=True)
    if before is not None:
        _drop_part(before)
    part = UploadPart(upload_id=upload_id, number=number, size=len(data), file_id=stored.id)
    db.session.add(part)
    db.session.flush()


def complete(actor: Actor, upload_id: uuid.UUID) -> Upload:
    """Close the file, if its parts are the one that was announced; once more, it is the same file.

    Raises NotFound, PartsMissing, ChecksumWrong.
    """
    upload = get_upload(actor, upload_id, for_update=True)
    if upload.completed_at is not None:
        return upload
    parts = _parts(upload_id)
    there = sum(part.size for part in parts)
    if [part.number for part in parts] != list(range(1, len(parts) + 1)) or there != upload.size:
        numbers = ", ".join(str(part.number) for part in parts) or "–"
        raise PartsMissing(there=there, size=upload.size, numbers=numbers)
    whole = hashlib.sha256()
    for piece in _opened(parts):
        whole.update(piece)
    if whole.hexdigest() != vault.unseal_own(*_SHA256, upload.id, upload.sha256):
        raise ChecksumWrong
    upload.completed_at, upload.expires_at = clock.now(), clock.now() + LIVES
    enqueue(TEND_TASK, queue=QueueName.DEFAULT, at=upload.expires_at)
    audit.record(actor, "file.upload", "file", upload.id, changes={"completed_at": (None, upload.completed_at)})
    return upload


def open_upload(
    actor: Actor, upload_id: uuid.UUID, purpose: str, *, most: int = files.MAX_BYTES
) -> tuple[str, BinaryIO]:
    """Name and bytes of the caller's own complete file for this purpose.

    Raises Invalid where there is none, and FileTooLarge for one of more than `most` bytes before any is read.
    """
    try:
        upload = get_upload(actor, upload_id)
    except NotFound:
        upload = None
    if upload is None or upload.completed_at is None or upload.purpose != purpose:
        raise Invalid([FieldError("file_id", "no_such_file", N_("There is no complete file of yours with this id."))])
    if upload.size > most:
        raise files.FileTooLarge(field="file_id", megabytes=most // MEGABYTE)
    return upload.name, io.BytesIO(b"".join(_opened(_parts(upload_id))))


def drop_upload(actor: Actor, upload_id: uuid.UUID) -> None:
    """Delete the file, complete or not; raises NotFound."""
    upload = get_upload(actor, upload_id, for_update=True)
    audit.record(actor, "file.delete", "file", upload.id)
    _drop(upload)


def forget_uploads(limit: int = 500) -> int:
    """Delete the uploads whose day is over, with their keys; returns how many."""
    over = select(Upload).where(Upload.expires_at <= clock.now()).limit(limit).with_for_update()
    gone = db.session.scalars(over).all()
    for upload in gone:
        _drop(upload)
    return len(gone)


@on_erasure
def take_uploads(erasure: Erasure) -> None:
    """Delete every upload: anybody may stand in one, they live for a day, and are sent again by who has the file."""
    for upload in db.session.scalars(select(Upload).with_for_update()).all():
        _drop(upload)
        vault.destroy_subject_key(upload.id)
        erasure.rows += 1


def place_of(upload_id: uuid.UUID, number: int) -> vault.Place:
    """Where a part is: under a key of its upload, good as this part of it alone."""
    return vault.Place(upload_id, "core_upload_parts", f"part {number}", upload_id)


def _check_room(upload: Upload, number: int, size: int) -> None:
    if upload.completed_at is not None:
        raise UploadComplete
    others = select(func.coalesce(func.sum(UploadPart.size), 0)).where(
        UploadPart.upload_id == upload.id, UploadPart.number != number
    )
    if db.session.execute(others).scalar_one() + size > upload.size:
        raise PartsTooMany(size=upload.size)


def _is_there(upload_id: uuid.UUID, number: int, data: bytes) -> bool:
    part = db.session.get(UploadPart, (upload_id, number))
    return part is not None and part.size == len(data) and b"".join(_opened([part])) == data


def _parts(upload_id: uuid.UUID) -> list[UploadPart]:
    query = select(UploadPart).where(UploadPart.upload_id == upload_id).order_by(UploadPart.number)
    return list(db.session.scalars(query))


def _opened(parts: list[UploadPart]) -> Iterator[bytes]:
    for part in parts:
        with files.open_file(part.file_id) as stored:
            yield vault.unseal_bytes_many([(place_of(part.upload_id, part.number), stored.read())])[0]


def _drop(upload: Upload) -> None:
    for part in _parts(upload.id):
        _drop_part(part)
    db.session.delete(upload)
    db.session.flush()
    vault.drop_keys([upload.id])


def _drop_part(part: UploadPart) -> None:
    file_id = part.file_id
    db.session.delete(part)
    db.session.flush()
    files.delete_file(file_id)
