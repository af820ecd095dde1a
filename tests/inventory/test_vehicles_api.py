"""Vehicles over the API: a whole life, the VIN read as the page reads it, plates by POST alone, batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core.db import Tenant
from app.core.db.ids import to_public
from app.tenants.models import Store
from tests.factories.inventory import make_unit, make_vehicle, new_vin
from tests.fixtures.programs import Program, make_key

CAR = {"make": "Ford", "model": "Focus"}


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> Program:
    """A program that may what an administrator's key may."""
    return Program(client_for(alpha, None), make_key("tenant_admin"))


def made(program: Program, **values: Any) -> tuple[str, str]:
    """A new vehicle: its address and its tag."""
    answer = program.post("/vehicles", {**CAR, **values})
    assert answer.status_code == 201, answer.text
    return f"/vehicles/{answer.get_json()['id']}", answer.headers["ETag"]


def test_a_vehicle_is_added_read_corrected_and_deleted(program: Program) -> None:
    number = new_vin()
    answer = program.post("/vehicles", {**CAR, "vin": number.lower(), "plate": {"raw": "abc 1234"}, "odometer": 9,
                                        "odometer_unit": "mi"})  # fmt: skip
    assert answer.status_code == 201, answer.text
    car = answer.get_json()
    assert (car["vin"], car["vin_status"], car["odometer"]) == (number, "valid", 9)
    assert car["plate"] == {"raw": "abc 1234", "normalized": "ABC1234", "region": None}
    path = f"/vehicles/{car['id']}"
    changed = program.patch(path, {"colour": "Silver", "model_year": 2024}, answer.headers["ETag"])
    assert changed.status_code == 200, changed.text
    assert (changed.get_json()["colour"], changed.get_json()["plate"]) == ("Silver", car["plate"])
    read = program.post(f"{path}/odometer-readings", {"reading": 1200, "unit": "mi"})
    assert (read.status_code, read.get_json()["odometer"]) == (200, 1200)
    lower = program.post(f"{path}/odometer-readings", {"reading": 12, "unit": "mi"})
    assert [(one["pointer"], one["code"]) for one in lower.get_json()["errors"]] == [("/reason", "lower_reading")]
    assert [one["reading"] for one in program.get(f"{path}/odometer-readings").get_json()["data"]] == [1200, 9]
    without = program.patch(path, {"plate": None}, read.headers["ETag"])
    assert without.get_json()["plate"] is None
    assert program.delete(path, If_Match=answer.headers["ETag"]).status_code == 412
    assert program.delete(path, If_Match=without.headers["ETag"]).status_code == 204
    assert program.get(path).status_code == 404


def test_a_correction_keeps_the_number_as_it_was_typed(program: Program) -> None:
    typed = f" {new_vin().lower()[:8]}-"
    path, tag = made(program, vin=typed, vin_override_reason="From an old list")
    assert program.patch(path, {"colour": "Red"}, tag).status_code == 200
    assert program.get(path).get_json()["vin"] == typed.strip(" -").upper()


def test_late_corrections_are_merged_and_clashes_told(program: Program) -> None:
    path, tag = made(program, colour="Red", model_year=2020)
    assert program.patch(path, {"colour": "Blue", "model_year": 2021}, tag).status_code == 200
    merged = program.patch(path, {"trim": "Titanium"}, tag)
    assert (merged.status_code, merged.headers["X-Merged-From"], merged.get_json()["colour"]) == (200, "1", "Blue")
    clash = program.patch(path, {"model_year": 2022, "trim": "ST"}, tag)
    told = clash.get_json()
    assert (clash.status_code, told["code"]) == (412, "precondition_failed")
    assert told["current"] == {"model_year": 2021, "trim": "Titanium"}
    assert told["yours"] == {"model_year": 2022, "trim": "ST"}
    assert told["base"] == {"model_year": 2020, "trim": None}
    assert program.get(path).get_json()["trim"] == "Titanium"


def test_a_vin_tells_what_nobody_typed(program: Program) -> None:
    first = new_vin("1FM")
    made(program, vin=first, model="Explorer")
    told = program.post("/vehicles/decode-vin", {"vin": first}).get_json()
    assert (told["make"], told["model"], told["status"], told["problem"]) == ("Ford", "Explorer", "valid", None)
    assert told["vehicle_id"].startswith("veh_")
    second = program.post("/vehicles", {"vin": new_vin("1FM")})
    assert second.status_code == 201, second.text
    assert (second.get_json()["make"], second.get_json()["model"]) == ("Ford", "Explorer")
    assert second.get_json()["model_year"] == told["model_year"]
    again = program.post("/vehicles", {"vin": first})
    assert (again.status_code, again.get_json()["code"]) == (409, "vehicle_exists")
    wrong = program.post("/vehicles", {"vin": first[:8] + "0X"[first[8] == "0"] + first[9:]})
    assert [one["code"] for one in wrong.get_json()["errors"]] == ["vin_check_digit"]
    nothing = program.post("/vehicles", {})
    assert {one["pointer"] for one in nothing.get_json()["errors"]} == {"/make", "/model"}


def test_plates_are_asked_for_by_post_alone(program: Program) -> None:
    path, _ = made(program, plate={"raw": "苏D·48510"})
    found = program.post("/vehicles/query", {"filter": {"plate": "苏d48510"}, "fields": ["plate"]}).get_json()
    assert found["data"] == [
        {"id": path.rpartition("/")[2], "plate": {"raw": "苏D·48510", "normalized": "苏D48510", "region": None}}
    ]
    refused = program.get("/vehicles?filter[plate]=苏D48510")
    assert (refused.status_code, refused.get_json()["errors"][0]["code"]) == (400, "personal_in_address")


def test_the_unit_in_stock_comes_along_where_it_may_be_seen(
    client_for: Callable[..., FlaskClient], alpha: Tenant, program: Program, stores: list[Store]
) -> None:
    vehicle = make_vehicle()
    unit = make_unit(stores[0], vehicle)
    path = f"/vehicles/{to_public('veh', vehicle.id)}?expand=stock_unit"
    car = program.get(path).get_json()
    assert car["stock_unit_id"] == to_public("unit", unit.id) == car["stock_unit"]["id"]
    assert car["stock_unit"]["asking_price"] == {"amount": "12000.00", "currency": "USD"}
    assert "cost" not in car["stock_unit"]
    other = Program(client_for(alpha, None), make_key("tenant_admin", ("vehicle.see",)))
    seen = other.get(path).get_json()
    assert (seen["stock_unit_id"], seen["stock_unit"]) == (None, None)


def test_pages_are_walked_both_ways(program: Program) -> None:
    keys = [to_public("veh", make_vehicle(model=f"Walker {number}").id) for number in range(5)]
    asked, cursor, seen = "/vehicles?filter[model]=walker&sort=created_at&limit=2", "", []
    while True:
        page = program.get(asked + cursor).get_json()
        seen += [row["id"] for row in page["data"]]
        if not page["page"]["has_more"]:
            break
        cursor = f"&cursor={page['page']['next_cursor']}"
    assert seen == keys
    before = program.get(f"{asked}&cursor={page['page']['prev_cursor']}").get_json()
    assert [row["id"] for row in before["data"]] == keys[2:4]


def test_each_item_of_a_batch_has_its_own_result(program: Program, stores: list[Store]) -> None:
    path, _ = made(program)
    in_stock = to_public("veh", make_unit(stores[0]).vehicle_id)
    number = new_vin()
    items = [
        {"op": "create", "data": {**CAR, "vin": number}},
        {"op": "create", "data": {**CAR, "vin": number}},
        {"op": "update", "id": path.rpartition("/")[2], "version": 1, "data": {"colour": "Green"}},
        {"op": "delete", "id": in_stock},
        {"op": "create", "data": {"plate": {"raw": "A", "number": 1}}},
    ]
    answer = program.post("/vehicles/batch", {"items": items}, Idempotency_Key="cars")
    results = answer.get_json()["results"]
    assert [one["status"] for one in results] == [201, 409, 200, 409, 422]
    assert [one.get("problem", {}).get("code") for one in results] == [
        None, "vehicle_exists", None, "vehicle_has_units", "invalid",
    ]  # fmt: skip
    assert results[4]["problem"]["errors"][0]["pointer"] == "/plate/number"
    assert program.get(path).get_json()["colour"] == "Green"
