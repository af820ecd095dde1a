"""Stores and teams over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.db import Tenant, db
from app.core.db.ids import from_public, to_public
from app.core.guard.models import AuditEntry
from app.tenants.models import Membership, Store
from tests.fixtures.programs import Program, make_key

NORTH = {"code": "NORTH", "name": "North", "timezone": "America/Chicago", "region": "Midwest"}


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> Program:
    """A program that may what an administrator's key may."""
    return Program(client_for(alpha, None), make_key("tenant_admin"))


@pytest.fixture
def place(in_alpha: Tenant) -> Store:
    """The dealership's first store."""
    return db.session.scalars(select(Store).where(Store.code == "S1")).one()


def done_to(public_id: str) -> list[tuple[str, str]]:
    """What was done to a record, and by whom."""
    key = from_public(public_id.partition("_")[0], public_id)
    asked = select(AuditEntry.action, AuditEntry.actor_name).where(AuditEntry.record_id == key).order_by(AuditEntry.id)
    return [(row.action, row.actor_name) for row in db.session.execute(asked)]


def test_a_store_is_opened_changed_and_closed(program: Program) -> None:
    made = program.post("/stores", NORTH)
    assert made.status_code == 201, made.text
    body, path = made.get_json(), made.headers["Location"].removeprefix("/api/v1")
    assert (body["state"], body["users"], body["address"], body["closed_at"]) == ("open", 0, None, None)
    changed = program.patch(path, {"region": None, "address": "1 Example Road"}, made.headers["ETag"])
    assert changed.status_code == 200, changed.text
    assert (changed.get_json()["region"], changed.get_json()["address"]) == (None, "1 Example Road")
    late = program.patch(path, {"name": "North Side"}, made.headers["ETag"])
    assert (late.status_code, late.headers["X-Merged-From"]) == (200, "1")
    closed = program.post(f"{path}/close")
    assert (closed.status_code, closed.get_json()["state"]) == (200, "closed")
    again = program.post(f"{path}/close")
    assert again.get_json()["closed_at"] == closed.get_json()["closed_at"]
    assert body["id"] in [row["id"] for row in program.get("/stores?filter[closed]=yes").get_json()["data"]]
    assert done_to(body["id"]) == [(f"store.{did}", "Program") for did in ("open", "edit", "edit", "close")]


def test_what_a_store_cannot_be_is_refused(program: Program, place: Store) -> None:
    taken = program.post("/stores", {**NORTH, "code": "S1"})
    assert (taken.status_code, taken.get_json()["code"]) == (409, "name_taken")
    assert taken.get_json()["errors"][0]["pointer"] == "/code"
    nowhere = program.post("/stores", {**NORTH, "timezone": "Mars/Base"})
    assert (nowhere.status_code, nowhere.get_json()["errors"][0]["pointer"]) == (422, "/timezone")
    used = program.post(f"/stores/{to_public('store', place.id)}/close")
    assert (used.status_code, used.get_json()["code"]) == (409, "store_in_use")


def test_a_key_of_one_store_sees_and_changes_no_other(
    client_for: Callable[..., FlaskClient], alpha: Tenant, place: Store, program: Program
) -> None:
    made = program.post("/stores", {**NORTH, "code": "EAST"}).get_json()
    local = Program(client_for(alpha, None), make_key("tenant_admin", store_id=place.id))
    assert [row["code"] for row in local.get("/stores").get_json()["data"]] == ["S1"]
    assert local.get(f"/stores/{made['id']}").status_code == 404
    assert local.patch(f"/stores/{made['id']}", {"name": "Mine"}, '"1"').status_code == 404
    assert local.post(f"/stores/{made['id']}/close").status_code == 404
    reader = Program(client_for(alpha, None), make_key("tenant_admin", ["store.see"]))
    refused = reader.patch(f"/stores/{made['id']}", {"name": "Mine"}, '"1"')
    assert (refused.status_code, refused.get_json()["code"]) == (403, "permission_denied")


@pytest.fixture
def workers(place: Store) -> list[str]:
    """Who works at the store."""
    found = db.session.scalars(select(Membership.user_id).where(Membership.store_id == place.id).distinct())
    return sorted(to_public("usr", key) for key in found)


@pytest.fixture
def team(program: Program, place: Store, workers: list[str]) -> Any:
    """A new team of two, led by the first."""
    body = {"store_id": to_public("store", place.id), "name": "Blue", "lead_id": workers[0], "member_ids": workers[:2]}
    made = program.post("/teams", body)
    assert made.status_code == 201, made.text
    return made


def test_a_team_is_made_read_changed_and_dissolved(program: Program, team: Any, workers: list[str]) -> None:
    body = team.get_json()
    path = f"/teams/{body['id']}"
    assert sorted(body["member_ids"]) == workers[:2]
    read = program.get(f"{path}?expand=store,lead").get_json()
    assert (read["lead"]["id"], read["store"]["id"]) == (workers[0], body["store_id"])
    assert body["id"] in [
        row["id"] for row in program.get(f"/teams?filter[member_id]={workers[1]}").get_json()["data"]
    ]  # fmt: skip
    changed = program.patch(path, {"lead_id": None, "member_ids": [workers[2], workers[2]]}, team.headers["ETag"])
    assert changed.status_code == 200, changed.text
    assert (changed.get_json()["lead_id"], changed.get_json()["member_ids"]) == (None, [workers[2]])
    merged = program.patch(path, {"name": "Green"}, team.headers["ETag"])
    assert (merged.status_code, merged.get_json()["member_ids"]) == (200, [workers[2]])
    clash = program.patch(path, {"member_ids": workers[:1]}, team.headers["ETag"])
    assert (clash.status_code, clash.get_json()["current"]) == (412, {"member_ids": [workers[2]]})
    assert program.delete(path, If_Match=team.headers["ETag"]).status_code == 412
    assert program.delete(path).status_code == 204
    assert done_to(body["id"]) == [(f"team.{did}", "Program") for did in ("create", "edit", "edit", "delete")]


def test_who_does_not_work_there_is_in_no_team(
    client_for: Callable[..., FlaskClient], alpha: Tenant, program: Program, team: Any, workers: list[str]
) -> None:
    path = f"/teams/{team.get_json()['id']}"
    stranger = "usr_" + "0" * 26
    for sent in ({"member_ids": [stranger]}, {"lead_id": stranger}):
        new = {"store_id": team.get_json()["store_id"], "name": "No", **sent}
        for refused in (program.patch(path, sent, team.headers["ETag"]), program.post("/teams", new)):
            assert refused.status_code == 422, refused.text
            assert [error["pointer"] for error in refused.get_json()["errors"]] == [f"/{next(iter(sent))}"]
    assert program.get(path).get_json()["member_ids"] == team.get_json()["member_ids"]
    reader = Program(client_for(alpha, None), make_key("tenant_admin", ["user.see"]))
    assert reader.get(path).get_json()["code"] == "permission_denied"


def test_who_may_make_a_store_without_seeing_it_is_told_its_id_alone(
    client_for: Callable[..., FlaskClient], alpha: Tenant, program: Program
) -> None:
    maker = Program(client_for(alpha, None), make_key("tenant_admin", ["store.create", "store.delete"]))
    first, again = (maker.post("/stores", {**NORTH, "code": "WEST"}, Idempotency_Key="west") for _ in range(2))
    assert (first.status_code, list(first.get_json())) == (201, ["id"])
    assert (again.status_code, again.get_json()) == (201, first.get_json())
    path = f"/stores/{first.get_json()['id']}"
    assert maker.get(path).get_json()["code"] == "permission_denied"
    assert maker.post(f"{path}/close").get_json() == first.get_json()
    assert program.get(path).get_json()["state"] == "closed"
