"""Users, roles and stores: nobody gives or takes over more than she holds, and an administrator always remains."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.db import Tenant, db, tenant, transaction
from app.core.errors import DomainError, Invalid, NotFound, PermissionDenied, Stale
from app.core.guard.classes import GROUPS
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import Actor, declared, stores_of, system_actor
from app.tenants import errors, lists
from app.tenants.models import Grant, Link, Membership, Role, SessionRow, Store, User
from app.tenants.operations import links, roles, stores, users
from app.tenants.queries import people as asked
from tests.fixtures import people

Actors = Callable[[Tenant, str], Actor]
SYSTEM = system_actor("test")


@pytest.fixture(autouse=True)
def inside(app: Flask, alpha: Tenant) -> Iterator[None]:
    with app.app_context(), tenant(alpha.id):
        yield


def role_id(key: str) -> uuid.UUID:
    return db.session.scalars(select(Role.id).where(Role.key == key)).one()


def store_id(code: str = "S1") -> uuid.UUID:
    return db.session.scalars(select(Store.id).where(Store.code == code)).one()


def user_of(role: str) -> User:
    found = people.find_user(role)
    assert found is not None
    return found


def invite(actor: Actor, role: str, email: str | None = None, store: str = "S1") -> User:
    with transaction():
        return users.invite_user(
            actor,
            name="Nova",
            email=email or f"{uuid.uuid4().hex}@example.com",
            places=[(store_id(store), role_id(role))],
        )


def edit(actor: Actor, user: User, **changed: object) -> User:
    places = [(row[0].store_id, row[0].role_id) for row in asked.list_memberships(user.id)]
    values = {
        "version": user.version,
        "name": user.name,
        "email": links.email_of(user),
        "locale": None,
        "places": places,
    }
    with transaction():
        return users.change_user(actor, user.id, **{**values, "places": places, **changed})  # type: ignore[arg-type]


def custom(name: str, **grants: str) -> Role:
    with transaction():
        return roles.create_role(
            SYSTEM, name=name, grants={key.replace("__", "."): scope for key, scope in grants.items()}
        )


def test_an_administrator_invites_and_the_email_is_stored_sealed(alpha: Tenant, actor: Actors) -> None:
    made = invite(actor(alpha, "tenant_admin"), "salesperson", "Dana.Reed@example.com")
    assert made.state == "invited"
    assert b"dana" not in made.email_enc.lower()
    assert links.email_of(made) == "Dana.Reed@example.com"
    assert "dana.reed" not in made.email_masked.lower()
    assert db.session.scalars(select(Link).where(Link.user_id == made.id)).one().used_at is None
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.record_id == made.id).order_by(AuditEntry.id)
    ).first()
    assert entry is not None
    assert "Dana" not in str(entry.changes)


def test_an_email_signs_one_user_in(alpha: Tenant, actor: Actors) -> None:
    admin = actor(alpha, "tenant_admin")
    invite(admin, "cashier", "twice@example.com")
    with pytest.raises(errors.EmailTaken):
        invite(admin, "cashier", "TWICE@example.com")
    with pytest.raises(errors.EmailInvalid):
        invite(admin, "cashier", "nobody\r\nBcc: x@example.com")


def test_without_the_right_nobody_administers(alpha: Tenant, actor: Actors) -> None:
    for act in (
        lambda by: invite(by, "cashier"),
        lambda by: edit(by, user_of("cashier"), name="Other"),
        lambda by: roles.create_role(by, name="Mine", grants={}),
        lambda by: stores.open_store(by, code="X", name="X", timezone="UTC"),
    ):
        with pytest.raises(PermissionDenied):
            act(actor(alpha, "salesperson"))


def test_nobody_invites_somebody_mightier(alpha: Tenant, actor: Actors) -> None:
    boss = actor(alpha, "gm")
    inviter = replace(boss, grants={**boss.grants, "user.create": "all"})
    with pytest.raises(errors.GrantExceedsOwn):
        invite(inviter, "tenant_admin")
    assert invite(inviter, "salesperson").state == "invited"


def test_nobody_takes_a_mightier_account_over(alpha: Tenant, actor: Actors) -> None:
    boss = actor(alpha, "gm")
    editor = replace(boss, grants={**boss.grants, "user.edit": "all"})
    admin = user_of("tenant_admin")
    for act in (
        lambda: edit(editor, admin, email="mine@example.com"),
        lambda: users.send_user_link(editor, admin.id),
        lambda: users.disable_user(editor, admin.id, version=admin.version),
        lambda: users.end_user_sessions(editor, admin.id),
    ):
        with pytest.raises(errors.GrantExceedsOwn):
            act()
        db.session.rollback()


def test_an_editor_of_one_store_reaches_its_people_only(alpha: Tenant, actor: Actors) -> None:
    admin = actor(alpha, "tenant_admin")
    here, there = invite(admin, "lot_staff"), invite(admin, "lot_staff", store="S2")
    local = Actor(
        user_id=user_of("gm").id,
        name="local",
        grants={**dict.fromkeys(declared(), "all"), "user.edit": "store", "user.see": "store", "user.create": "store"},
        store_ids=frozenset({store_id()}),
        sights=dict.fromkeys(GROUPS, "visible"),
    )
    assert edit(local, here, name="Changed").name == "Changed"
    with pytest.raises(NotFound):
        edit(local, there, name="Changed")
    db.session.rollback()
    with pytest.raises(NotFound):
        edit(local, here, places=[(store_id("S2"), role_id("lot_staff"))])
    db.session.rollback()
    with pytest.raises(NotFound):
        invite(local, "lot_staff", store="S2")
    db.session.rollback()
    listed = {row.id for row in db.session.execute(lists.USERS.source(local))}
    assert here.id in listed
    assert there.id not in listed


def test_a_new_email_ends_sessions_and_open_links(alpha: Tenant, actor: Actors) -> None:
    user = user_of("service_advisor")
    people.session_cookie("service_advisor", alpha.hosts[0])
    with transaction():
        users.send_user_link(actor(alpha, "tenant_admin"), user.id)
    edit(actor(alpha, "tenant_admin"), user, email="new.address@example.com")
    assert db.session.scalars(select(SessionRow).where(SessionRow.user_id == user.id)).all() == []
    assert db.session.scalars(select(Link).where(Link.user_id == user.id, Link.used_at.is_(None))).all() == []


def test_the_last_administrator_stays(alpha: Tenant, actor: Actors) -> None:
    admin, user = actor(alpha, "tenant_admin"), user_of("tenant_admin")
    with pytest.raises(errors.LastAdministrator):
        users.disable_user(admin, user.id, version=user.version)
    db.session.rollback()
    with pytest.raises(errors.LastAdministrator):
        edit(admin, user, places=[(store_id(), role_id("salesperson"))])
    db.session.rollback()
    second = invite(admin, "tenant_admin")
    with pytest.raises(errors.LastAdministrator):
        users.disable_user(admin, user.id, version=user.version)
    db.session.rollback()
    with transaction():
        links.set_password(SYSTEM, second.id, "three blue vans by the sea")
    with transaction():
        users.disable_user(SYSTEM, second.id, version=second.version)
    assert second.state == "disabled"


def test_a_user_has_a_role_somewhere(alpha: Tenant, actor: Actors) -> None:
    with pytest.raises(Invalid):
        edit(actor(alpha, "tenant_admin"), user_of("technician"), places=[])


def test_two_people_do_not_overwrite_each_other(alpha: Tenant, actor: Actors) -> None:
    admin, user = actor(alpha, "tenant_admin"), user_of("technician")
    seen = user.version
    edit(admin, user, name="First")
    with pytest.raises(Stale):
        edit(admin, user, name="Second", version=seen)
    role = custom("Stale role", deal__see="own")
    before = role.version
    with transaction():
        roles.change_role(admin, role.id, version=before, name="Stale role", grants={"deal.see": "team"})
    with pytest.raises(Stale):
        roles.change_role(admin, role.id, version=before, name="Stale role", grants={})


def test_nobody_grants_what_she_does_not_hold(alpha: Tenant, actor: Actors) -> None:
    boss = actor(alpha, "sales_manager")
    granter = replace(boss, grants={**boss.grants, "role.create": "all", "role.edit": "all"})
    with transaction():
        made = roles.create_role(granter, name="Showroom", grants={"deal.see": "store", "stock.see": "own"})
    with pytest.raises(errors.GrantExceedsOwn):
        roles.create_role(granter, name="Too much", grants={"deal.see": "all"})
    db.session.rollback()
    with pytest.raises(errors.GrantExceedsOwn):
        roles.change_role(granter, made.id, version=made.version, name="Showroom", grants={"user.delete": "own"})
    db.session.rollback()
    # What the role had before is not the granter's doing and may stay.
    wide = custom("Wide", deal__see="all", stock__see="own")
    with transaction():
        roles.change_role(granter, wide.id, version=wide.version, name="Wide", grants={"deal.see": "all"})
    assert asked.grants_of_role(wide.id) == {"deal.see": "all"}


@pytest.mark.parametrize("grants", [{"deal.fly": "all"}, {"deal.see": "everywhere"}, {"*": "all"}])
def test_only_declared_permissions_and_scopes_are_granted(alpha: Tenant, actor: Actors, grants: dict[str, str]) -> None:
    with pytest.raises(errors.ScopeUnknown):
        roles.create_role(actor(alpha, "tenant_admin"), name="Odd", grants=grants)


def test_the_administrators_role_is_fixed_and_holds_every_right(alpha: Tenant, actor: Actors) -> None:
    admin = actor(alpha, "tenant_admin")
    assert dict(admin.grants) == dict.fromkeys(declared(), "all")
    fixed = asked.get_role(role_id("tenant_admin"))
    with pytest.raises(errors.RoleFixed):
        roles.change_role(admin, fixed.id, version=fixed.version, name="Weak", grants={})
    with pytest.raises(errors.RoleFixed):
        roles.delete_role(admin, fixed.id, version=fixed.version)


def test_a_role_in_use_stays_and_an_unused_one_goes(alpha: Tenant, actor: Actors) -> None:
    admin = actor(alpha, "tenant_admin")
    used = asked.get_role(role_id("cashier"))
    with pytest.raises(errors.RoleInUse):
        roles.delete_role(admin, used.id, version=used.version)
    db.session.rollback()
    unused = custom("Unused", deal__see="own")
    with transaction():
        roles.delete_role(admin, unused.id, version=unused.version)
    assert db.session.scalars(select(Grant).where(Grant.role_id == unused.id)).all() == []


def test_roles_at_two_stores_add_up(alpha: Tenant, actor: Actors) -> None:
    user = user_of("parts_clerk")
    edit(
        actor(alpha, "tenant_admin"),
        user,
        places=[(store_id(), role_id("parts_clerk")), (store_id("S2"), role_id("sales_manager"))],
    )
    both = actor(alpha, "parts_clerk")
    assert both.store_ids == {store_id(), store_id("S2")}
    assert both.grants["deal.see"] == "store"
    # The manager's rights stay at the manager's store, and the clerk's at both where both roles give them.
    assert stores_of(both, "deal.see") == {store_id("S2")}
    assert stores_of(both, "stock.see") == {store_id(), store_id("S2")}


def test_a_manager_of_one_store_lends_its_rights_at_no_other(alpha: Tenant, actor: Actors) -> None:
    seller, keeper = user_of("technician"), custom("Keeper", user__create="all", role__edit="all", deal__see="own")
    edit(
        actor(alpha, "tenant_admin"),
        seller,
        places=[(store_id(), role_id("fi_manager")), (store_id("S2"), keeper.id)],
    )
    lender = actor(alpha, "technician")
    assert invite(lender, "cashier").state == "invited"
    with pytest.raises(errors.GrantExceedsOwn):
        invite(lender, "cashier", store="S2")
    db.session.rollback()
    # A role of his own at the other store would widen himself there.
    with pytest.raises(errors.GrantExceedsOwn):
        roles.change_role(
            lender,
            keeper.id,
            version=keeper.version,
            name=keeper.name,
            grants={"user.create": "all", "role.edit": "all", "deal.see": "store"},
        )
    db.session.rollback()


def test_every_refusal_has_its_own_code() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, DomainError)]
    own = [kind for kind in kinds if kind.__module__ == errors.__name__]
    assert len({kind.code for kind in own}) == len(own) > 15
    assert db.session.scalars(select(Membership.id).limit(1)).all()
