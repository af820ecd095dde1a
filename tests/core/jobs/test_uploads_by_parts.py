"""Uploads by parts: sealed, checked, harmless to repeat, whole or not at all, and gone after a day."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.core.db import Tenant, db, tenant, transaction
from app.core.db.tenancy import current_settings
from app.core.errors import Invalid, NotFound
from app.core.guard import files
from app.core.guard.erasing import erase_subject
from app.core.guard.models import StoredFile
from app.core.guard.permissions import Actor, system_actor
from app.core.jobs.uploads import errors, operations
from app.core.jobs.uploads.models import Upload, UploadPart

PARTS = [b"Name,E-mail\n", b"Ada Example,ada@example.com\n", b"Eve Example,eve@example.com\n"]
WHOLE = b"".join(PARTS)


@pytest.fixture
def actor() -> Actor:
    """A program that may import."""
    return Actor(user_id=None, name="Program", grants={"import.create": "all"}, key_id=uuid.uuid4())


def announce(actor: Actor, data: bytes = WHOLE, size: int | None = None) -> uuid.UUID:
    """Announce a file with these bytes."""
    with transaction():
        checksum = hashlib.sha256(data).hexdigest()
        return operations.announce(
            actor, name="../people.csv", size=size or len(data), sha256=checksum, purpose="import"
        ).id


def put(actor: Actor, upload_id: uuid.UUID, number: int, data: bytes) -> None:
    """Send a part."""
    with transaction():
        operations.take_part(actor, upload_id, number, data)


def close(actor: Actor, upload_id: uuid.UUID) -> None:
    """Close the file."""
    with transaction():
        operations.complete(actor, upload_id)


def stored(of: Tenant) -> list[Path]:
    """The files of a dealership on the disk."""
    return [path for path in (Path(current_settings().files_dir) / of.id).rglob("*") if path.is_file()]


def test_parts_in_any_order_become_the_file(in_alpha: Tenant, actor: Actor) -> None:
    key, before = announce(actor), set(stored(in_alpha))
    for number in (3, 1, 2):
        put(actor, key, number, PARTS[number - 1])
    new = set(stored(in_alpha)) - before
    assert len(new) == 3
    assert all(b"Example" not in path.read_bytes() for path in new)
    with pytest.raises(Invalid):
        operations.open_upload(actor, key, "import")
    close(actor, key)
    close(actor, key)
    name, stream = operations.open_upload(actor, key, "import")
    assert (name, stream.read()) == ("people.csv", WHOLE)
    with pytest.raises(errors.UploadComplete):
        put(actor, key, 2, b"other")
    put(actor, key, 2, PARTS[1])


def test_a_part_that_comes_again_is_kept_once(in_alpha: Tenant, actor: Actor) -> None:
    key = announce(actor)
    put(actor, key, 1, PARTS[0])
    before = set(stored(in_alpha))
    put(actor, key, 1, PARTS[0])
    assert set(stored(in_alpha)) == before
    put(actor, key, 1, b"mended")
    assert len(stored(in_alpha)) == len(before)
    assert db.session.scalar(select(func.count()).where(UploadPart.upload_id == key)) == 1


@pytest.mark.parametrize("line", ["vault.seal_bytes_many", "files.save_file", "_drop_part", "files.delete_file"])
def test_a_part_killed_on_the_way_leaves_what_a_retry_finishes(
    in_alpha: Tenant, actor: Actor, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    key = announce(actor)
    put(actor, key, 1, b"wrong")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(f"app.core.jobs.uploads.operations.{line}", _killed)
        put(actor, key, 1, PARTS[0])
    assert b"".join(operations._opened(operations._parts(key))) == b"wrong"
    with pytest.raises(errors.PartsMissing):
        close(actor, key)
    for number in (1, 2, 3):
        put(actor, key, number, PARTS[number - 1])
    close(actor, key)
    assert operations.open_upload(actor, key, "import")[1].read() == WHOLE


def _killed(*_args: object, **_further: object) -> None:
    raise KeyboardInterrupt


def test_what_is_not_the_announced_file_is_not_closed(in_alpha: Tenant, actor: Actor) -> None:
    key = announce(actor)
    for number, data in enumerate((PARTS[0], PARTS[2], PARTS[1]), 1):
        put(actor, key, number, data)
    with pytest.raises(errors.ChecksumWrong):
        close(actor, key)
    put(actor, key, 2, PARTS[1])
    put(actor, key, 3, PARTS[2])
    close(actor, key)


def test_sizes_are_held(in_alpha: Tenant, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(files.FileTooLarge):
        announce(actor, size=files.MAX_BYTES + 1)
    key = announce(actor)
    with pytest.raises(errors.PartsTooMany):
        put(actor, key, 1, WHOLE + b"x")
    with pytest.raises(NotFound):
        put(actor, key, operations.MOST_PARTS + 1, b"x")
    monkeypatch.setattr(operations, "PART_BYTES", 4)
    with pytest.raises(errors.PartTooLarge):
        put(actor, key, 1, b"12345")
    monkeypatch.setattr(operations, "MOST_WAITING", len(WHOLE))
    with pytest.raises(errors.UploadsFull):
        announce(actor)


def test_nobody_else_reaches_an_upload(app: Flask, beta: Tenant, in_alpha: Tenant, actor: Actor) -> None:
    key = announce(actor)
    other = Actor(user_id=uuid.uuid4(), name="Other", grants={"import.create": "all", "import.see": "all"})
    for stranger in (other, system_actor("test")):
        with pytest.raises(NotFound):
            operations.get_upload(stranger, key)
    with tenant(beta.id), pytest.raises(NotFound):
        operations.get_upload(actor, key)


def test_an_upload_goes_after_its_day_and_with_an_erasure(in_alpha: Tenant, actor: Actor) -> None:
    before = set(stored(in_alpha))
    late, kept = announce(actor), announce(actor)
    for key in (late, kept):
        put(actor, key, 1, WHOLE)
    with transaction():
        db.session.execute(update(Upload).where(Upload.id == late).values(expires_at=func.now()))
    with pytest.raises(NotFound):
        operations.get_upload(actor, late)
    with transaction():
        assert operations.forget_uploads() == 1
    operations.get_upload(actor, kept)
    with transaction():
        erase_subject(system_actor("test"), uuid.uuid4(), "customer")
    with pytest.raises(NotFound):
        operations.get_upload(actor, kept)
    assert set(stored(in_alpha)) <= before
    assert not db.session.scalars(select(StoredFile).where(StoredFile.kind == "upload_part")).all()
