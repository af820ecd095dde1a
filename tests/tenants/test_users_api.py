"""Users over the API: nobody, and no key, gives or takes over more than it holds."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core.db import Tenant, db
from app.core.db.ids import from_public, to_public
from app.core.guard.models import AuditEntry
from app.tenants.models import Link, Role, Store, User
from app.tenants.operations.links import email_of
from tests.fixtures import people
from tests.fixtures.browsing import token_of
from tests.fixtures.factors import Clock
from tests.fixtures.programs import Program, make_key

_numbers = itertools.count(1)


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> Program:
    """A program that may what an administrator's key may."""
    return Program(client_for(alpha, None), make_key("tenant_admin"))


def place(role: str, code: str = "S1") -> dict[str, str]:
    """A role at a store."""
    store_id = db.session.scalars(select(Store.id).where(Store.code == code)).one()
    role_id = db.session.scalars(select(Role.id).where(Role.key == role)).one()
    return {"store_id": to_public("store", store_id), "role_id": to_public("role", role_id)}


def email(answer: Any) -> str:
    """The e-mail somebody was invited by."""
    user = db.session.get(User, from_public("usr", answer.get_json()["id"]))
    assert user is not None
    return email_of(user)


@pytest.fixture
def invited(program: Program) -> Any:
    """A user the program invited."""
    number = next(_numbers)
    body = {"name": f"Ina Vited {number}", "email": f"ina{number}@example.com", "memberships": [place("salesperson")]}
    made = program.post("/users", body)
    assert made.status_code == 201, made.text
    return made


def entries_of(public_id: str) -> list[AuditEntry]:
    """What was done to a user."""
    key = from_public("usr", public_id)
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.record_id == key).order_by(AuditEntry.id)))


def test_an_invitation_is_mailed_and_on_record(program: Program, invited: Any) -> None:
    body = invited.get_json()
    assert (body["name"][:9], body["state"], body["locale"]) == ("Ina Vited", "invited", None)
    assert body["memberships"] == [place("salesperson")]
    assert email(invited) not in invited.text
    assert body["email_masked"].endswith("example.com")
    key = from_public("usr", body["id"])
    assert db.session.scalars(select(Link.kind).where(Link.user_id == key)).all() == ["invitation"]
    entries = entries_of(body["id"])
    assert {entry.action for entry in entries} == {"user.invite", "user.roles"}
    assert {(entry.actor_name, entry.actor_id) for entry in entries} == {("Program", None)}
    assert {to_public("apk", e.key_id) for e in entries if e.key_id} == {program.get("/me").get_json()["key"]["id"]}


def test_what_is_wrong_with_an_invitation_is_pointed_at(program: Program, invited: Any) -> None:
    good = {"name": "Eve", "email": "eve@example.com", "memberships": [place("salesperson")]}

    def pointers(**wrong: Any) -> list[str]:
        return [error["pointer"] for error in program.post("/users", {**good, **wrong}).get_json()["errors"]]

    assert pointers(email="nobody") == ["/email"]
    assert pointers(email=email(invited).upper()) == ["/email"]
    assert pointers(memberships=[]) == ["/memberships"]
    assert pointers(memberships=[{"store_id": "x", "role_id": good["memberships"][0]["role_id"]}]) == [
        "/memberships/0/store_id"
    ]
    assert sorted(pointers(password="secret", state="active")) == ["/password", "/state"]


def test_name_language_and_roles_change_and_late_patches_merge(program: Program, invited: Any) -> None:
    path, tag = f"/users/{invited.get_json()['id']}", invited.headers["ETag"]
    more = program.post(f"{path}/memberships", place("bdc_agent"))
    assert more.status_code == 200, more.text
    assert place("bdc_agent") in more.get_json()["memberships"]
    late = program.patch(path, {"memberships": [place("cashier")]}, tag)
    assert (late.status_code, late.get_json()["code"]) == (412, "precondition_failed")
    merged = program.patch(path, {"name": "Ina Ited", "locale": "en"}, tag)
    assert (merged.status_code, merged.get_json()["name"]) == (200, "Ina Ited")
    assert len(merged.get_json()["memberships"]) == 2
    only = program.patch(path, {"memberships": [place("cashier")]}, merged.headers["ETag"])
    assert only.get_json()["memberships"] == [place("cashier")]
    assert {entry.actor_name for entry in entries_of(invited.get_json()["id"])} == {"Program"}


def test_a_key_sets_no_other_email(program: Program, invited: Any) -> None:
    path, tag = f"/users/{invited.get_json()['id']}", invited.headers["ETag"]
    refused = program.patch(path, {"email": "eve@example.com"}, tag)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "proof_needed")
    present = email(invited)
    same = program.patch(path, {"email": present.upper(), "name": "Ina"}, tag)
    assert (same.status_code, same.get_json()["name"]) == (200, "Ina")
    assert email(invited) == present


def test_disabled_and_let_in_again_with_a_new_invitation(program: Program, invited: Any) -> None:
    path, key = f"/users/{invited.get_json()['id']}", from_public("usr", invited.get_json()["id"])
    before = db.session.scalar(select(Link.id).where(Link.user_id == key))
    assert program.post(f"{path}/disable").get_json()["state"] == "disabled"
    assert program.post(f"{path}/disable").get_json()["state"] == "disabled"
    assert program.post(f"{path}/enable").get_json()["state"] == "invited"
    found = db.session.scalars(select(Link.id).where(Link.user_id == key).order_by(Link.id)).all()
    assert found[-1] != before
    did = [entry.action for entry in entries_of(invited.get_json()["id"])]
    assert did[-2:] == ["user.disable", "user.enable"]
    assert did.count("user.disable") == 1


def test_names_are_asked_for_by_post(program: Program, invited: Any) -> None:
    assert program.get("/users?filter[name]=Ina").status_code == 400
    found = program.post(
        "/users/query",
        {"filter": {"name": invited.get_json()["name"].lower(), "state": "invited"}, "fields": ["state"]},
    )
    assert found.get_json()["data"] == [{"id": invited.get_json()["id"], "state": "invited"}]
    asked = (
        f"/users?filter[role_id]={place('salesperson')['role_id']}&filter[store_id]={place('salesperson')['store_id']}"
    )
    assert invited.get_json()["id"] in [row["id"] for row in program.get(asked).get_json()["data"]]


def test_a_key_gives_and_takes_over_no_more_than_it_holds(
    client_for: Callable[..., FlaskClient], alpha: Tenant, program: Program
) -> None:
    rights = ["user.see", "user.create", "user.edit", "stock.see", "store.see", "vehicle.see"]
    small = Program(client_for(alpha, None), make_key("tenant_admin", rights))
    body = {"name": "Eve", "email": "eve@example.com", "memberships": [place("tenant_admin")]}
    refused = small.post("/users", body)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "grant_exceeds_own")
    made = small.post("/users", {**body, "memberships": [place("technician")]})
    assert made.status_code == 201, made.text
    path = f"/users/{made.get_json()['id']}"
    assert small.post(f"{path}/memberships", place("gm")).get_json()["code"] == "grant_exceeds_own"
    assert small.patch(path, {"memberships": [place("gm")]}, made.headers["ETag"]).status_code == 403
    admin = people.find_user("tenant_admin")
    assert admin is not None
    above = f"/users/{to_public('usr', admin.id)}"
    assert small.post(f"{above}/disable").get_json()["code"] == "grant_exceeds_own"
    tag = small.get(above).headers["ETag"]
    assert small.patch(above, {"name": "Eve"}, tag).get_json()["code"] == "grant_exceeds_own"


def test_no_key_reaches_an_administrator(program: Program) -> None:
    # He holds what no key ever does: making keys.
    admin = people.find_user("tenant_admin")
    assert admin is not None
    path = f"/users/{to_public('usr', admin.id)}"
    assert program.post(f"{path}/disable").get_json()["code"] == "grant_exceeds_own"
    gone = program.patch(path, {"memberships": [place("cashier")]}, program.get(path).headers["ETag"])
    assert (gone.status_code, gone.get_json()["code"]) == (403, "grant_exceeds_own")


def test_a_patch_leaves_nothing_out_of_a_membership(program: Program, invited: Any) -> None:
    path, whole = f"/users/{invited.get_json()['id']}", place("salesperson")
    for part in whole:
        answer = program.patch(path, {"memberships": [whole, {part: whole[part]}]}, invited.headers["ETag"])
        told = [(error["pointer"], error["code"]) for error in answer.get_json()["errors"]]
        missing = next(name for name in whole if name != part)
        assert (answer.status_code, told) == (422, [(f"/memberships/1/{missing}", "required")])


def test_a_browser_shows_who_it_is_before_it_sets_another_email(
    client_for: Callable[..., FlaskClient], alpha: Tenant, invited: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    time, browser = Clock(monkeypatch), client_for(alpha, "tenant_admin")
    path = f"/api/v1/users/{invited.get_json()['id']}"

    def set_email(text: str) -> TestResponse:
        headers = {"X-CSRF-Token": token_of(browser, "/account"), "If-Match": browser.get(path).headers["ETag"]}
        return browser.patch(path, json={"email": text}, headers=headers)

    assert set_email("new@example.com").status_code == 200
    assert email(invited) == "new@example.com"
    admin = people.find_user("tenant_admin")
    assert admin is not None
    taken = set_email(email_of(admin))
    assert (taken.status_code, taken.get_json()["code"]) == (409, "email_taken")
    time.move(minutes=16)
    refused = set_email("other@example.com")
    assert (refused.status_code, refused.get_json()["code"]) == (403, "proof_needed")
