"""Files: whole or not there, in the tenant's own folder, and nobody else's."""

import hashlib
import io
import os
import stat
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.db import db, tenant, transaction
from app.core.db.columns import new_id
from app.core.errors import NotFound
from app.core.guard import files
from app.core.guard.files import FileTooLarge
from app.core.guard.models import StoredFile

BYTES = b"name,phone\n" * 1000


@pytest.fixture
def folder(app, alpha):
    """Where alpha's files lie."""
    with app.app_context():
        yield Path(app.extensions["forecourt_settings"].files_dir) / alpha.id


def saved(of, name="list.csv", content=BYTES, **values):
    """The id of a committed file."""
    with tenant(of.id), transaction():
        return files.save_file(io.BytesIO(content), name, "import", **values).id


def on_disk(folder):
    """The files below a folder."""
    return {path for path in folder.rglob("*") if path.is_file()} if folder.exists() else set()


def test_what_was_saved_is_read_back(alpha, folder):
    before = on_disk(folder)
    file_id = saved(alpha, media_type="text/csv")
    with tenant(alpha.id), files.open_file(file_id) as stream:
        assert stream.read() == BYTES
        row = files.get_file(file_id)
        assert (row.size, row.sha256) == (len(BYTES), hashlib.sha256(BYTES).digest())
        assert (row.media_type, row.kind, row.name) == ("text/csv", "import", "list.csv")
    (path,) = on_disk(folder) - before
    assert path.parent.name == path.name[:2]
    assert "list" not in path.name
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_another_tenants_file_does_not_exist(alpha, beta, folder):
    file_id = saved(alpha)
    with tenant(beta.id):
        with pytest.raises(NotFound):
            files.open_file(file_id)
        with pytest.raises(NotFound):
            files.delete_file(file_id)


def test_a_row_copied_to_another_tenant_finds_no_bytes(alpha, beta, folder):
    file_id = saved(alpha)
    with tenant(alpha.id):
        stored_as = files.get_file(file_id).stored_as
    with tenant(beta.id), transaction():
        copied = StoredFile(name="x", media_type="x", size=1, sha256=b"", kind="import", stored_as=stored_as)
        db.session.add(copied)
    with tenant(beta.id), pytest.raises(NotFound):
        files.open_file(copied.id)


@pytest.mark.parametrize("stored_as", ["../../../../etc/passwd", "/etc/passwd", "a" * 31 + "/", ""])
def test_a_tampered_name_leads_nowhere(alpha, folder, stored_as):
    with tenant(alpha.id):
        with transaction():
            row = StoredFile(name="x", media_type="x", size=1, sha256=b"", kind="import", stored_as=stored_as)
            db.session.add(row)
        with pytest.raises(NotFound):
            files.open_file(row.id)
        with transaction():
            db.session.delete(row)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\客户.csv", "客户.csv"),
        ("a\r\nSet-Cookie: x.csv", "aSet-Cookie: x.csv"),
        ("", "file"),
        ("x" * 400, "x" * 255),
    ],
)
def test_the_name_is_for_show_only(alpha, folder, given, kept):
    file_id = saved(alpha, name=given)
    with tenant(alpha.id):
        assert files.get_file(file_id).name == kept


def test_a_file_that_is_too_large_leaves_nothing(alpha, folder):
    before = on_disk(folder)
    with tenant(alpha.id), pytest.raises(FileTooLarge), transaction():
        files.save_file(io.BytesIO(b"x" * 1001), "big", "import", max_bytes=1000)
    assert on_disk(folder) == before


def test_an_upload_that_breaks_off_leaves_nothing(alpha, folder):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            if self.tell():
                raise ConnectionError
            return super().read(10)

    before = on_disk(folder)
    with tenant(alpha.id), pytest.raises(ConnectionError), transaction():
        files.save_file(Broken(b"x" * 100), "cut", "import")
    assert on_disk(folder) == before


def test_bytes_go_with_the_commit_of_the_deletion_and_not_before(alpha, folder):
    file_id = saved(alpha)
    with tenant(alpha.id):
        with pytest.raises(RuntimeError), transaction():
            files.delete_file(file_id)
            raise RuntimeError
        with files.open_file(file_id) as stream:
            assert stream.read() == BYTES
        before = on_disk(folder)
        with transaction():
            files.delete_file(file_id)
        assert len(before - on_disk(folder)) == 1
        with pytest.raises(NotFound):
            files.get_file(file_id)


def test_an_expired_file_is_gone_before_and_after_the_sweep(alpha, folder):
    before = on_disk(folder)
    file_id = saved(alpha, expires_at=clock.now() - timedelta(seconds=1))
    kept = saved(alpha, expires_at=clock.now() + timedelta(hours=1))
    with tenant(alpha.id):
        with pytest.raises(NotFound):
            files.open_file(file_id)
        with transaction():
            assert files.sweep_files() == 1
        assert db.session.scalars(select(StoredFile.id).where(StoredFile.id.in_([file_id, kept]))).all() == [kept]
    assert len(on_disk(folder) - before) == 1


def test_orphans_go_after_a_day_and_files_with_a_row_stay(alpha, folder):
    file_id = saved(alpha)
    with tenant(alpha.id), pytest.raises(RuntimeError), transaction():
        files.save_file(io.BytesIO(b"orphan"), "x", "import")
        raise RuntimeError
    orphans = {path for path in on_disk(folder) if path.read_bytes() == b"orphan"}
    assert len(orphans) == 1
    with tenant(alpha.id):
        with transaction():
            files.sweep_files()
        assert orphans <= on_disk(folder)
        for path in on_disk(folder):
            os.utime(path, (time.time() - 90_000, time.time() - 90_000))
        with transaction():
            files.sweep_files()
        assert not orphans & on_disk(folder)
        with files.open_file(file_id) as stream:
            assert stream.read() == BYTES


def test_a_deleted_tenant_leaves_no_file(app, beta):
    with app.app_context():
        folder = Path(app.extensions["forecourt_settings"].files_dir) / beta.id
        saved(beta)
        assert on_disk(folder)
        files.erase_tenant_files(beta.id)
        files.erase_tenant_files(beta.id)
        assert not folder.exists()
        with pytest.raises(ValueError, match="tenant"):
            files.erase_tenant_files("../alpha")


def test_an_unknown_id_is_not_found(alpha, folder):
    with tenant(alpha.id), pytest.raises(NotFound):
        files.open_file(new_id())
