"""Stores open, change and close; teams widen what their members reach; two administrators cannot lock both out."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.db import Tenant, db, tenant, transaction
from app.core.errors import NotFound
from app.core.guard.permissions import Actor, system_actor
from app.tenants import errors
from app.tenants.models import Membership, Role, Store, User
from app.tenants.operations import links, stores, users
from app.tenants.queries import people as asked
from app.tenants.rules.roles import ADMIN
from tests.fixtures import people

Actors = Callable[[Tenant, str], Actor]
SYSTEM = system_actor("test")


@pytest.fixture(autouse=True)
def inside(app: Flask, alpha: Tenant) -> Iterator[None]:
    with app.app_context(), tenant(alpha.id):
        yield


def store_id(code: str = "S1") -> uuid.UUID:
    return db.session.scalars(select(Store.id).where(Store.code == code)).one()


def user_of(role: str) -> User:
    found = people.find_user(role)
    assert found is not None
    return found


def test_stores_open_change_and_close_when_nobody_works_there(alpha: Tenant, actor: Actors) -> None:
    admin = actor(alpha, "tenant_admin")
    with transaction():
        made = stores.open_store(admin, code="N1", name="North", timezone="America/Chicago")
    with pytest.raises(errors.NameTaken):
        stores.open_store(admin, code="N1", name="Other", timezone="America/Chicago")
    db.session.rollback()
    with pytest.raises(errors.TimezoneUnknown):
        stores.open_store(admin, code="N2", name="Other", timezone="Mars/Base")
    db.session.rollback()
    with transaction():
        stores.close_store(admin, made.id, version=made.version)
    assert made.closed_at is not None
    first = db.session.get(Store, store_id())
    assert first is not None
    with pytest.raises(errors.StoreInUse):
        stores.close_store(admin, first.id, version=first.version)


def test_a_team_widens_what_its_members_reach(app: Flask, alpha: Tenant, actor: Actors) -> None:
    one, two, lead = user_of("salesperson"), user_of("bdc_agent"), user_of("sales_manager")
    with transaction():
        team = stores.create_team(
            actor(alpha, "tenant_admin"), store_id=store_id(), name="Blue", lead_id=lead.id, member_ids=[one.id, two.id]
        )
    assert actor(alpha, "salesperson").team_user_ids == {one.id, two.id, lead.id}
    assert actor(alpha, "sales_manager").team_user_ids == {one.id, two.id, lead.id}
    with pytest.raises(NotFound):
        stores.change_team(
            actor(alpha, "tenant_admin"),
            team.id,
            version=team.version,
            name="Blue",
            lead_id=None,
            member_ids=[uuid.uuid4()],
        )
    db.session.rollback()
    with transaction():
        stores.delete_team(actor(alpha, "tenant_admin"), team.id, version=team.version)
    assert actor(alpha, "salesperson").team_user_ids == frozenset()


def test_two_administrators_who_disable_each_other_at_once_leave_one(app: Flask, alpha: Tenant) -> None:
    role_id = db.session.scalars(select(Role.id).where(Role.key == ADMIN)).one()
    place, first = [(store_id(), role_id)], user_of(ADMIN)
    with transaction():
        second = users.invite_user(SYSTEM, name="Second", email="second.admin@example.com", places=place)
    with transaction():
        links.set_password(SYSTEM, second.id, "three blue vans by the sea")
    ids, together, refused = [first.id, second.id], threading.Barrier(2), []

    def disable(user_id: uuid.UUID) -> None:
        with app.app_context(), tenant(alpha.id):
            version = db.session.scalars(select(User.version).where(User.id == user_id)).one()
            db.session.rollback()
            together.wait(10)
            try:
                with transaction():
                    users.disable_user(SYSTEM, user_id, version=version)
            except errors.LastAdministrator:
                refused.append(user_id)

    threads = [threading.Thread(target=disable, args=(user_id,)) for user_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(refused) == 1
    db.session.rollback()
    active = select(Membership.user_id).join(User, User.id == Membership.user_id)
    left = db.session.scalars(active.where(Membership.role_id == role_id, User.state == "active")).all()
    assert set(left) == set(refused)
    assert asked.is_administrator(left[0])
