"""What a dealership begins with: written at once with its tables, and the same rows the operations would have left."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import inspect, select

from app.core.db import Tenant, db, directory, tenant, transaction
from app.core.db.bulk import insert_rows, row_of
from app.core.db.columns import new_id
from app.core.db.owner import owner
from app.core.guard import keys, vault
from app.core.guard.models import AuditEntry, SubjectKey
from app.core.guard.permissions import system_actor
from app.core.jobs.models import Outbox
from app.tenants.models import Grant, Link, Membership, Role, Store, User
from app.tenants.operations import links, stores, users
from app.tenants.operations.provisioning import TenantRequest, create_tenant
from app.tenants.queries import people
from app.tenants.rules.roles import ADMIN, DEFAULT_ROLES
from tests.fixtures.dealerships import make_dealership


@pytest.fixture(scope="module")
def fresh(app: Flask) -> Tenant:
    """A dealership as it was provisioned, and nothing done in it since."""
    request = TenantRequest(
        slug="first-rows", name="First Rows", country="US", locale="en", currency="USD", timezone="UTC",
        store_name="O'Hara's \\ “Main” {1}", admin_name="Ada Ångström", admin_email=" Ada@Example.com ",
    )  # fmt: skip
    with app.app_context():
        tenant_id = create_tenant(request)
        directory.refresh()
        found = directory.get(tenant_id)
        assert found is not None
        return found


@pytest.fixture
def inside(app: Flask, fresh: Tenant) -> Iterator[Tenant]:
    with app.app_context(), tenant(fresh.id):
        yield fresh


def shape(row: Any) -> dict[str, Any]:
    """A row without what differs between any two: ids, moments and sealed bytes become types."""
    values = {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs if column.key != "tx"}
    differing = (uuid.UUID, datetime, bytes)
    return {name: type(value) if isinstance(value, differing) else value for name, value in values.items()}


def left_about(user: User) -> dict[str, Any]:
    """Every row there is about a user, by what it is."""

    def only(model: Any, *conditions: Any) -> Any:
        return db.session.scalars(select(model).where(*conditions)).one()

    link = only(Link, Link.user_id == user.id)
    audit = db.session.scalars(select(AuditEntry).where(AuditEntry.record_id == user.id)).all()
    return {
        "user": {**shape(user), "name": "", "email_masked": ""},
        "key": shape(only(SubjectKey, SubjectKey.subject_id == user.id)),
        "place": shape(only(Membership, Membership.user_id == user.id)),
        "link": (shape(link), link.expires_at - link.created_at),
        "mail": {**shape(only(Outbox, Outbox.payload["link_id"].astext == str(link.id))), "payload": ""},
        "audit": {entry.action: shape(entry) for entry in audit},
    }


def test_the_administrator_is_what_an_invited_user_is(inside: Tenant) -> None:
    """Two ways lead to a user. The one that writes with the tables must leave nothing out."""
    first = db.session.scalars(select(User)).one()
    store = db.session.scalars(select(Store)).one()
    role = people.default_role_ids()[ADMIN]
    with transaction():
        actor = system_actor("provisioning")
        second = users.invite_user(actor, name="Bo", email="bo@example.com", places=[(store.id, role)])
    db.session.expire_all()
    assert left_about(first) == left_about(second)


def test_what_is_sealed_opens_with_the_tenants_own_keys(inside: Tenant) -> None:
    found = db.session.scalars(select(User).where(User.email_index == vault.blind_index("email", "ada@example.com")))
    ada = found.one()
    assert (ada.name, links.email_of(ada), ada.state) == ("Ada Ångström", "Ada@Example.com", "invited")
    invited = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "user.invite")).first()
    assert invited is not None
    told = vault.from_json(vault.unseal(ada.id, "core_audit", "sealed", invited.id, invited.sealed or b""))
    assert told == {"name": [None, "Ada Ångström"], "email": [None, "ada@example.com"]}


def test_the_store_is_what_an_opened_one_is(inside: Tenant) -> None:
    def entry(of: Store) -> dict[str, Any]:
        found = shape(db.session.scalars(select(AuditEntry).where(AuditEntry.record_id == of.id)).one())
        return {**found, "changes": dict.fromkeys(found["changes"])}

    first = db.session.scalars(select(Store).where(Store.code == "S1")).one()
    assert first.name == "O'Hara's \\ “Main” {1}"
    with transaction():
        second = stores.open_store(system_actor("provisioning"), code="S2", name=first.name, timezone="UTC")
    db.session.expire_all()
    assert {**shape(first), "code": ""} == {**shape(second), "code": ""}
    assert entry(first) == entry(second)


def test_every_default_role_stands_with_its_grants(inside: Tenant) -> None:
    ids = people.default_role_ids()
    assert ids.keys() == DEFAULT_ROLES.keys()
    for key, default in DEFAULT_ROLES.items():
        stored = db.session.execute(select(Grant.permission, Grant.scope).where(Grant.role_id == ids[key]))
        assert dict(stored.all()) == dict(default.grants)
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.record_id == ids[key])).one()
        assert (entry.action, entry.changes) == ("role.create", {"name": [None, default.name]})


def test_the_relay_is_told_where_the_invitation_waits(app: Flask) -> None:
    made = make_dealership(app, "hinted")
    with app.app_context(), owner() as connection:
        query = "SELECT due_at <= now() FROM outbox_hint WHERE tenant_id = %s"
        assert (True,) in connection.execute(query, [made.schema]).fetchall()


def test_keys_at_hand_are_forgotten_whatever_happens(app: Flask, inside: Tenant) -> None:
    """Keys that were rolled back and stayed in the process would seal what nobody could ever open."""
    own = keys.tenant_keys().indexes
    rows = keys.new_tenant_keys(keys.master_key(), inside.id)
    with pytest.raises(ZeroDivisionError), keys.keys_at_hand(inside.id, rows):
        assert keys.tenant_keys().indexes != own
        _ = 1 / 0
    assert keys.tenant_keys().indexes == own


def test_rows_of_any_type_are_stored_as_they_are(app: Flask, fresh: Tenant) -> None:
    """JSON carries them: bytes, moments, ids, nothing, and text that would like to be SQL."""
    at = datetime(2026, 2, 28, 23, 59, 59, 123456, tzinfo=UTC)
    odd = "'); DROP TABLE tenants_roles; -- \\x00 %s {0} 车行"
    role, subject = Role(id=new_id(), name=odd), new_id()
    entry = AuditEntry(
        id=new_id(), at=at, actor_name=odd, action="a", record_type="b", changes={"c": [None, {"d": odd}]}
    )
    sealed = AuditEntry(
        id=new_id(), at=at, actor_name="", action="a", record_type="b", changes={}, sealed=b"\x00\xff\\x"
    )
    key = SubjectKey(subject_id=subject, wrapped=bytes(range(256)), key_version=1)
    with app.app_context(), owner() as connection:
        connection.execute(f"SET LOCAL search_path = {fresh.schema}".encode())
        insert_rows(connection, map(row_of, [role, entry, sealed, key]))
    with app.app_context(), tenant(fresh.id):
        stored = db.session.get(Role, role.id)
        assert stored is not None
        assert (stored.name, stored.key, stored.version) == (odd, None, 1)
        found = [db.session.get_one(AuditEntry, one.id) for one in (entry, sealed)]
        assert [(one.at, one.changes, one.sealed) for one in found] == [
            (at, {"c": [None, {"d": odd}]}, None),
            (at, {}, b"\x00\xff\\x"),
        ]
        assert db.session.get_one(SubjectKey, subject).wrapped == bytes(range(256))


def test_what_the_database_refuses_is_not_swallowed(app: Flask, fresh: Tenant) -> None:
    orphan = row_of(Membership(id=new_id(), user_id=new_id(), store_id=new_id(), role_id=new_id()))
    with app.app_context(), pytest.raises(psycopg.errors.ForeignKeyViolation), owner() as connection:
        connection.execute(f"SET LOCAL search_path = {fresh.schema}".encode())
        with connection.pipeline():
            insert_rows(connection, [orphan])
