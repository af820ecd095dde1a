"""Deals over the API: a whole life, merged corrections, drafts in batches, and names only for those who may know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from app.core import clock
from app.core.db import Tenant, db
from app.core.db.ids import to_public
from app.tenants.models import Store
from tests.factories.inventory import make_unit
from tests.factories.sales import make_customer, make_deal
from tests.fixtures import people
from tests.fixtures.programs import Program, make_key

TODAY = clock.today("America/New_York")


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> Program:
    """A program that may what an administrator's key may."""
    return Program(client_for(alpha, None), make_key("tenant_admin"))


@pytest.fixture
def unit_id(stores: list[Store]) -> str:
    """A unit in stock, as addresses carry it."""
    return to_public("unit", make_unit(stores[0]).id)


def count(statement: Any) -> int:
    db.session.rollback()
    return db.session.scalar(statement) or 0


def test_a_deal_is_drafted_corrected_sold_delivered_and_unwound(
    program: Program, unit_id: str, stores: list[Store]
) -> None:
    seller, buyer = people.find_user("salesperson"), make_customer(stores[0], "Bo Buyer")
    assert seller is not None
    sent = {"stock_unit_id": unit_id, "price": usd("12000.00"), "customer_id": to_public("cus", buyer.id)}
    answer = program.post("/deals", sent, Idempotency_Key=f"new {unit_id}")
    assert answer.status_code == 201, answer.text
    deal = answer.get_json()
    path = f"/deals/{deal['id']}"
    assert answer.headers["Location"] == f"/api/v1{path}"
    assert (deal["status"], deal["net_amount"], deal["sold_on"]) == ("working", usd("12000.00"), None)
    changed = program.patch(
        path, {"discount": usd("500.00"), "salesperson_id": to_public("usr", seller.id), "note": "Two keys"},
        answer.headers["ETag"],
    )  # fmt: skip
    assert changed.status_code == 200, changed.text
    assert changed.get_json()["net_amount"] == usd("11500.00")
    read = program.get(f"{path}?expand=customer,salesperson,store,stock_unit,vehicle").get_json()
    assert (read["customer"]["name"], read["salesperson"]["name"]) == ("Bo Buyer", seller.name)
    assert (read["stock_unit"]["id"], read["vehicle"]["make"]) == (unit_id, "Ford")
    assert read["store"]["id"] == to_public("store", stores[0].id)
    sold = program.post(f"{path}/move", {"status": "sold"}, Idempotency_Key=f"sold {unit_id}")
    assert (sold.status_code, sold.get_json()["sold_on"]) == (200, TODAY.isoformat())
    unit = program.get(f"/stock-units/{unit_id}").get_json()
    assert unit["status"] == "sold"
    early = program.post(f"{path}/deliver", {}, Idempotency_Key=f"early {unit_id}")
    told = early.get_json()
    assert (early.status_code, told["code"], told["missing"]) == (409, "buyer_owes", ["buyer_owes"])
    assert (told["party"], told["amount"], told["currency"]) == ("buyer", "11500.00", "USD")
    paid = {"amount": usd("11500.00"), "method": "bank_transfer"}
    assert program.post(f"{path}/payments", paid, Idempotency_Key=f"paid {unit_id}").status_code == 201
    handed = program.post(f"{path}/deliver", {"delivered_on": TODAY.isoformat()}, Idempotency_Key=f"out {unit_id}")
    assert (handed.status_code, handed.get_json()["delivered_on"]) == (200, TODAY.isoformat())
    assert program.get(f"/stock-units/{unit_id}").get_json()["closed_on"] == TODAY.isoformat()
    kept = program.delete(path)
    assert (kept.status_code, kept.get_json()["code"]) == (409, "deal_counts")
    back = program.post(f"{path}/unwind", {"reason": "Financing fell through"}, Idempotency_Key=f"back {unit_id}")
    assert (back.status_code, back.get_json()["status"]) == (200, "unwound")
    assert program.get(f"/stock-units/{unit_id}").get_json()["status"] == "available"
    # Money was taken for it, so it stays; another goes.
    kept = program.delete(path)
    assert (kept.status_code, kept.get_json()["code"]) == (409, "deal_in_use")
    path = f"/deals/{to_public('deal', make_deal(stores[0]).id)}"
    assert program.delete(path).status_code == 204
    assert program.get(path).status_code == 404


def test_what_moves_money_or_stock_needs_a_key(program: Program, unit_id: str, stores: list[Store]) -> None:
    path = f"/deals/{to_public('deal', make_deal(stores[0]).id)}"
    asked = {
        "/deals": {"stock_unit_id": unit_id, "price": usd("1.00")},
        f"{path}/deliver": {},
        f"{path}/unwind": {"reason": "?"},
        f"{path}/move": {"status": "sold"},
        "/deals/batch": {"items": [{"op": "delete", "id": path.rpartition("/")[2]}]},
    }
    for address, body in asked.items():
        answer = program.post(address, body)
        assert (answer.status_code, answer.get_json()["code"]) == (400, "idempotency_key_required"), address
    assert program.get(path).get_json()["version"] == 1


def test_late_patches_are_merged_and_clashes_told(program: Program, stores: list[Store]) -> None:
    first, second = (make_customer(stores[0], name).id for name in ("First", "Second"))
    path = f"/deals/{to_public('deal', make_deal(stores[0], customer_id=first, note='first').id)}"
    tag = program.get(path).headers["ETag"]
    theirs = {"customer_id": to_public("cus", second), "price": usd("11000.00"), "note": "second"}
    assert program.patch(path, theirs, tag).status_code == 200
    merged = program.patch(path, {"deal_type": "fleet"}, tag)
    assert (merged.status_code, merged.headers["X-Merged-From"], merged.get_json()["note"]) == (200, "1", "second")
    mine = {"customer_id": None, "price": usd("10000.00"), "note": "third"}
    clash = program.patch(path, mine, tag)
    told = clash.get_json()
    assert (clash.status_code, told["current"], told["yours"]) == (412, theirs, mine)
    assert told["base"] == {"customer_id": to_public("cus", first), "price": usd("12000.00"), "note": "first"}
    assert program.patch(path, mine).status_code == 428


def test_a_patch_neither_moves_nor_delivers(program: Program, stores: list[Store]) -> None:
    path = f"/deals/{to_public('deal', make_deal(stores[0]).id)}"
    tag = program.get(path).headers["ETag"]
    for patch, pointer, code in (
        ({"status": "sold"}, "/status", "unknown_field"),
        ({"delivered_on": TODAY.isoformat()}, "/delivered_on", "delivery_is_separate"),
        ({"price": None}, "/price", "required"),
        ({"price": usd("-1.00")}, "/price", "price_not_possible"),
        ({"sold_on": (TODAY + timedelta(days=1)).isoformat()}, "/sold_on", "in_future"),
        ({"customer_id": "cus_" + "0" * 26}, "/customer_id", "unknown_choice"),
    ):
        answer = program.patch(path, patch, tag)
        assert answer.status_code == 422, patch
        assert [(one["pointer"], one["code"]) for one in answer.get_json()["errors"]] == [(pointer, code)]
    refused = program.post(f"{path}/move", {"status": "finalized"}, Idempotency_Key=f"far {path}")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "deal_move_not_allowed")
    assert "Working" in refused.get_json()["detail"]
    stale = program.post(f"{path}/move", {"status": "sold", "version": 5}, Idempotency_Key=f"old {path}")
    assert (stale.status_code, stale.get_json()["code"]) == (409, "stale")


def test_a_batch_drafts_corrects_and_deletes(program: Program, unit_id: str, stores: list[Store]) -> None:
    key = to_public("deal", make_deal(stores[0]).id)
    items = [
        {"op": "create", "data": {"stock_unit_id": unit_id, "price": usd("9.00")}},
        {"op": "create", "data": {"stock_unit_id": unit_id, "price": usd("9.00")}},
        {"op": "create", "data": {"stock_unit_id": unit_id, "price": usd("9.00"), "status": "sold"}},
        {"op": "create", "data": {"stock_unit_id": "unit_" + "0" * 26, "price": usd("9.00")}},
        {"op": "update", "id": key, "version": 1, "data": {"note": "in a batch"}},
        {"op": "delete", "id": key},
    ]
    answer = program.post("/deals/batch", {"items": items}, Idempotency_Key=f"many {unit_id}")
    results = answer.get_json()["results"]
    assert [one["status"] for one in results] == [201, 201, 422, 422, 200, 204]
    assert results[2]["problem"]["errors"][0]["pointer"] == "/status"
    assert results[3]["problem"]["errors"][0]["pointer"] == "/stock_unit_id"
    again = program.post("/deals/batch", {"items": items}, Idempotency_Key=f"many {unit_id}")
    assert (again.get_json(), again.headers["Idempotency-Replayed"]) == (answer.get_json(), "true")


def test_who_may_not_see_the_customer_gets_no_name(
    client_for: Callable[..., FlaskClient], alpha: Tenant, stores: list[Store], in_alpha: Tenant
) -> None:
    customer = make_customer(stores[0], "Kept Away")
    make_deal(stores[0], customer_id=customer.id)
    blind = Program(client_for(alpha, None), make_key("tenant_admin", ("deal.see",)))
    asked = f"/deals?expand=customer&filter[customer_id]={to_public('cus', customer.id)}"
    answer = blind.get(asked)
    assert [row["customer"] for row in answer.get_json()["data"]] == [None]
    assert "Kept Away" not in answer.text


def test_deals_are_found_and_sorted_by_their_own_names(program: Program, stores: list[Store]) -> None:
    store = to_public("store", stores[1].id)
    for price in (3, 1, 2):
        make_deal(stores[1], price=Decimal(price))
    rows = program.get(f"/deals?filter[store_id]={store}&sort=-net_amount&fields=net_amount").get_json()["data"]
    assert [row["net_amount"]["amount"] for row in rows][-3:] == ["3.00", "2.00", "1.00"]
    assert all(row.keys() == {"id", "net_amount"} for row in rows)
    ranged = program.get(f"/deals?filter[store_id]={store}&filter[net_amount][gte]=2&filter[net_amount][lte]=3")
    assert len(ranged.get_json()["data"]) == 2
    for wrong in ("filter[price][gte]=1", "sort=price", "filter[stock_unit]=x", "filter[note]=x"):
        assert program.get(f"/deals?{wrong}").status_code == 400, wrong


def test_a_page_costs_as_many_statements_as_a_longer_one(program: Program, stores: list[Store]) -> None:
    for _ in range(6):
        make_deal(stores[0], customer_id=make_customer(stores[0]).id)
    asked, seen = "/deals?expand=customer,salesperson,store,stock_unit,vehicle", list[str]()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "sales_deals" in statement:
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        for limit in (1, 6):
            assert len(program.get(f"{asked}&limit={limit}").get_json()["data"]) == limit
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    # Whatever comes along stands in the rows of the page.
    assert len(seen) == 2
