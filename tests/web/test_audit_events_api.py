"""The audit over the API: what a key did is there under its name, and nobody reads in it what he may not see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.db import Tenant, db, transaction
from app.core.db.ids import to_public
from app.core.guard.masks import FULL
from app.core.guard.permissions import system_actor
from app.tenants.models import Store
from app.tenants.operations import roles
from tests.fixtures.programs import Program, make_key

SYSTEM = system_actor("test")


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> Program:
    """A program that may what an administrator's key may."""
    return Program(client_for(alpha, None), make_key("tenant_admin"))


@pytest.fixture
def customer(program: Program) -> dict[str, Any]:
    """A customer the program added and changed."""
    store = db.session.scalars(select(Store).order_by(Store.code)).first()
    assert store is not None
    body = {"kind": "individual", "name": "Ada Example", "store_id": to_public("store", store.id)}
    made = program.post("/customers", body)
    assert made.status_code == 201, made.text
    path = f"/customers/{made.get_json()['id']}"
    changed = program.patch(path, {"language": "en", "id_number": "A123456"}, made.headers["ETag"])
    assert changed.status_code == 200, changed.text
    return dict(changed.get_json())


def test_what_a_key_did_is_there_under_its_name(program: Program, customer: dict[str, Any]) -> None:
    asked = f"/audit-events?filter[record_id]={customer['id']}&sort=at&expand=changes"
    found = program.get(asked).get_json()["data"]
    assert [one["action"] for one in found] == ["customer.create", "customer.edit"]
    assert {one["record_id"] for one in found} == {customer["id"]}
    assert {(one["actor_name"], one["actor_id"]) for one in found} == {("Program", None)}
    assert {one["key_id"] for one in found} == {program.get("/me").get_json()["key"]["id"]}
    assert found[0]["changes"]["store_id"] == {"before": None, "after": customer["store_id"]}
    one = program.get(f"/audit-events/{found[1]['id']}").get_json()
    assert one["changes"]["language"] == {"before": "", "after": "en"}
    assert one["changes"] == found[1]["changes"]


def test_a_list_says_what_was_changed_on_demand_only(program: Program, customer: dict[str, Any]) -> None:
    row = program.get(f"/audit-events?filter[record_id]={customer['id']}&fields=action").get_json()["data"][0]
    assert row.keys() == {"id", "action"}


def test_before_and_after_follow_the_field_policy(
    client_for: Callable[..., FlaskClient], alpha: Tenant, program: Program, customer: dict[str, Any]
) -> None:
    with transaction():
        role = roles.create_role(SYSTEM, name="Auditor", grants={"audit.see": "all"}, sights={"identity": "masked"})
    reader = Program(client_for(alpha, None), make_key(role.id))
    asked = f"/audit-events?filter[record_id]={customer['id']}&filter[action]=customer.edit&expand=changes"
    mine, full = (caller.get(asked).get_json()["data"][0]["changes"] for caller in (reader, program))
    assert "id_number" in full
    assert mine["id_number"]["after"] == FULL
    assert "language" in mine


def test_without_the_right_nothing_is_read(
    client_for: Callable[..., FlaskClient], alpha: Tenant, program: Program
) -> None:
    other = Program(client_for(alpha, None), make_key("tenant_admin", ["customer.see"]))
    assert other.get("/audit-events").get_json()["code"] == "permission_denied"
    unknown = program.get("/audit-events?filter[person]=me").get_json()
    assert unknown["errors"][0] == {
        "parameter": "filter[person]", "code": "unknown_filter", "detail": unknown["errors"][0]["detail"],
    }  # fmt: skip
