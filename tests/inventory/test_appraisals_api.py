"""Appraisals over the API: a life by patches and verbs, and a value that nobody learns who may not see costs."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core.db import Tenant
from app.core.db.ids import to_public
from app.inventory.rules.appraisals import Area
from app.tenants.models import Store
from tests.factories.appraisals import make_appraisal
from tests.factories.inventory import make_vehicle
from tests.fixtures.programs import Program, make_key
from tests.fixtures.shown import figures_of


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> Program:
    """A program that may what an administrator's key may."""
    return Program(client_for(alpha, None), make_key("tenant_admin"))


def test_a_car_is_appraised_agreed_to_and_declined(program: Program, stores: list[Store]) -> None:
    body: dict[str, Any] = {
        "vehicle_id": to_public("veh", make_vehicle().id), "store_id": to_public("store", stores[0].id),
        "acv": usd("11000.00"), "condition": [{"area": "roof", "finding": "ok"}],
        "comparables": [{"source": "Auction", "amount": "12500.00", "on": "2026-11-02"}],
    }  # fmt: skip
    answer = program.post("/appraisals", body)
    assert answer.status_code == 201, answer.text
    made = answer.get_json()
    assert (made["status"], made["acv"], made["comparables"][0]["amount"]) == ("draft", usd("11000.00"), "12500")
    findings = {cell["area"]: cell["finding"] for cell in made["condition"]}
    assert findings == {area.value: "ok" if area is Area.ROOF else "not_checked" for area in Area}
    path = f"/appraisals/{made['id']}"
    assert program.post(f"{path}/approve", {}).get_json()["code"] == "appraisal_move_not_allowed"
    assert program.post(f"{path}/submit", {}).get_json()["status"] == "submitted"
    approved = program.post(f"{path}/approve", {})
    assert approved.get_json()["status"] == "approved"
    changed = program.patch(path, {"acv": usd("11500.00")}, approved.headers["ETag"])
    assert (changed.status_code, changed.get_json()["status"]) == (200, "draft")
    assert program.post(f"{path}/submit", {"version": made["version"]}).status_code == 409
    program.post(f"{path}/submit", {})
    declined = program.post(f"{path}/decline", {"reason": "Flood damage"}).get_json()
    assert (declined["status"], declined["decline_reason"]) == ("declined", "Flood damage")
    assert program.delete(path).get_json()["code"] == "appraisal_decided"
    answer = program.get(f"/appraisals?filter[vehicle_id]={made['vehicle_id']}&expand=vehicle")
    assert answer.status_code == 200, answer.text
    listed = answer.get_json()["data"]
    assert [(one["id"], one["vehicle"]["make"]) for one in listed] == [(made["id"], "Ford")]


def test_a_day_that_is_none_is_refused(program: Program, stores: list[Store]) -> None:
    path = f"/appraisals/{to_public('apr', make_appraisal(stores[0]).id)}"
    tag = program.get(path).headers["ETag"]
    body = {"comparables": [{"source": "Auction", "amount": "1", "on": "2026-13-01"}]}
    assert program.patch(path, body, tag).status_code == 422


def test_null_takes_lists_away(program: Program, stores: list[Store]) -> None:
    path = f"/appraisals/{to_public('apr', make_appraisal(stores[0]).id)}"
    tag = program.get(path).headers["ETag"]
    found = {"comparables": [{"source": "Auction", "amount": "1"}], "condition": [{"area": "roof", "finding": "ok"}]}
    given = program.patch(path, found, tag)
    assert given.status_code == 200, given.text
    emptied = program.patch(path, {"comparables": None, "condition": None}, given.headers["ETag"])
    assert emptied.status_code == 200, emptied.text
    assert emptied.get_json()["comparables"] == []
    assert {cell["finding"] for cell in emptied.get_json()["condition"]} == {"not_checked"}


def test_a_program_is_no_second_person(program: Program, stores: list[Store]) -> None:
    path = f"/appraisals/{to_public('apr', make_appraisal(stores[0], acv=Decimal(30000)).id)}"
    assert program.post(f"{path}/submit", {}).status_code == 200
    refused = program.post(f"{path}/approve", {})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "second_person_needed")


def test_a_value_is_kept_from_who_sees_no_costs(
    client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant, stores: list[Store]
) -> None:
    made = make_appraisal(stores[0], acv=Decimal("7654.32"), recon_estimate=Decimal("765.43"))
    seller = Program(client_for(alpha, None), make_key("salesperson"))
    answer = seller.get(f"/appraisals/{to_public('apr', made.id)}")
    assert answer.status_code == 200, answer.text
    assert {"acv", "recon_estimate"} <= set(answer.get_json()["_hidden"])
    assert "7654" not in figures_of(answer.text)
    assert "765.43" not in figures_of(answer.text)
