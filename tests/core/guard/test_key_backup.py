"""Keys backed up apart: without them the data says nothing, with them everything but what was destroyed."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import delete, select

from app.core import clock
from app.core.db import db, directory, tenant, transaction
from app.core.db.columns import new_id
from app.core.db.ids import from_public
from app.core.db.owner import owner
from app.core.guard import erasing, key_backup, keys, platform_keys, rotating, vault
from app.core.guard.keys import KeyMissing
from app.core.guard.models import Undo
from app.core.guard.permissions import system_actor
from app.core.lists.exports.models import Export
from app.core.lists.models import SavedFilter
from app.core.lists.saved_filters import save_filter
from app.crm.models import ContactPoint
from app.crm.operations.contacts import ContactInput
from app.crm.operations.customers import create_customer
from app.tenants.models import Store
from app.tenants.operations.lifecycle import delete_tenant
from app.tenants.operations.provisioning import touch_directory
from tests.fixtures import dumps
from tests.fixtures.dealerships import make_dealership

SYSTEM = system_actor("test")
PHONES = ("+12025550111", "+12025550122")


@pytest.fixture
def place(app):
    made = make_dealership(app, "backup")
    with app.app_context(), tenant(made.id):
        yield made


def two_people():
    store = db.session.scalars(select(Store.id).order_by(Store.code)).first()
    with transaction():
        return [
            create_customer(
                actor=SYSTEM, kind="individual", name=f"Person {phone[-1]}", store_id=store,
                contact_points=[ContactInput("phone", phone)],
            ).id
            for phone in PHONES
        ]  # fmt: skip


def keep_for_a_while(user_id: uuid.UUID) -> list[uuid.UUID]:
    """A filter, an offer to undo and an export, each under a key of its own; their ids."""
    soon = clock.now() + timedelta(hours=1)
    with transaction():
        told = save_filter("customers", user_id, {"phone": ["+12025550133"]})
        offered = new_id()
        db.session.add(Undo(
            id=offered, user_id=user_id, kind="test", expires_at=soon,
            sealed=vault.seal_own("core_undos", "sealed", offered, "+12025550133"),
        ))  # fmt: skip
        export = new_id()
        db.session.add(Export(
            id=export, list_name="customers", format="csv", state="ready", asked={},
            created_by=user_id, expires_at=soon, file_key=vault.seal_own("core_exports", "file_key", export, "00" * 32),
            # Under a key of the dealership's that has been replaced since.
            purpose_enc=vault.TENANT_VALUE + (9).to_bytes(2, "big") + bytes(40),
        ))  # fmt: skip
        db.session.flush()
    return [from_public("flt", told), offered, export]


def lose_keys(place) -> None:
    """As after a restore of the data, in which there are no keys."""
    with owner() as connection:
        for table in key_backup.TABLES:
            connection.execute(f"DELETE FROM {place.schema}.{table}".encode())
        connection.execute("DELETE FROM wrapped_keys WHERE tenant_id = %s", [place.id])
    keys.forget_keys(place.id)


def restore_rows(place, dump, *tables: str) -> None:
    """Put the rows of an older copy of the data back."""
    with owner() as connection:
        for table in tables:
            connection.execute(f"DELETE FROM {place.schema}.{table}".encode())
            for row in dump.tables[table]:
                columns, places = ", ".join(row), ", ".join(["%s"] * len(row))
                statement = f"INSERT INTO {place.schema}.{table} ({columns}) VALUES ({places})"
                values = [Jsonb(value) if isinstance(value, dict) else value for value in row.values()]
                connection.execute(statement.encode(), values)


def readable(place) -> set[str]:
    with tenant(place.id):
        db.session.expire_all()
        return {phone for phone in PHONES if dumps.take(place).places_of(phone)}


def test_the_data_alone_says_nothing_and_the_keys_bring_it_back(app, place, tmp_path):
    two_people()
    file = tmp_path / "keys.jsonl"
    assert key_backup.backup_keys(file) > 4
    assert file.stat().st_mode & 0o077 == 0
    assert readable(place) == set(PHONES)
    lose_keys(place)
    assert readable(place) == set()
    found = key_backup.restore_keys(SYSTEM, file)
    assert (found.unknown_tenants, found.deleted_tenants) == (set(), [])
    assert readable(place) == set(PHONES)
    assert key_backup.restore_keys(SYSTEM, file).keys == 0


def test_a_restore_of_older_data_and_older_keys_leaves_the_erased_erased(app, place, tmp_path):
    gone, stays = two_people()
    short_lived = keep_for_a_while(new_id())
    old_keys, newer_keys = tmp_path / "old", tmp_path / "newer"
    key_backup.backup_keys(old_keys)
    old_data = dumps.take(place)
    with transaction():
        # Their time is over, and their keys went with them.
        for model in (SavedFilter, Undo, Export):
            db.session.execute(delete(model))
        vault.drop_keys(short_lived)
        erasing.erase_subject(SYSTEM, gone, "customer")
    key_backup.backup_keys(newer_keys)
    # The whole server is lost, the list in its database too; what there is are the old data and both copies of keys.
    lose_keys(place)
    with owner() as connection:
        connection.execute("DELETE FROM destroyed_keys WHERE owner = %s", [place.schema])
    brought = ("core_filters", "core_undos", "core_exports")
    restore_rows(place, old_data, "crm_contact_points", "core_search_entries", *brought)
    for file in (newer_keys, old_keys):
        assert key_backup.restore_keys(SYSTEM, file).destroyed >= 1
    assert readable(place) == {PHONES[1]}
    db.session.rollback()
    assert db.session.scalars(select(ContactPoint.customer_id)).all() == [stays]
    # What opens no more may have told of anybody. That somebody asked for an export stays known.
    assert db.session.scalars(select(SavedFilter.id)).all() == db.session.scalars(select(Undo.id)).all() == []
    kept = select(Export.state, Export.file_key, Export.purpose_enc)
    assert db.session.execute(kept).all() == [("gone", None, None)]
    with pytest.raises(KeyMissing):
        vault.seal(gone, "crm_contact_points", "value_enc", gone, "again")
    assert old_data.places_of(PHONES[0]) == set()


def test_a_copy_made_while_keys_change_has_what_it_needs(app, place, tmp_path, monkeypatch):
    gone, _ = two_people()
    file, tenants, wrapping, asked = tmp_path / "keys", directory.all_tenants, key_backup._wrapping, []

    def meanwhile_replaced():
        platform_keys.add_key(place.id, platform_keys.DATA)
        with tenant(place.id), transaction():
            rotating.rewrap_subject_keys(2)
        return tenants()

    def meanwhile_erased():
        asked.append(1)
        if len(asked) == 2:
            with tenant(place.id), transaction():
                erasing.erase_subject(SYSTEM, gone, "customer")
        return wrapping()

    with monkeypatch.context() as patched:
        patched.setattr(directory, "all_tenants", meanwhile_replaced)
        patched.setattr(key_backup, "_wrapping", meanwhile_erased)
        key_backup.backup_keys(file)
    lose_keys(place)
    with owner() as connection:
        connection.execute("DELETE FROM destroyed_keys WHERE owner = %s", [place.schema])
    key_backup.restore_keys(SYSTEM, file)
    assert readable(place) == {PHONES[1]}
    with tenant(place.id), pytest.raises(KeyMissing):
        vault.seal(gone, "crm_contact_points", "value_enc", gone, "again")


def test_a_deleted_dealership_gets_no_keys_back(app, place, tmp_path):
    two_people()
    file = tmp_path / "keys"
    doomed = make_dealership(app, "doomed")
    key_backup.backup_keys(file)
    delete_tenant(doomed.id, doomed.name, now=True)
    with owner() as connection:
        listed = connection.execute("SELECT subject_id FROM destroyed_keys WHERE owner = %s", [doomed.schema])
        assert listed.fetchall() == [(None,)]
        # As in the data of the day before.
        connection.execute("UPDATE tenants SET state = 'active', slug = 'doomed-again' WHERE id = %s", [doomed.id])
        touch_directory(connection, doomed.id)
    directory.refresh()
    try:
        assert key_backup.restore_keys(SYSTEM, file).deleted_tenants == ["doomed-again"]
        with owner() as connection:
            left = connection.execute("SELECT count(*) FROM wrapped_keys WHERE tenant_id = %s", [doomed.id]).fetchone()
        assert left == (0,)
    finally:
        with owner() as connection:
            state = "UPDATE tenants SET state = 'deleted', slug = 'deleted-' || id WHERE id = %s"
            connection.execute(state, [doomed.id])
            touch_directory(connection, doomed.id)
        directory.refresh()


@pytest.mark.parametrize("damage", ["cut", "changed", "foreign", "empty"])
def test_a_damaged_file_changes_nothing(app, place, tmp_path, another_app, damage):
    file = tmp_path / "keys"
    key_backup.backup_keys(file)
    lines = file.read_text().splitlines(keepends=True)
    if damage == "cut":
        file.write_text("".join(lines[:-1]))
    elif damage == "empty":
        file.write_text("")
    elif damage == "changed":
        put_in = json.dumps({"kind": "destroyed", "owner": place.schema, "subject_id": None}) + "\n"
        file.write_text("".join([*lines[:1], put_in, *lines[1:]]))
    reader = another_app(MASTER_KEY="/" * 42 + "8=") if damage == "foreign" else app
    with reader.app_context(), pytest.raises(key_backup.BackupBroken):
        key_backup.restore_keys(SYSTEM, file)
    with owner() as connection:
        assert connection.execute("SELECT 1 FROM destroyed_keys WHERE owner = %s", [place.schema]).fetchone() is None


def test_the_commands_do_the_same(app, place, tmp_path):
    two_people()
    file, run = str(tmp_path / "keys"), app.test_cli_runner().invoke
    assert "keys written" in run(args=["keys", "backup", file]).output
    lose_keys(place)
    assert run(args=["keys", "restore", file]).exit_code == 0
    assert readable(place) == set(PHONES)
    for kind in ("tenant", "subjects"):
        told = run(args=["keys", "rotate", kind, place.slug, "--now"])
        assert (told.exit_code, "succeeded" in told.output) == (0, True), (told.output, told.exception)
    assert "0 keys and 0 values" in run(args=["keys", "rotate", "master"]).output
    assert readable(place) == set(PHONES)
    assert run(args=["keys", "rotate", "tenant"]).exit_code == 2
