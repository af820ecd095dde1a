"""Stock units over the API: a whole life by patches and verbs, and a cost that nobody learns who may not see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core import clock
from app.core.db import Tenant, db, transaction
from app.core.db.ids import to_public
from app.core.guard.permissions import system_actor
from app.inventory.models import PriceChange, StockUnit
from app.inventory.operations.units import edit_unit
from app.tenants.models import Store
from app.tenants.operations.roles import create_role
from tests.factories.inventory import make_unit, make_vehicle
from tests.fixtures.programs import Program, make_key
from tests.fixtures.shown import figures_of

SYSTEM = system_actor("test")
COST = "8765.43"


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> Program:
    """A program that may what an administrator's key may."""
    return Program(client_for(alpha, None), make_key("tenant_admin"))


@pytest.fixture
def body(stores: list[Store]) -> dict[str, Any]:
    """A fresh vehicle to be taken into stock."""
    return {"vehicle_id": to_public("veh", make_vehicle().id), "store_id": to_public("store", stores[0].id)}


def test_a_unit_is_taken_in_corrected_priced_moved_and_deleted(
    program: Program, body: dict[str, Any], stores: list[Store]
) -> None:
    answer = program.post("/stock-units", {**body, "cost": usd("9000.00"), "asking_price": usd("12000.00")})
    assert answer.status_code == 201, answer.text
    unit = answer.get_json()
    path = f"/stock-units/{unit['id']}"
    assert (unit["status"], unit["cost"], unit["closed_on"]) == ("available", usd("9000.00"), None)
    assert unit["acquired_on"] == clock.today("America/New_York").isoformat()
    read = program.get(f"{path}?expand=vehicle,store").get_json()
    assert (read["vehicle"]["make"], read["store"]["id"]) == ("Ford", body["store_id"])
    changed = program.patch(
        path, {"condition": "certified", "cost": usd("9100.00"), "asking_price": usd("11500.00")},
        answer.headers["ETag"],
    )  # fmt: skip
    assert changed.status_code == 200, changed.text
    assert (changed.get_json()["cost"], changed.get_json()["asking_price"]) == (usd("9100.00"), usd("11500.00"))
    priced = program.post(f"{path}/price", {"asking_price": usd("11000.00"), "reason": "Spring"})
    assert priced.get_json()["asking_price"] == usd("11000.00")
    prices = program.get(f"{path}/price-changes").get_json()["data"]
    assert [(one["price_after"]["amount"], one["reason"]) for one in prices] == [
        ("11000.00", "Spring"), ("11500.00", None), ("12000.00", None),
    ]  # fmt: skip
    held = program.post(f"{path}/move", {"status": "on_hold"}, Idempotency_Key=f"hold {unit['id']}")
    assert (held.status_code, held.get_json()["status"]) == (200, "on_hold")
    there = to_public("store", stores[1].id)
    moved = program.post(f"{path}/transfer", {"store_id": there}, Idempotency_Key=f"there {unit['id']}")
    assert (moved.status_code, moved.get_json()["store_id"]) == (200, there)
    assert program.delete(path, If_Match=moved.headers["ETag"]).status_code == 204
    assert program.get(path).status_code == 404


def test_what_moves_stock_needs_a_key_and_happens_once(program: Program, stores: list[Store]) -> None:
    path = f"/stock-units/{to_public('unit', make_unit(stores[0]).id)}"
    refused = program.post(f"{path}/move", {"status": "on_hold"})
    assert (refused.status_code, refused.get_json()["code"]) == (400, "idempotency_key_required")
    assert program.post(f"{path}/transfer", {"store_id": to_public("store", stores[1].id)}).status_code == 400
    first = program.post(f"{path}/move", {"status": "on_hold"}, Idempotency_Key="hold it")
    assert program.post(f"{path}/move", {"status": "available"}, Idempotency_Key="free it").status_code == 200
    again = program.post(f"{path}/move", {"status": "on_hold"}, Idempotency_Key="hold it")
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
    # Answered anew: what the unit is now, not what it was then.
    assert (again.get_json()["status"], again.get_json()["version"]) == ("available", first.get_json()["version"] + 1)


def test_a_move_that_is_not_possible_is_a_conflict_in_words(program: Program, stores: list[Store]) -> None:
    path = f"/stock-units/{to_public('unit', make_unit(stores[0]).id)}"
    refused = program.post(f"{path}/move", {"status": "delivered"}, Idempotency_Key="no way")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "stock_move_not_allowed")
    assert "Delivered" in refused.get_json()["detail"]
    stale = program.post(f"{path}/move", {"status": "on_hold", "version": 7}, Idempotency_Key="not so")
    assert (stale.status_code, stale.get_json()["code"]) == (409, "stale")
    today = clock.today("America/New_York")
    late = {"status": "wholesaled", "on": (today + timedelta(days=1)).isoformat()}
    assert program.post(f"{path}/move", late, Idempotency_Key="soon").get_json()["errors"][0]["pointer"] == "/on"
    gone = program.post(f"{path}/move", {"status": "wholesaled"}, Idempotency_Key="gone")
    assert gone.get_json()["closed_on"] == today.isoformat()
    closed = program.patch(path, {"condition": "new"}, gone.headers["ETag"])
    assert (closed.status_code, closed.get_json()["code"]) == (409, "unit_is_closed")


def test_what_a_body_refers_to_must_be_there(program: Program, body: dict[str, Any]) -> None:
    for field, missing in (("vehicle_id", "veh_" + "0" * 26), ("store_id", "store_" + "0" * 26)):
        answer = program.post("/stock-units", {**body, field: missing})
        assert answer.status_code == 422
        assert [(one["pointer"], one["code"]) for one in answer.get_json()["errors"]] == [
            (f"/{field}", "unknown_reference")
        ]
    assert program.post("/stock-units", body).status_code == 201
    twice = program.post("/stock-units", body)
    assert (twice.status_code, twice.get_json()["code"]) == (409, "vehicle_already_in_stock")


def test_late_patches_are_merged_and_clashes_told_in_money_and_days(program: Program, stores: list[Store]) -> None:
    path = f"/stock-units/{to_public('unit', make_unit(stores[0]).id)}"
    tag = program.get(path).headers["ETag"]
    first = {"asking_price": usd("11000.00"), "acquired_on": "2026-01-12", "cost": usd("9500.00")}
    assert program.patch(path, first, tag).status_code == 200
    merged = program.patch(path, {"condition": "certified"}, tag)
    assert (merged.status_code, merged.headers["X-Merged-From"]) == (200, "1")
    mine = {"asking_price": usd("10500.00"), "acquired_on": "2026-01-11", "cost": usd("1.00")}
    clash = program.patch(path, mine, tag)
    assert clash.status_code == 412
    told = clash.get_json()
    assert (told["current"], told["yours"]) == (first, mine)
    assert told["base"] == {"asking_price": usd("12000.00"), "acquired_on": "2026-01-10", "cost": usd("9000.00")}
    assert program.get(path).get_json()["asking_price"] == usd("11000.00")


def test_a_batch_takes_in_prices_and_deletes(program: Program, body: dict[str, Any], stores: list[Store]) -> None:
    key = to_public("unit", make_unit(stores[0]).id)
    items = [
        {"op": "create", "data": body},
        {"op": "create", "data": body},
        {"op": "update", "id": key, "version": 1, "data": {"asking_price": usd("1.00")}},
        {"op": "update", "id": key, "version": 1, "data": {"asking_price": usd("2.00")}},
        {"op": "delete", "id": key},
        {"op": "update", "id": key, "data": {"asking_price": {"amount": "1.00", "currency": "EUR"}}},
    ]
    answer = program.post("/stock-units/batch", {"items": items}, Idempotency_Key="units")
    assert [one["status"] for one in answer.get_json()["results"]] == [201, 409, 200, 409, 204, 404]
    again = program.post("/stock-units/batch", {"items": items}, Idempotency_Key="units")
    assert (again.get_json(), again.headers["Idempotency-Replayed"]) == (answer.get_json(), "true")


def test_a_price_alone_needs_its_own_right(
    client_for: Callable[..., FlaskClient], alpha: Tenant, program: Program, stores: list[Store]
) -> None:
    unit = make_unit(stores[0])
    path = f"/stock-units/{to_public('unit', unit.id)}"
    editor = Program(client_for(alpha, None), make_key("tenant_admin", ("stock.see", "stock.edit")))
    answer = editor.patch(path, {"condition": "new", "asking_price": usd("1.00")}, editor.get(path).headers["ETag"])
    assert (answer.status_code, answer.get_json()["code"]) == (403, "permission_denied")
    assert program.get(path).get_json()["condition"] == "used"
    assert db.session.scalar(select(PriceChange.price_after).where(PriceChange.stock_unit_id == unit.id)) == 12000


@pytest.mark.parametrize("sight", ["hidden", "masked"])
def test_who_may_not_see_the_cost_learns_nothing_of_it(
    client_for: Callable[..., FlaskClient], alpha: Tenant, stores: list[Store], in_alpha: Tenant, sight: str
) -> None:
    grants = dict.fromkeys(("stock.see", "stock.create", "stock.edit", "stock.delete", "stock.price"), "all")
    with transaction():
        role = create_role(
            SYSTEM, name=f"Sees {sight}", grants={**grants, "vehicle.see": "all"},
            sights={"cost": sight} if sight == "masked" else {},
        )  # fmt: skip
    program = Program(client_for(alpha, None), make_key(role.id))
    unit = make_unit(stores[0], cost=Decimal(COST))
    path = f"/stock-units/{to_public('unit', unit.id)}"
    read = program.get(path)
    note, other = ("_masked", "_hidden") if sight == "masked" else ("_hidden", "_masked")
    for shown in (
        read.get_json(),
        program.get("/stock-units?fields=cost,status").get_json()["data"][0],
        program.post("/stock-units/query", {"fields": ["cost"]}).get_json()["data"][0],
    ):
        assert (shown[note], other in shown) == (["cost"], False)
        assert shown.get("cost") is None
        assert ("cost" in shown) == (sight == "masked")
    for asked in ("filter[cost][gte]=1", "filter[cost]=8765.43", "sort=cost", "sort=-cost"):
        answer = program.get(f"/stock-units?{asked}")
        assert answer.status_code == 400
        assert answer.get_json()["errors"][0]["code"] in ("unknown_filter", "unknown_sort")
    # A cost that changes leaves no trace in the tag but another version.
    with transaction():
        edit_unit(
            actor=SYSTEM, unit_id=unit.id, version=1, stock_number=unit.stock_number, condition="used",
            acquired_on=unit.acquired_on, cost=Decimal("7654.32"),
        )  # fmt: skip
    tag = read.headers["ETag"]
    assert program.get(path).headers["ETag"].partition("-")[2] == tag.partition("-")[2]
    # Neither the right guess nor a wrong one tells anything, early or late.
    texts = []
    for guess in ("8765.43", "7654.32", "1.00"):
        for sent in (tag, program.get(path).headers["ETag"]):
            late = program.patch(path, {"cost": usd(guess), "condition": "new"}, sent)
            told = late.get_json()
            assert (late.status_code, told["code"]) == (403, "field_closed")
            texts.append(json.dumps({**told, "request_id": ""}))
    assert len(set(texts)) == 1
    merged = program.patch(path, {"condition": "new", "acquired_on": "2026-01-11"}, tag)
    assert merged.status_code == 200
    clash = program.patch(path, {"condition": "certified"}, tag)
    assert clash.status_code == 412
    assert clash.get_json()["current"] == {"condition": "new"}
    key = path.rpartition("/")[2]
    batch = {"items": [
        {"op": "update", "id": key, "data": {"cost": usd("7654.32")}},
        {"op": "update", "id": key, "data": {"condition": "used"}},
        {"op": "create", "data": {"vehicle_id": to_public("veh", make_vehicle().id),
                                  "store_id": to_public("store", stores[0].id), "cost": usd("1.00")}},
    ]}  # fmt: skip
    results = program.post("/stock-units/batch", batch, Idempotency_Key="costs").get_json()["results"]
    assert [one["status"] for one in results] == [403, 200, 403]
    for answer in (read, merged, clash, program.get("/stock-units")):
        assert "8765" not in figures_of(answer.text)
        assert "7654" not in figures_of(answer.text)
    db.session.expire_all()
    assert db.session.get(StockUnit, unit.id).cost == Decimal("7654.32")  # type: ignore[union-attr]
