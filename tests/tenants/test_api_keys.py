"""API keys: shown once, stored as a hash, good at one dealership, never more than role, list of rights and maker."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core.db import Tenant, db, tenant, transaction
from app.core.db.ids import to_public
from app.core.errors import Invalid, NotFound, PermissionDenied
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import Actor, allows, covers, system_actor
from app.tenants.errors import (
    GrantExceedsOwn,
    KeyMayNothing,
    KeyOver,
    RoleHasKeys,
    ScopeUnknown,
    SightExceedsOwn,
)
from app.tenants.models import ApiKey, Role, Store
from app.tenants.operations import api_keys, roles, stores
from app.tenants.queries.api_keys import read_key
from app.tenants.rules import api_keys as rules
from tests.fixtures.browsing import cookie, send
from tests.fixtures.factors import Clock

SYSTEM = system_actor("test")
ME = "/api/v1/me"
KEY = re.compile(r"dms_live_[0-9A-Za-z]{38}")


def role_id(key: str) -> Any:
    return db.session.scalars(select(Role.id).where(Role.key == key)).one()


def make(role: str = "sales_manager", permissions: tuple[str, ...] = ("customer.see",), **given: Any) -> Any:
    """A key of the present dealership: its id and its text."""
    store_id = given.pop("store_id", None)
    values: dict[str, Any] = {"name": "Website", "days": 30, "permissions": permissions, **given}
    with transaction():
        key, text = api_keys.create_key(SYSTEM, role_id=role_id(role), store_id=store_id, **values)
        return key.id, text


def me(client: FlaskClient, text: str, **headers: str) -> TestResponse:
    return client.get(ME, headers={"Authorization": f"Bearer {text}", **headers})


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant) -> FlaskClient:
    """Something without a browser's cookies, at alpha's host."""
    return client_for(alpha, None)


def test_a_key_says_what_it_may(in_alpha: Tenant, program: FlaskClient) -> None:
    _, text = make(permissions=("customer.see", "store.see"))
    answer = me(program, text)
    assert answer.status_code == 200
    told = answer.get_json()
    assert told["permissions"] == {"customer.see": "store", "store.see": "all"}
    assert (told["key"]["name"], told["key"]["role"], told["user"]) == ("Website", "Sales manager", None)
    assert told["fields"]["contact"] == "visible"
    assert len(told["stores"]) == 2
    assert "Set-Cookie" not in answer.headers


def test_it_is_stored_as_a_hash(in_alpha: Tenant) -> None:
    key_id, text = make()
    assert KEY.fullmatch(text)
    row = db.session.get(ApiKey, key_id)
    assert row is not None
    kept = [str(getattr(row, column.key)) for column in ApiKey.__table__.columns]
    assert not [value for value in kept if text[13:] in value]
    assert row.hash == rules.hash_of(text)


def test_whatever_is_wrong_with_a_key_the_answer_is_the_same(
    app: Flask, in_alpha: Tenant, beta: Tenant, program: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = Clock(monkeypatch)
    _, good = make()
    revoked_id, revoked = make()
    _, elsewhere = make(networks="203.0.113.0/24")
    with transaction():
        api_keys.revoke_key(SYSTEM, revoked_id)
    with app.app_context(), tenant(beta.id):
        _, foreign = make()
    time.move(minutes=2)
    assert me(program, good).status_code == 200
    mistyped = good[:-1] + ("a" if good[-1] != "a" else "b")
    answers = [me(program, text) for text in (revoked, elsewhere, foreign, rules.new_key(), mistyped, "nonsense", "")]
    time.move(days=31)
    answers.append(me(program, good))
    assert {answer.status_code for answer in answers} == {401}
    bodies = [{name: value for name, value in a.get_json().items() if name != "request_id"} for a in answers]
    assert bodies[0]["code"] == "invalid_key"
    assert all(body == bodies[0] for body in bodies)
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {"Bearer"}


def test_a_key_counts_on_the_api_alone_and_no_cookie_beside_it(
    in_alpha: Tenant, alpha: Tenant, program: FlaskClient, client_for: Callable[..., FlaskClient]
) -> None:
    _, text = make(role="tenant_admin", permissions=("customer.see",))
    assert program.get("/customers", headers={"Authorization": f"Bearer {text}"}).status_code == 303
    browser = client_for(alpha, "tenant_admin")
    assert browser.get(ME).get_json()["user"]["name"] == "Alex Admin"
    assert me(browser, "nonsense").status_code == 401
    told = me(browser, text).get_json()
    assert (told["user"], told["permissions"]) == (None, {"customer.see": "all"})
    # The answer to the key leaves the browser's own session alone.
    assert cookie(browser, alpha)
    assert browser.get(ME).get_json()["user"]
    assert program.get(ME).get_json()["code"] == "not_signed_in"
    for scheme in ("Basic", "bearer"):
        answer = program.get(ME, headers={"Authorization": f"{scheme} {text}"})
        assert answer.status_code == (401 if scheme == "Basic" else 200)


def test_the_actor_is_role_and_list_together(in_alpha: Tenant) -> None:
    first, second = db.session.scalars(select(Store.id).order_by(Store.code)).all()
    with transaction():
        role = roles.create_role(
            SYSTEM, name="Feed", grants={"stock.see": "store", "deal.see": "own"}, sights={"cost": "masked"}
        )
        key, text = api_keys.create_key(
            SYSTEM, name="Feed", role_id=role.id, store_id=first, permissions=["stock.see", "deal.see"], days=30
        )
    found = read_key(text, "198.51.100.7")
    assert found is not None
    actor = found.actor
    assert (actor.key_id, actor.user_id, dict(actor.sights)) == (key.id, None, {"cost": "masked"})
    assert covers(actor, "stock.see", owner_id=None, store_id=first)
    assert not covers(actor, "stock.see", owner_id=None, store_id=second)
    assert not covers(actor, "deal.see", owner_id=None, store_id=first)
    assert not allows(actor, "customer.see")
    # What the role loses the key loses, from the next request on.
    with transaction():
        roles.change_role(SYSTEM, role.id, version=role.version, name="Feed", grants={"deal.see": "own"})
    again = read_key(text, "198.51.100.7")
    assert again is not None
    assert not allows(again.actor, "stock.see")


def test_addresses(in_alpha: Tenant) -> None:
    _, text = make(networks="203.0.113.0/24, 2001:db8::/32\n198.51.100.7")
    inside = ("203.0.113.9", "::ffff:203.0.113.9", "2001:db8::1", "198.51.100.7")
    assert all(read_key(text, address) for address in inside)
    assert not any(read_key(text, address) for address in ("198.51.100.8", "2001:db9::1", "nowhere", ""))
    with pytest.raises(Invalid):
        make(networks="203.0.113.0/24 somewhere")


def test_nobody_makes_a_key_that_may_more_than_himself(in_alpha: Tenant) -> None:
    first, second = db.session.scalars(select(Store.id).order_by(Store.code)).all()
    keeps = {"api_key.create": {first: "store"}, "customer.see": {first: "store"}}
    local = Actor(user_id=None, name="local", grants={"api_key.create": "store", "customer.see": "store"},
                  store_ids=frozenset([first]), reach=keeps, sights={"contact": "masked"})  # fmt: skip
    given: dict[str, Any] = {"name": "x", "days": 30}
    manager = role_id("sales_manager")
    with pytest.raises(PermissionDenied):
        api_keys.create_key(local, role_id=manager, store_id=None, permissions=["customer.see"], **given)
    with pytest.raises(PermissionDenied):
        api_keys.create_key(local, role_id=manager, store_id=second, permissions=["customer.see"], **given)
    with pytest.raises(GrantExceedsOwn):
        api_keys.create_key(local, role_id=manager, store_id=first, permissions=["deal.see"], **given)
    with pytest.raises(SightExceedsOwn):
        api_keys.create_key(local, role_id=manager, store_id=first, permissions=["customer.see"], **given)


def test_a_key_holds_rights_of_its_role_and_never_those_over_keys(in_alpha: Tenant) -> None:
    for permissions in ((), ("store.edit",)):
        with pytest.raises(KeyMayNothing):
            make(role="salesperson", permissions=permissions)
    with pytest.raises(ScopeUnknown):
        make(role="tenant_admin", permissions=("api_key.create",))


def test_replacing_and_revoking(in_alpha: Tenant, program: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    time = Clock(monkeypatch)
    key_id, first = make()
    with transaction():
        _, second = api_keys.rotate_key(SYSTEM, key_id, overlap=True)
    assert [me(program, text).status_code for text in (first, second)] == [200, 200]
    time.move(hours=25)
    assert [me(program, text).status_code for text in (first, second)] == [401, 200]
    with transaction():
        _, third = api_keys.rotate_key(SYSTEM, key_id, overlap=False)
    assert [me(program, text).status_code for text in (second, third)] == [401, 200]
    with transaction():
        api_keys.revoke_key(SYSTEM, key_id)
    assert me(program, third).status_code == 401
    with pytest.raises(KeyOver):
        api_keys.rotate_key(SYSTEM, key_id, overlap=False)


def test_use_is_noted_once_a_minute(in_alpha: Tenant, program: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    time = Clock(monkeypatch)
    key_id, text = make()
    seen = []
    for seconds in (0, 30, 40):
        time.move(seconds=seconds)
        me(program, text)
        db.session.expire_all()
        row = db.session.get(ApiKey, key_id)
        assert row is not None
        seen.append((row.last_used_at, row.version))
        db.session.rollback()
    assert seen[0] == seen[1]
    assert seen[2][0] == time.now
    assert seen[2][1] == seen[0][1]


def test_a_role_with_a_living_key_stays(in_alpha: Tenant) -> None:
    with transaction():
        role = roles.create_role(SYSTEM, name="For a key", grants={"stock.see": "all"})
        key, _ = api_keys.create_key(
            SYSTEM, name="k", role_id=role.id, store_id=None, permissions=["stock.see"], days=30
        )
    with pytest.raises(RoleHasKeys):
        roles.delete_role(SYSTEM, role.id, version=role.version)
    db.session.rollback()
    with transaction():
        api_keys.revoke_key(SYSTEM, key.id)
        roles.delete_role(SYSTEM, role.id, version=role.version)
    assert db.session.get(ApiKey, key.id) is None


def test_a_closed_store_leaves_its_key_nothing(in_alpha: Tenant) -> None:
    with transaction():
        store = stores.open_store(SYSTEM, code="K9", name="Closing", timezone="UTC")
    _, text = make(permissions=("customer.see",), store_id=store.id)
    with transaction():
        stores.close_store(SYSTEM, store.id, version=store.version)
    found = read_key(text, "")
    assert found is not None
    assert (found.stores, dict(found.actor.reach or {})) == ((), {})


def test_the_pages_show_the_text_once_and_the_audit_never(
    app: Flask, in_alpha: Tenant, alpha: Tenant, client_for: Callable[..., FlaskClient]
) -> None:
    admin = client_for(alpha)
    form = {"name": "Portal", "role_id": to_public("role", role_id("gm")), "days": "90"}
    refused = send(admin, "/api-keys", page="/api-keys/new", **form)
    assert refused.status_code == 422
    made = send(admin, "/api-keys", page="/api-keys/new", permissions=["stock.see", "deal.see"], **form)
    text = KEY.search(made.text)
    assert made.status_code == 200
    assert text
    assert made.headers["Cache-Control"] == "no-store"
    page = re.search(r"/api-keys/apk_\w+", made.text)
    assert page
    for path in ("/api-keys", page[0]):
        shown = admin.get(path)
        assert "Portal" in shown.text
        assert "Every store" in shown.text
        assert not KEY.search(shown.text)
    renewed = send(admin, f"{page[0]}/rotate", page=page[0], overlap="true")
    assert KEY.search(renewed.text)
    assert KEY.search(renewed.text) != text
    assert send(admin, f"{page[0]}/revoke", page=page[0]).status_code == 303
    assert me(client_for(alpha, None), text[0]).status_code == 401
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.record_type == "api_key")).all()
    assert {"api_key.create", "api_key.rotate", "api_key.revoke"} <= {entry.action for entry in entries}
    assert not [entry for entry in entries if KEY.search(str(entry.changes))]
    assert 'href="/api-keys/new"' in admin.get("/api-keys").text
    assert "Portal" not in admin.get("/api-keys").text
    assert "Portal" in admin.get("/api-keys?state=revoked").text
    assert "Portal" in admin.get("/api-keys?state=").text
    assert client_for(alpha, "salesperson").get("/api-keys").status_code == 403


def test_rules() -> None:
    texts = {rules.new_key() for _ in range(50)}
    assert len(texts) == 50
    assert all(rules.is_well_formed(text) and KEY.fullmatch(text) for text in texts)
    text = texts.pop()
    for bad in (text[:-1], text + "0", text.swapcase(), "x" + text, text[:20] + "é" + text[21:], ""):
        assert not rules.is_well_formed(bad)
    with pytest.raises(ValueError, match="somewhere"):
        rules.read_networks("somewhere")


def test_another_stores_key_is_missing(in_alpha: Tenant) -> None:
    first, second = db.session.scalars(select(Store.id).where(Store.closed_at.is_(None)).order_by(Store.code)).all()[:2]
    key_id, _ = make(store_id=second)
    local = Actor(user_id=None, name="local", grants={"api_key.edit": "store"}, store_ids=frozenset([first]))
    with pytest.raises(NotFound):
        api_keys.revoke_key(local, key_id)
