"""Customers over the API: as pages have them, under the same rights, never overwritten, never made twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.db import Tenant, db
from app.core.db.ids import to_public
from app.tenants.models import Store
from tests.factories.sales import make_customer
from tests.fixtures.programs import Program, make_key


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> Program:
    """A program that may what an administrator's key may."""
    return Program(client_for(alpha, None), make_key("tenant_admin"))


@pytest.fixture
def store(in_alpha: Tenant) -> Store:
    """The dealership's first store."""
    return db.session.scalars(select(Store).order_by(Store.created_at, Store.id)).first()  # type: ignore[return-value]


@pytest.fixture
def body(store: Store) -> dict[str, Any]:
    """A new customer."""
    name = {"given_name": "Ada", "family_name": "Example"}
    return {"kind": "individual", **name, "store_id": to_public("store", store.id)}


def test_a_customer_is_added_read_changed_and_deleted(program: Program, body: dict[str, Any]) -> None:
    body["contacts"] = [{"kind": "email", "value": "ada@example.com"}]
    answer = program.post("/customers", body)
    assert answer.status_code == 201, answer.text
    made = answer.get_json()
    assert answer.headers["Location"] == f"/api/v1/customers/{made['id']}"
    assert made["name"] == "Ada Example"
    assert made["contact"] != "ada@example.com"
    read = program.get(f"/customers/{made['id']}?expand=contacts,store")
    assert read.get_json()["contacts"][0]["kind"] == "email"
    assert read.get_json()["store"]["id"] == body["store_id"]
    tag = read.headers["ETag"]
    changed = program.patch(f"/customers/{made['id']}", {"notes": "Calls back", "language": None}, tag)
    assert changed.status_code == 200, changed.text
    assert changed.get_json()["notes"] == "Calls back"
    assert changed.headers["ETag"] != tag
    gone = program.delete(f"/customers/{made['id']}", If_Match=tag)
    assert gone.status_code == 412
    assert program.delete(f"/customers/{made['id']}", If_Match=changed.headers["ETag"]).status_code == 204
    assert program.get(f"/customers/{made['id']}").status_code == 404


def test_late_patches_are_merged_and_clashes_told(program: Program, body: dict[str, Any]) -> None:
    made = program.post("/customers", {**body, "notes": "first"})
    path, tag = f"/customers/{made.get_json()['id']}", made.headers["ETag"]
    assert program.patch(path, {"notes": "second"}, tag).status_code == 200
    merged = program.patch(path, {"language": "en"}, tag)
    assert merged.status_code == 200
    assert (merged.headers["X-Merged-From"], merged.get_json()["notes"]) == ("1", "second")
    clash = program.patch(path, {"notes": "third", "language": "en"}, tag)
    assert clash.status_code == 412
    told = clash.get_json()
    assert (told["current"], told["yours"], told["base"]) == (
        {"notes": "second"}, {"notes": "third"}, {"notes": "first"}
    )  # fmt: skip
    assert program.patch(path, {"notes": "third"}).status_code == 428


def test_a_repeat_makes_nothing_new(program: Program, body: dict[str, Any]) -> None:
    first = program.post("/customers", body, Idempotency_Key="abc")
    again = program.post("/customers", body, Idempotency_Key="abc")
    assert first.get_json()["id"] == again.get_json()["id"]
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    other = program.post("/customers", {**body, "given_name": "Eve"}, Idempotency_Key="abc")
    assert (other.status_code, other.get_json()["code"]) == (422, "idempotency_key_reused")


def test_pages_are_walked_by_cursor_and_link(program: Program, store: Store) -> None:
    for number in range(5):
        make_customer(store, f"Walker {number}")
    seen: list[str] = []
    page = program.get("/customers?limit=2&sort=-created_at&include=total")
    assert page.get_json()["page"]["total"] >= 5
    assert 'rel="next"' in page.headers["Link"]
    while True:
        found = page.get_json()
        seen += [row["id"] for row in found["data"]]
        if not found["page"]["has_more"]:
            break
        page = program.get(f"/customers?limit=2&sort=-created_at&cursor={found['page']['next_cursor']}")
    assert len(seen) == len(set(seen)) >= 5
    wrong = program.get(f"/customers?limit=2&sort=name&cursor={found['page']['prev_cursor']}")
    assert (wrong.status_code, wrong.get_json()["errors"][0]["parameter"]) == (400, "cursor")


@pytest.mark.parametrize(
    ("asked", "parameter"),
    [
        ("?colour=red", "colour"),
        ("?filter[colour]=red", "filter[colour]"),
        ("?sort=created", "sort"),
        ("?fields=secret", "fields"),
        ("?expand=deals", "expand"),
        ("?limit=201", "limit"),
        ("?filter[name]=Ada", "filter[name]"),
        ("?filter[created_at][gte]=yesterday", "filter[created_at][gte]"),
        ("?view=view_01k", "view"),
    ],
)
def test_unknown_parameters_are_refused_by_name(program: Program, asked: str, parameter: str) -> None:
    answer = program.get(f"/customers{asked}")
    assert answer.status_code == 400
    assert [error["parameter"] for error in answer.get_json()["errors"]] == [parameter]


@pytest.mark.parametrize("asked", ["filter[colour]", "filter[colour][gte]"])
def test_an_unknown_filter_is_called_by_its_bare_name(program: Program, asked: str) -> None:
    (error,) = program.get(f"/customers?{asked}=red").get_json()["errors"]
    assert "“colour”" in error["detail"]


def test_personal_values_are_asked_for_by_post(program: Program, body: dict[str, Any]) -> None:
    body["contacts"] = [{"kind": "phone", "value": "+1 212 555 0142"}]
    made = program.post("/customers", body).get_json()
    found = program.post("/customers/query", {"filter": {"phone": "(212) 555-0142"}, "fields": ["name"]})
    assert found.status_code == 200, found.text
    assert found.get_json()["data"] == [{"id": made["id"], "name": "Ada Example"}]


def test_each_item_of_a_batch_has_its_own_result(program: Program, body: dict[str, Any]) -> None:
    made = program.post("/customers", body).get_json()
    items = [
        {"op": "create", "data": body},
        {"op": "create", "data": {**body, "kind": "robot"}},
        {"op": "update", "id": made["id"], "version": made["version"], "data": {"notes": "in a batch"}},
        {"op": "update", "id": made["id"], "version": made["version"], "data": {"notes": "too late"}},
        {"op": "delete", "id": "cus_" + "0" * 26},
    ]
    assert program.post("/customers/batch", {"items": items}).get_json()["code"] == "idempotency_key_required"
    answer = program.post("/customers/batch", {"items": items}, Idempotency_Key="b1")
    results = answer.get_json()["results"]
    assert [one["status"] for one in results] == [201, 422, 200, 409, 404]
    assert results[1]["problem"]["errors"][0]["pointer"] == "/kind"
    again = program.post("/customers/batch", {"items": items}, Idempotency_Key="b1")
    assert (again.get_json(), again.headers["Idempotency-Replayed"]) == (answer.get_json(), "true")


def test_what_is_wrong_with_a_body_is_pointed_at(program: Program, body: dict[str, Any]) -> None:
    wrong = {**body, "contacts": [{"kind": "email"}], "rank": 1}
    answer = program.post("/customers", wrong)
    assert answer.status_code == 422
    assert {error["pointer"]: error["code"] for error in answer.get_json()["errors"]} == {
        "/contacts/0/value": "required", "/rank": "unknown_field",
    }  # fmt: skip
    assert program.post("/customers", []).get_json()["code"] == "invalid_json"


def test_hidden_and_masked_fields_are_named(
    client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant, program: Program, body: dict[str, Any]
) -> None:
    body["contacts"] = [{"kind": "email", "value": "ada@example.com"}]
    made = program.post("/customers", body).get_json()
    told = program.get(f"/customers/{made['id']}").get_json()
    assert "_hidden" not in told
    assert told["contact"].endswith("@example.com") or "*" in told["contact"]
