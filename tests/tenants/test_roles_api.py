"""Roles over the API: read with grants and sights, changed by merge patch, never beyond what the key holds."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.db import Tenant, db, transaction
from app.core.db.ids import from_public
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import declared, system_actor
from app.tenants.operations import roles
from app.tenants.rules.api_keys import may_hold
from tests.fixtures.programs import Program, make_key

SYSTEM = system_actor("test")
_numbers = itertools.count(1)
DETAILER = {"grants": {"stock.see": "store", "stock.move": "own"}, "sights": {"contact": "masked"}}


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> Program:
    """A program that may what an administrator's key may."""
    return Program(client_for(alpha, None), make_key("tenant_admin"))


@pytest.fixture
def role(program: Program) -> Any:
    """A role the program made."""
    made = program.post("/roles", {**DETAILER, "name": f"Detailer {next(_numbers)}"})
    assert made.status_code == 201, made.text
    return made


def test_roles_are_read_with_grants_and_sights(program: Program) -> None:
    found = {row["key"]: row for row in program.get("/roles?limit=200").get_json()["data"]}
    assert found["technician"]["grants"]["stock.see"] == "store"
    assert found["technician"]["sights"] == {"contact": "masked", "identity": "masked"}
    assert found["tenant_admin"]["grants"] == dict.fromkeys(sorted(declared()), "all")
    assert found["tenant_admin"]["users"] == 1
    some = program.get("/roles?fields=name,requires_second_factor&limit=1").get_json()["data"][0]
    assert some.keys() == {"id", "name", "requires_second_factor"}


def test_a_role_is_made_changed_and_deleted(program: Program, role: Any) -> None:
    body, path = role.get_json(), f"/roles/{role.get_json()['id']}"
    assert {name: body[name] for name in DETAILER} == DETAILER
    assert (body["key"], body["users"]) == (None, 0)
    patch = {"grants": {"stock.move": None, "stock.edit": "store"}, "sights": {"cost": "visible"}}
    changed = program.patch(path, patch, role.headers["ETag"])
    assert changed.status_code == 200, changed.text
    assert changed.get_json()["grants"] == {"stock.edit": "store", "stock.see": "store"}
    assert changed.get_json()["sights"] == {"contact": "masked", "cost": "visible"}
    merged = program.patch(path, {"name": "Detailers"}, role.headers["ETag"])
    assert (merged.status_code, merged.get_json()["grants"]) == (200, changed.get_json()["grants"])
    clash = program.patch(path, {"grants": {"deal.see": "own"}}, role.headers["ETag"])
    assert (clash.status_code, clash.get_json()["code"]) == (412, "precondition_failed")
    assert program.delete(path).status_code == 204
    assert program.get(path).status_code == 404
    asked = select(AuditEntry).where(AuditEntry.record_id == from_public("role", body["id"])).order_by(AuditEntry.id)
    entries = db.session.scalars(asked).all()
    assert [entry.action for entry in entries] == ["role.create", "role.edit", "role.edit", "role.delete"]
    assert {(entry.actor_name, entry.key_id is not None) for entry in entries} == {("Program", True)}


def test_what_a_role_cannot_be_is_pointed_at(program: Program, role: Any) -> None:
    for wrong, pointer in (
        ({"grants": {"stock.see": "galaxy"}}, "/grants"),
        ({"grants": {"stock.fly": "own"}}, "/grants"),
        ({"grants": {"stock.see": 7}}, "/grants/stock.see"),
        ({"sights": {"contact": "blurred"}}, "/sights"),
        ({"requires_second_factor": False}, "/requires_second_factor"),
        ({"key": "tenant_admin"}, "/key"),
    ):
        refused = program.post("/roles", {"name": "Other", **wrong})
        assert refused.status_code == 422, refused.text
        assert [error["pointer"] for error in refused.get_json()["errors"]] == [pointer]
    taken = program.post("/roles", {"name": role.get_json()["name"]})
    assert (taken.status_code, taken.get_json()["code"]) == (409, "name_taken")


def test_no_key_lends_what_it_does_not_hold(
    client_for: Callable[..., FlaskClient], alpha: Tenant, program: Program, role: Any
) -> None:
    never = next(name for name in declared() if not may_hold(name))
    assert program.post("/roles", {"name": "Maker", "grants": {never: "own"}}).get_json()["code"] == "grant_exceeds_own"
    small = Program(client_for(alpha, None), make_key("gm", ["role.see", "stock.see"]))
    assert small.post("/roles", {"name": "Mine"}).get_json()["code"] == "permission_denied"
    rights = ["role.see", "role.create", "role.edit", "stock.see"]
    keeper = Program(client_for(alpha, None), make_key("tenant_admin", rights))
    refused = keeper.post("/roles", {"name": "Mine", "grants": {"deal.see": "own"}})
    assert (refused.status_code, refused.get_json()["code"]) == (403, "grant_exceeds_own")
    path, tag = f"/roles/{role.get_json()['id']}", role.headers["ETag"]
    assert keeper.patch(path, {"grants": {"stock.price": "own"}}, tag).get_json()["code"] == "grant_exceeds_own"
    # What the role has already stays, and what the keeper holds he may give.
    assert keeper.patch(path, {"grants": {"stock.see": "all"}}, tag).status_code == 200


def test_sight_is_lent_by_nobody_who_lacks_it(
    client_for: Callable[..., FlaskClient], alpha: Tenant, program: Program, role: Any
) -> None:
    with transaction():
        made = roles.create_role(SYSTEM, name="Keeper", grants={"role.see": "all", "role.edit": "all"})
        made.key = "keeper"
    keeper = Program(client_for(alpha, None), make_key("keeper"))
    refused = keeper.patch(f"/roles/{role.get_json()['id']}", {"sights": {"cost": "visible"}}, role.headers["ETag"])
    assert (refused.status_code, refused.get_json()["code"]) == (403, "sight_exceeds_own")


def test_the_administrators_role_and_roles_in_use_stay(program: Program) -> None:
    found = {row["key"]: row for row in program.get("/roles?limit=200").get_json()["data"]}
    admin = f"/roles/{found['tenant_admin']['id']}"
    assert program.patch(admin, {"name": "Boss"}, program.get(admin).headers["ETag"]).status_code == 409
    assert program.delete(admin).get_json()["code"] == "role_fixed"
    assert program.delete(f"/roles/{found['cashier']['id']}").get_json()["code"] == "role_in_use"
