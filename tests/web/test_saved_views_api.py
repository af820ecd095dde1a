"""Saved views over the API: made and changed in the words of the lists, shared by right, and opened by `view=`."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.db import Tenant, db
from app.core.db.ids import from_public, to_public
from app.core.guard.models import AuditEntry
from app.core.lists.models import SavedView
from app.tenants.models import Store
from tests.fixtures.browsing import token_of
from tests.fixtures.programs import Program, make_key

_numbers = itertools.count(1)


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> Program:
    """A program that may what an administrator's key may."""
    return Program(client_for(alpha, None), make_key("tenant_admin"))


def keep(program: Program, **values: Any) -> Any:
    """A view of customers that the program keeps."""
    body = {"list": "customers", "name": f"View {next(_numbers)}", **values}
    made = program.post("/saved-views", body)
    assert made.status_code == 201, made.text
    return made


COMPANIES = {"filter": {"kind": "business", "created_at": {"gte": "2026-01-01"}}, "sort": "-created_at"}


def test_a_view_is_kept_opened_changed_and_deleted(program: Program) -> None:
    store = db.session.scalars(select(Store)).first()
    assert store is not None
    person = {"kind": "individual", "name": "Ada Example", "store_id": to_public("store", store.id)}
    company = {**person, "kind": "business", "name": "Example Ltd."}
    for customer in (person, company):
        assert program.post("/customers", customer).status_code == 201
    made = keep(program, parameters=COMPANIES)
    body, path = made.get_json(), f"/saved-views/{made.get_json()['id']}"
    assert (body["parameters"], body["scope"], body["is_own"]) == (COMPANIES, "own", True)
    opened = program.get(f"/customers?view={body['id']}&fields=kind").get_json()["data"]
    assert opened
    assert {row["kind"] for row in opened} == {"business"}
    patch = {"name": "Newest companies", "parameters": {"filter": {"created_at": None}, "sort": None}}
    changed = program.patch(path, patch, made.headers["ETag"])
    assert changed.status_code == 200, changed.text
    assert changed.get_json()["parameters"] == {"filter": {"kind": "business"}}
    clash = program.patch(path, {"parameters": {"sort": "name"}}, made.headers["ETag"])
    assert clash.status_code == 412
    assert program.delete(path).status_code == 204
    assert program.get(f"/customers?view={body['id']}").status_code == 400


def test_personal_conditions_go_in_and_never_come_out(program: Program) -> None:
    made = keep(program, parameters={"filter": {"name": "Secretia", "kind": "individual"}})
    body = made.get_json()
    assert body["has_personal_conditions"]
    assert body["parameters"] == {"filter": {"kind": "individual"}}
    assert "secretia" not in made.text.lower()
    row = db.session.get(SavedView, from_public("view", body["id"]))
    assert row is not None
    assert (row.args, row.conditions is None) == ({"kind": ["individual"]}, False)
    path = f"/saved-views/{body['id']}"
    other = program.patch(path, {"parameters": {"filter": {"kind": None}}}, made.headers["ETag"])
    assert other.get_json()["has_personal_conditions"]
    dropped = program.patch(path, {"parameters": {"filter": {"name": None}}}, other.headers["ETag"])
    assert not dropped.get_json()["has_personal_conditions"]


def test_a_patch_of_nothing_leaves_what_a_view_asks(program: Program) -> None:
    made = keep(program, parameters={"filter": {"name": "Secretia", **COMPANIES["filter"]}, "sort": "-created_at"})
    path = f"/saved-views/{made.get_json()['id']}"
    for nothing in ({}, {"filter": {}}, {"sort": "-created_at"}):
        patched = program.patch(path, {"parameters": nothing}, program.get(path).headers["ETag"])
        assert patched.status_code == 200, patched.text
        for name in ("parameters", "has_personal_conditions"):
            assert patched.get_json()[name] == made.get_json()[name]


def test_what_a_view_cannot_ask_is_pointed_at(program: Program) -> None:
    wrong = {"filter": {"colour": "red", "created_at": {"gte": "yesterday"}}, "sort": "created"}
    refused = program.post("/saved-views", {"list": "customers", "name": "Odd", "parameters": wrong})
    assert refused.status_code == 422
    assert sorted(error["pointer"] for error in refused.get_json()["errors"]) == [
        "/parameters/filter/colour", "/parameters/filter/created_at/gte", "/parameters/sort",
    ]  # fmt: skip
    nowhere = program.post("/saved-views", {"list": "robots", "name": "Odd"})
    assert [error["pointer"] for error in nowhere.get_json()["errors"]] == ["/list"]
    nameless = program.post("/saved-views", {"list": "customers", "name": " "})
    assert [error["pointer"] for error in nameless.get_json()["errors"]] == ["/name"]


def test_views_of_others_are_seen_where_they_are_shared(
    client_for: Callable[..., FlaskClient], alpha: Tenant, program: Program
) -> None:
    own, shared = keep(program).get_json(), keep(program, scope="tenant").get_json()
    other = Program(client_for(alpha, None), make_key("tenant_admin", ["customer.see"]))
    found = {row["id"]: row for row in other.get("/saved-views?filter[list]=customers&limit=200").get_json()["data"]}
    assert own["id"] not in found
    assert not found[shared["id"]]["is_own"]
    assert other.get(f"/saved-views/{own['id']}").status_code == 404
    path = f"/saved-views/{shared['id']}"
    tag = other.get(path).headers["ETag"]
    for refused in (other.patch(path, {"name": "Mine"}, tag), other.delete(path)):
        assert (refused.status_code, refused.get_json()["code"]) == (403, "permission_denied")
    assert other.post("/saved-views", {"list": "customers", "name": "All", "scope": "tenant"}).status_code == 403
    blind = Program(client_for(alpha, None), make_key("tenant_admin", ["store.see"]))
    assert blind.get(path).status_code == 404
    assert blind.post("/saved-views", {"list": "customers", "name": "All"}).status_code == 403
    asked = select(AuditEntry.action, AuditEntry.actor_name).where(
        AuditEntry.record_id == from_public("view", shared["id"])
    )
    assert [tuple(row) for row in db.session.execute(asked)] == [("view.create", "Program")]


def test_a_page_keeps_how_a_view_looks_when_a_program_changes_it(
    client_for: Callable[..., FlaskClient], alpha: Tenant, program: Program
) -> None:
    browser = client_for(alpha, "tenant_admin")
    body = {"view_name": "Looks", "view_for": "tenant", "kind": "business", "cols": "name,store", "limit": "100"}
    answer = browser.post("/lists/customers/views", data={**body, "csrf_token": token_of(browser, "/customers")})
    assert answer.status_code == 303, answer.text
    view = db.session.scalars(select(SavedView).where(SavedView.name == "Looks")).one()
    path = f"/saved-views/{to_public('view', view.id)}"
    read = program.get(path)
    assert read.get_json()["parameters"] == {"filter": {"kind": "business"}}
    changed = program.patch(path, {"parameters": {"filter": {"kind": "individual"}}}, read.headers["ETag"])
    assert changed.status_code == 200, changed.text
    db.session.refresh(view)
    assert view.args == {"kind": ["individual"], "cols": ["name,store"], "limit": ["100"]}
