"""Pay over the API and as lists: amounts to whoever may see them, plans set in versions, months closed once."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest

from app.core.db import current_tenant, transaction
from app.core.db.ids import to_public
from app.core.db.owner import owner
from app.sales.operations import commission
from app.sales.queries import pay
from app.sales.rules.plans import Base, Earning, Plan
from tests.factories.inventory import SYSTEM, make_unit
from tests.factories.pages import post
from tests.factories.sales import make_deal
from tests.fixtures.people import find_user
from tests.fixtures.programs import Program, make_key
from tests.sales.test_pay import LAST, THIS

D = Decimal
BODY = {"earnings": [{"base": "front", "rate": "40"}], "mini": "150"}


@pytest.fixture(autouse=True)
def no_pay_left(in_alpha):
    """What a test sets is gone after it: nothing of pay can be deleted by the dealership itself."""
    yield
    with owner() as connection:
        for table in ("statements", "entries", "plans"):
            connection.execute(f"DELETE FROM {current_tenant().schema}.sales_commission_{table}")
        connection.execute(f"UPDATE {current_tenant().schema}.sales_deals SET salesperson_id = NULL, shares = NULL")


@pytest.fixture
def program(client_for, alpha, in_alpha):
    def make(role: str) -> Program:
        return Program(client_for(alpha, None), make_key(role))

    return make


@pytest.fixture
def seller(in_alpha):
    return find_user("salesperson").id


@pytest.fixture
def closing(stores, seller):
    """What closes a month of 250 dollars."""
    with transaction():
        plan = Plan((Earning(Base.FRONT, D(25)),))
        commission.set_plan(actor=SYSTEM, name="Floor", plan=plan, valid_from=LAST)
    unit = make_unit(stores[0], cost=D(9000), acquired_on=LAST)
    deal = make_deal(stores[0], unit, price=D(10000), salesperson_id=seller, delivered_on=LAST)
    with transaction():
        commission.count_pay(deal.id)
    return {
        "user_id": to_public("usr", seller), "store_id": to_public("store", stores[0].id), "period": LAST.isoformat(),
    }  # fmt: skip


def hide_pay(role: str) -> None:
    with owner() as connection:
        schema = current_tenant().schema
        found = f"SELECT id FROM {schema}.tenants_roles WHERE key = '{role}'"
        connection.execute(
            f"DELETE FROM {schema}.tenants_role_sights WHERE field_group = 'pay' AND role_id IN ({found})"
        )


def test_a_month_is_closed_and_read_with_every_line(program, closing):
    client = program("controller")
    made = client.post("/commission-statements/close", closing)
    assert made.status_code == 201, made.get_json()
    found = made.get_json()
    assert found["total"] == {"amount": "250.00", "currency": "USD"}
    again = client.post("/commission-statements/close", closing)
    assert (again.status_code, again.get_json()["errors"][0]["code"]) == (422, "period_closed")
    running = client.post("/commission-statements/close", {**closing, "period": THIS.isoformat()})
    assert running.get_json()["errors"][0]["code"] == "period_not_over"
    whole = client.get(f"/commission-statements/{found['id']}?expand=statement,user,store").get_json()
    assert [line["amount"] for line in whole["statement"]["lines"]] == ["250.00"]
    asked = f"/commission-statements?filter[user_id]={closing['user_id']}&filter[period][gte]={LAST}"
    assert [row["id"] for row in client.get(asked).get_json()["data"]] == [found["id"]]
    nobody = {**closing, "user_id": to_public("usr", uuid4())}
    refused = client.post("/commission-statements/close", nobody)
    assert (refused.status_code, refused.get_json()["errors"][0]["pointer"]) == (422, "/user_id")


def test_the_amounts_of_others_are_for_whoever_may_see_pay(program, client_for, alpha, closing):
    statement = program("controller").post("/commission-statements/close", closing).get_json()
    path = f"/commission-statements/{statement['id']}"
    assert program("sales_manager").get(path).get_json()["total"]["amount"] == "250.00"
    assert "$250" in client_for(alpha, "sales_manager").get("/commission/closed").text
    hide_pay("sales_manager")
    manager = program("sales_manager")
    found = manager.get(f"{path}?expand=statement").get_json()
    assert [found[name] for name in ("units", "earned", "total", "carried", "statement")] == [None] * 5
    assert manager.get("/commission-statements?sort=-total").status_code == 400
    pages = client_for(alpha, "sales_manager")
    listed = pages.get("/commission/closed")
    assert (listed.status_code, "$250" in listed.text, statement["id"] in listed.text) == (200, False, True)
    assert pages.get("/commission/closed?sort=-total").status_code == 422
    mine = client_for(alpha, "salesperson").get("/commission/closed")
    assert "$250" in mine.text
    assert client_for(alpha, "technician").get("/commission/closed").status_code == 403


def test_a_plan_is_set_in_versions_and_what_is_none_is_named(program, stores, seller):
    client = program("gm")
    sent = {"name": "Floor", "valid_from": LAST.isoformat(), "body": BODY, "people": [to_public("usr", seller)]}
    first = client.post("/commission-plans", sent)
    assert first.status_code == 201, first.get_json()
    second = client.post("/commission-plans", {**sent, "store_id": None}).get_json()
    assert (second["number"], second["people"], second["body"]["mini"]) == (2, sent["people"], "150")
    with transaction():
        assert pay.plan_for(seller, stores[0].id, LAST).number == 2
    in_force = client.get("/commission-plans?filter[state]=valid").get_json()["data"]
    assert [row["number"] for row in in_force] == [2]
    assert len(client.get("/commission-plans?filter[state]=replaced").get_json()["data"]) == 1
    assert client.get("/commission-plans?filter[state]=coming").get_json()["data"] == []
    for body, pointer in (
        ({**BODY, "mini": "-1"}, "/body"), ({"earnings": [{"base": "front", "rate": "x"}]}, "/body/earnings/0/rate"),
    ):  # fmt: skip
        refused = client.post("/commission-plans", {**sent, "body": body})
        assert (refused.status_code, refused.get_json()["errors"][0]["pointer"]) == (422, pointer)
    unknown = client.post("/commission-plans", {**sent, "people": [to_public("usr", uuid4())]})
    assert unknown.get_json()["errors"][0]["pointer"] == "/people"
    assert program("salesperson").get("/commission-plans").status_code == 403


def test_what_a_plan_pays_is_hidden_without_the_group(program, stores):
    sent = {"name": "Floor", "valid_from": LAST.isoformat(), "body": BODY}
    plan = program("gm").post("/commission-plans", sent).get_json()
    hide_pay("gm")
    found = program("gm").get(f"/commission-plans/{plan['id']}").get_json()
    assert ("body" in found, found["_hidden"]) == (False, ["body"])


def test_statements_leave_as_a_file_by_the_right_to_it(client_for, alpha, program, closing):
    assert program("controller").post("/commission-statements/close", closing).status_code == 201
    form = {"format": "csv", "purpose": "Payroll"}
    assert post(client_for(alpha, "controller"), "/lists/commission_statements/export", **form).status_code == 303
    assert post(client_for(alpha, "salesperson"), "/lists/commission_statements/export", **form).status_code == 403
