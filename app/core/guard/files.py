"""A tenant's files: a row says that a file exists, the tenant's own folder holds it under a random name."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import sys
import time
import unicodedata
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select

from app.core import clock
from app.core.db import after_commit, current_tenant, db
from app.core.db.tenancy import current_settings
from app.core.errors import N_, DomainError, NotFound
from app.core.guard.models import StoredFile

MAX_BYTES = 100 * 1024 * 1024
_CHUNK = 1024 * 1024
_STORED_AS = re.compile(r"[0-9a-f]{32}")
_TENANT_ID = re.compile(r"[a-z0-9]{12}")
# A file without a row is an upload whose transaction has not ended, or never did.
_ORPHAN_SECONDS = 24 * 3600


class FileTooLarge(DomainError):
    """The upload is larger than its kind may be."""

    code = "file_too_large"
    message = N_("The file is larger than {megabytes} MB.")
    status = 413


def save_file(
    stream: BinaryIO,
    name: str,
    kind: str,
    *,
    media_type: str = "application/octet-stream",
    created_by: uuid.UUID | None = None,
    expires_at: datetime | None = None,
    max_bytes: int = MAX_BYTES,
) -> StoredFile:
    """Store what `stream` holds for the current tenant and add its row to the current transaction.

    The bytes are on the disk before the row exists; a row that rolls back leaves an orphan for `sweep_files`.
    Raises FileTooLarge as soon as `max_bytes` are exceeded.
    """
    stored_as = secrets.token_hex(16)
    path = _path(current_tenant().id, stored_as)
    size, digest = _write(stream, path, max_bytes)
    row = StoredFile(
        name=clean_name(name),
        media_type=media_type[:120],
        size=size,
        sha256=digest,
        kind=kind,
        stored_as=stored_as,
        created_by=created_by,
        expires_at=expires_at,
    )
    db.session.add(row)
    db.session.flush()
    return row


def get_file(file_id: uuid.UUID) -> StoredFile:
    """The row of a file of this tenant; raises NotFound, also for an expired one."""
    row = db.session.get(StoredFile, file_id)
    if row is None or (row.expires_at is not None and row.expires_at <= clock.now()):
        raise NotFound
    return row


def open_file(file_id: uuid.UUID) -> BinaryIO:
    """The bytes of a file of this tenant, open for reading; raises NotFound for any other id."""
    row = get_file(file_id)
    try:
        return _path(current_tenant().id, row.stored_as).open("rb")
    except FileNotFoundError as error:
        raise NotFound from error


def delete_file(file_id: uuid.UUID) -> None:
    """Remove the row now and the bytes once the transaction is committed; raises NotFound."""
    row = db.session.get(StoredFile, file_id)
    if row is None:
        raise NotFound
    _delete(row)


def sweep_files(limit: int = 500) -> int:
    """Delete this tenant's expired files and the orphans of the disk; returns how many expired rows went."""
    expired = select(StoredFile).where(StoredFile.expires_at <= clock.now()).limit(limit)
    rows = db.session.scalars(expired).all()
    for row in rows:
        _delete(row)
    _remove_orphans(limit)
    return len(rows)


def erase_tenant_files(tenant_id: str) -> None:
    """Remove the whole folder of a tenant that is being deleted; one that is gone already is fine."""
    folder = _folder(tenant_id)
    if folder.exists():
        shutil.rmtree(folder)


def read_stored(tenant_id: str, stored_as: str) -> Iterator[bytes]:
    """A file as it lies on the disk, in pieces; raises NotFound. For the ops worker, which carries tenants about."""
    try:
        with _path(tenant_id, stored_as).open("rb") as source:
            while chunk := source.read(_CHUNK):
                yield chunk
    except FileNotFoundError as error:
        raise NotFound from error


def put_stored(tenant_id: str, stored_as: str, stream: BinaryIO) -> None:
    """Put a file where `read_stored` found it; its row is the caller's business."""
    _write(stream, _path(tenant_id, stored_as), sys.maxsize)


def bytes_of_tenant(tenant_id: str) -> int:
    """How much a tenant's files take on the disk; for the ops worker, which counts it at night."""
    total, folder = 0, _folder(tenant_id)
    for path in folder.glob("??/*") if folder.exists() else ():
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def _delete(row: StoredFile) -> None:
    path = _path(current_tenant().id, row.stored_as)
    db.session.delete(row)
    db.session.flush()
    after_commit(lambda: path.unlink(missing_ok=True))


def _remove_orphans(limit: int) -> None:
    for paths in _old_files(limit):
        known = set(
            db.session.scalars(select(StoredFile.stored_as).where(StoredFile.stored_as.in_([p.name for p in paths])))
        )
        for path in paths:
            if path.name not in known:
                path.unlink(missing_ok=True)


def _old_files(limit: int) -> Iterator[list[Path]]:
    """The tenant's files old enough to be orphans, half-written ones included, in groups."""
    folder, before = _folder(current_tenant().id), time.time() - _ORPHAN_SECONDS
    group: list[Path] = []
    for path in folder.glob("??/*") if folder.exists() else ():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                group.append(path)
        if len(group) >= limit:
            yield group
            group = []
    if group:
        yield group


def _folder(tenant_id: str) -> Path:
    if not _TENANT_ID.fullmatch(tenant_id):
        raise ValueError("not a tenant id")
    return Path(current_settings().files_dir) / tenant_id


def _path(tenant_id: str, stored_as: str) -> Path:
    if not _STORED_AS.fullmatch(stored_as):
        raise NotFound
    return _folder(tenant_id) / stored_as[:2] / stored_as


def _write(stream: BinaryIO, path: Path, max_bytes: int) -> tuple[int, bytes]:
    """Write beside the final name, reach the disk, then rename: a reader never meets half a file."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    size, digest = 0, hashlib.sha256()
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > max_bytes:
                    raise FileTooLarge(megabytes=max_bytes // (1024 * 1024))
                digest.update(chunk)
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    return size, digest.digest()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def clean_name(name: str) -> str:
    """The last part of what somebody called the file, without control characters; only ever shown, never a path."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    return "".join(letter for letter in last if letter.isprintable()).strip()[:255] or "file"
