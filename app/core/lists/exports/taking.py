"""Taking a file away: a link of minutes for one user, a few uses of it, and the bytes piece by piece; all on record."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO, Final

from sqlalchemy import delete, select

from app.core import clock
from app.core.db import current_tenant, db
from app.core.errors import NotFound
from app.core.guard import audit, files, vault
from app.core.guard.keys import context_of
from app.core.guard.permissions import Actor
from app.core.lists.exports.models import Export, ExportLink
from app.core.lists.exports.operations import check_may_take, file_place, forget_key, resource_of
from app.core.lists.exports.sealing import open_stream
from app.core.lists.exports.states import ExportState
from app.core.lists.spec import REGISTRY, ListSpec

LINK_LIVES: Final = timedelta(minutes=15)
MOST_USES: Final = 3
_TOKEN_BYTES: Final = 32


@dataclass(frozen=True)
class Taken:
    """A file on its way: its name, type and size, and its bytes in pieces."""

    name: str
    media_type: str
    size: int
    pieces: Iterator[bytes]


def make_link(actor: Actor, export_id: uuid.UUID) -> str:
    """The secret end of a link to the actor's own finished export; raises NotFound for any other."""
    row, spec = _ready(actor, export_id)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    db.session.add(
        ExportLink(
            export_id=row.id, user_id=row.created_by, token_hash=_hash(token), expires_at=clock.now() + LINK_LIVES
        )
    )
    audit.record(actor, "export.link", resource_of(spec), row.id, changes={"list": (None, spec.name)})
    return token


def take(actor: Actor, export_id: uuid.UUID, token: str) -> Taken:
    """What the link leads to. It counts as used, and the taking is recorded, before the first byte leaves.

    Raises NotFound for a link that is not the actor's, is too old or used up, and for a file that is gone.
    """
    row, spec = _ready(actor, export_id)
    link = db.session.scalar(
        select(ExportLink)
        .where(
            ExportLink.token_hash == _hash(token),
            ExportLink.export_id == row.id,
            ExportLink.user_id == actor.caller_id,
            ExportLink.expires_at > clock.now(),
            ExportLink.uses < MOST_USES,
        )
        .with_for_update()
    )
    if link is None or row.file_id is None or row.file_key is None:
        raise NotFound
    link.uses += 1
    stored = files.get_file(row.file_id)
    key = bytes.fromhex(vault.unseal_own(*file_place(row), row.file_key))
    opened = files.open_file(stored.id)
    facts = {"rows": (None, row.rows), "list": (None, spec.name), "use": (None, link.uses)}
    audit.record(actor, "download", resource_of(spec), row.id, changes=facts)
    return Taken(stored.name, stored.media_type, row.size, _pieces(key, place_of(row.id), opened))


def drop_file(actor: Actor, row: Export, action: str) -> None:
    """Delete an export's file with its key and links, and say so; without effect where there is none."""
    spec = REGISTRY.get(row.list_name)
    if row.file_id is None:
        return
    # It may have been swept away already.
    with suppress(NotFound):
        files.delete_file(row.file_id)
    db.session.execute(delete(ExportLink).where(ExportLink.export_id == row.id))
    row.file_id = row.expires_at = None
    forget_key(row)
    row.state = ExportState.GONE.value
    audit.record(actor, action, resource_of(spec) if spec else "export", row.id, changes={"file": ("kept", None)})


def erase_file(actor: Actor, row: Export) -> None:
    """End an export because somebody is erased who may stand in it: its key is destroyed, and copies with it.

    The bytes, and parts of them, are the caller's business.
    """
    spec = REGISTRY.get(row.list_name)
    before = row.state
    db.session.execute(delete(ExportLink).where(ExportLink.export_id == row.id))
    row.file_id = row.file_key = row.expires_at = None
    vault.destroy_subject_key(row.id)
    row.state = ExportState.GONE.value
    resource = resource_of(spec) if spec else "export"
    audit.record(actor, "export.erase", resource, row.id, changes={"state": (before, row.state)})


def place_of(export_id: uuid.UUID, part: int | None = None) -> bytes:
    """What a stream of an export is bound to: the file itself, or one of the parts it is made of."""
    return context_of(current_tenant().id, "core_exports", export_id, "file" if part is None else f"part {part}")


def _ready(actor: Actor, export_id: uuid.UUID) -> tuple[Export, ListSpec]:
    row = db.session.get(Export, export_id)
    spec = REGISTRY.get(row.list_name) if row is not None else None
    if row is None or spec is None or actor.caller_id is None or row.created_by != actor.caller_id:
        raise NotFound
    if row.state != ExportState.READY:
        raise NotFound
    check_may_take(actor, spec)
    return row, spec


def _pieces(key: bytes, place: bytes, opened: BinaryIO) -> Iterator[bytes]:
    with opened:
        yield from open_stream(key, place, opened)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
