"""Worksheets and trade-ins over the API: what is put is what is read, and nobody reads or writes a cost unseen."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal as D
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core.db import Tenant, db, transaction
from app.core.db.ids import from_public, to_public
from app.sales.models import Deal, TradeIn, Worksheet
from app.sales.operations import trade_ins
from app.sales.queries import sheets
from app.sales.rules.scenarios import quote
from app.sales.rules.sheet import total
from app.sales.rules.tax_examples import UK_MARGIN
from app.tenants.models import Store
from app.tenants.operations import roles
from tests.factories.desk import RIGHTS, content, desk, save
from tests.factories.inventory import SYSTEM, make_unit, make_vehicle
from tests.factories.sales import make_deal
from tests.fixtures.programs import Program, make_key

Made = Callable[[str | uuid.UUID], Program]


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


@pytest.fixture
def programs(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> Made:
    """Programs by role."""
    return lambda role: Program(client_for(alpha, None), make_key(role))


@pytest.fixture
def manager(programs: Made) -> Program:
    return programs("tenant_admin")


@pytest.fixture
def clerk(programs: Made) -> Program:
    """Somebody who edits deals and sees no costs."""
    with transaction():
        role = roles.create_role(SYSTEM, name=f"Clerk {uuid.uuid4()}", grants=dict.fromkeys(RIGHTS, "all"))
    return programs(role.id)


@pytest.fixture
def deal(stores: list[Store]) -> Deal:
    return make_deal(stores[0], price=D(31950))


def path_of(deal: Deal, row: Worksheet | None = None) -> str:
    found = f"/deals/{to_public('deal', deal.id)}"
    return found if row is None else f"{found}/worksheets/{to_public('wks', row.id)}"


def put_back(body: dict[str, Any], **values: Any) -> dict[str, Any]:
    """What was read as it is sent again."""
    lines = [dict(line) for line in body["lines"]]
    ways = [{name: way[name] for name in way if name not in ("quote", "_hidden")} for way in body["scenarios"]]
    for line in lines:
        line.pop("_hidden", None)
    own = {name: body[name] for name in ("price", "discount", "tax_key", "note")}
    return {**own, "lines": lines, "scenarios": ways, **values}


def test_the_first_worksheet_a_copy_and_the_choice(manager: Program, deal: Deal) -> None:
    path = f"{path_of(deal)}/worksheets"
    assert manager.get(path).get_json() == {"data": []}
    first = manager.post(path)
    assert first.status_code == 201, first.text
    body = first.get_json()
    assert (body["number"], body["chosen"], body["price"]) == (1, True, usd("31950.00"))
    assert first.headers["Location"] == f"/api/v1{path}/{body['id']}"
    copied = manager.post(path, {"worksheet_id": body["id"]}, Idempotency_Key=f"copy {body['id']}")
    again = manager.post(path, {"worksheet_id": body["id"]}, Idempotency_Key=f"copy {body['id']}")
    assert (copied.status_code, again.status_code) == (201, 201)
    assert again.get_json() == copied.get_json()
    second = copied.get_json()["id"]
    assert manager.post(f"{path}/{second}/choose").get_json()["chosen"] is True
    listed = manager.get(path).get_json()["data"]
    assert [(row["number"], row["chosen"]) for row in listed] == [(1, False), (2, True)]
    assert manager.delete(f"{path}/{second}").get_json()["code"] == "chosen_sheet_stays"
    assert manager.delete(f"{path}/{body['id']}", If_Match='"99"').status_code == 412
    assert manager.delete(f"{path}/{body['id']}").status_code == 204
    other = manager.post(path, {"worksheet_id": body["id"]})
    assert (other.status_code, other.get_json()["errors"][0]["pointer"]) == (422, "/worksheet_id")


def test_what_is_read_computes_as_the_rules_do(manager: Program, deal: Deal) -> None:
    row = save(deal)
    body = manager.get(path_of(deal, row)).get_json()
    found = desk(deal)
    totals = total(found.sheet)
    for name in ("selling_price", "tax", "total", "due"):
        assert body["totals"][name] == usd(f"{getattr(totals, name):.2f}")
    assert [D(line["amount"]["amount"]) for line in body["totals"]["taxes"]] == [line.amount for line in totals.taxes]
    loan = quote(found.sheet, found.ways[1].scenario)
    assert body["scenarios"][1]["quote"]["payment"] == usd(f"{loan.payment:.2f}")
    assert (body["scenarios"][1]["buy_rate"], body["lines"][0]["cost"]) == ("3.90000", usd("310.00"))


def test_a_sheet_is_replaced_under_the_tag_it_was_read_with(manager: Program, deal: Deal) -> None:
    row = save(deal)
    path = path_of(deal, row)
    read = manager.get(path)
    body, tag = read.get_json(), read.headers["ETag"]
    assert manager.put(path, put_back(body)).status_code == 428
    less = put_back(body, discount=usd("950.00"))
    less["lines"] = [{**less["lines"][1], "amount": usd("400.00")}]
    changed = manager.put(path, less, If_Match=tag)
    assert changed.status_code == 200, changed.text
    after = changed.get_json()
    assert [(line["label"], line["amount"]) for line in after["lines"]] == [("Documentation", usd("400.00"))]
    assert after["lines"][0]["id"] == body["lines"][1]["id"]
    assert [way["id"] for way in after["scenarios"]] == [way["id"] for way in body["scenarios"]]
    assert manager.get(path_of(deal)).get_json()["discount"] == usd("950.00")
    late = manager.put(path, put_back(body), If_Match=tag)
    assert (late.status_code, late.get_json()["code"]) == (412, "precondition_failed")
    assert changed.headers["ETag"] != tag


def test_ids_of_nothing_and_ids_named_twice_are_refused(manager: Program, deal: Deal) -> None:
    row = save(deal)
    path = path_of(deal, row)
    read = manager.get(path)
    body = put_back(read.get_json(), tax_key="nowhere")
    body["lines"] = [body["lines"][0], body["lines"][0]]
    body["scenarios"][0]["id"] = to_public("way", row.id)
    refused = manager.put(path, body, If_Match=read.headers["ETag"])
    assert refused.status_code == 422
    assert {one["pointer"] for one in refused.get_json()["errors"]} == {"/lines/1/id", "/scenarios/0/id", "/tax_key"}


def test_a_way_to_pay_is_chosen(manager: Program, deal: Deal) -> None:
    row = save(deal)
    path = path_of(deal, row)
    cash = manager.get(path).get_json()["scenarios"][0]["id"]
    chosen = manager.post(f"{path}/scenarios/{cash}/choose").get_json()
    assert [way["chosen"] for way in chosen["scenarios"]] == [True, False]
    assert manager.post(f"{path}/scenarios/{to_public('way', row.id)}/choose").status_code == 404


def test_costs_are_neither_told_to_nor_lost_by_whoever_sees_none(clerk: Program, deal: Deal) -> None:
    row = save(deal)
    path = path_of(deal, row)
    read = clerk.get(path)
    body = read.get_json()
    assert [line["_hidden"] for line in body["lines"]] == [["cost"], ["cost"]]
    assert all("cost" not in line for line in body["lines"])
    assert [way["_hidden"] for way in body["scenarios"]] == [["buy_rate"], ["buy_rate"]]
    assert (body["totals"]["_hidden"], "over_allowance" in body["totals"]) == (["over_allowance"], False)
    sent = put_back(body, price=usd("32000.00"))
    kept = clerk.put(path, sent, If_Match=read.headers["ETag"])
    assert kept.status_code == 200, kept.text
    found = desk(deal)
    assert [item.line.cost for item in found.lines] == [D(310), None]
    assert [way.buy_rate for way in found.ways] == [None, D("3.9")]
    for said in (None, usd("1.00")):
        sent["lines"][0]["cost"] = said
        refused = clerk.put(path, sent, If_Match=kept.headers["ETag"])
        assert (refused.status_code, refused.get_json()["code"]) == (403, "field_closed")
    assert desk(deal).lines[0].line.cost == D(310)


def test_the_tax_on_a_margin_is_for_eyes_that_see_costs(
    manager: Program, clerk: Program, stores: list[Store]
) -> None:
    unit = make_unit(stores[0], cost=D(24000))
    deal = make_deal(stores[0], unit=unit, price=D(30000))
    row = save(deal, content(price=D(30000), discount=D(0), tax=UK_MARGIN, lines=()))
    told = manager.get(path_of(deal, row)).get_json()["totals"]
    # (30,000 − 24,000) × 20 / 120
    assert (told["tax_included"], [line["amount"] for line in told["taxes"]]) == (usd("1000.00"), [usd("1000.00")])
    kept = clerk.get(path_of(deal, row))
    totals = kept.get_json()["totals"]
    assert (totals["taxes"], totals["_hidden"]) == ([], ["over_allowance", "tax_included"])
    assert totals["due"] == told["due"]
    assert "1000.00" not in kept.text
    assert "5000.00" not in kept.text


def test_a_trade_in_is_taken_changed_and_given_back(manager: Program, clerk: Program, deal: Deal) -> None:
    path, car = f"{path_of(deal)}/trade-ins", to_public("veh", make_vehicle().id)
    made = manager.post(path, {"vehicle_id": car, "allowance": usd("8400.00"), "acv": usd("8000.00")})
    assert made.status_code == 201, made.text
    one = f"{path}/{made.get_json()['id']}"
    assert made.headers["Location"] == f"/api/v1{one}"
    assert manager.get(path).get_json()["data"] == [made.get_json()]
    seen = clerk.get(one)
    assert (seen.get_json()["_hidden"], "acv" in seen.get_json()) == (["acv"], False)
    changed = clerk.patch(one, {"payoff": usd("900.00")}, seen.headers["ETag"])
    assert (changed.status_code, changed.get_json()["payoff"]) == (200, usd("900.00"))
    row = db.session.get(TradeIn, from_public("ti", made.get_json()["id"]), populate_existing=True)
    assert row is not None
    assert (row.acv, row.allowance) == (D(8000), D(8400))
    # The value it has already is refused as any other is, or the answer would tell it.
    for guess in ("8000.00", "7000.00"):
        refused = clerk.patch(one, {"acv": usd(guess)}, changed.headers["ETag"])
        assert (refused.status_code, refused.get_json()["code"]) == (403, "field_closed")
    assert manager.patch(one, {"payoff": usd("1.00")}, seen.headers["ETag"]).status_code == 412
    assert manager.patch(one, {"payoff": usd("1.00")}).status_code == 428
    assert manager.delete(one, If_Match=changed.headers["ETag"]).status_code == 204
    assert manager.get(one).status_code == 404


def test_children_of_another_deal_are_not_there(manager: Program, deal: Deal, stores: list[Store]) -> None:
    row, other, car = save(deal), make_deal(stores[0]), make_vehicle()
    with transaction():
        trade = trade_ins.add_trade(actor=SYSTEM, deal_id=deal.id, vehicle_id=car.id, allowance=D(1))
    assert manager.get(f"{path_of(other)}/worksheets/{to_public('wks', row.id)}").status_code == 404
    assert manager.get(f"{path_of(other)}/trade-ins/{to_public('ti', trade.id)}").status_code == 404
    assert sheets.list_worksheets(other.id) == []
