"""Pages of pay: one's own is one's own to see, others' by the right and the field policy; months closed, plans set."""

from __future__ import annotations

import re
from decimal import Decimal

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
from tests.sales.test_pay import LAST, THIS

D = Decimal
PLAN = {"name": "Floor", "valid_from": LAST.isoformat(), "front_rate": "25", "mode": "retroactive", "measure": "units"}


@pytest.fixture(autouse=True)
def no_pay_left(in_alpha):
    """What a test sets is gone after it: nothing of pay can be deleted by the dealership itself."""
    yield
    with owner() as connection:
        for table in ("statements", "entries", "plans"):
            connection.execute(f"DELETE FROM {current_tenant().schema}.sales_commission_{table}")
        connection.execute(f"UPDATE {current_tenant().schema}.sales_deals SET salesperson_id = NULL, shares = NULL")


@pytest.fixture
def seller(in_alpha):
    return find_user("salesperson").id


@pytest.fixture
def earned(stores, seller):
    """250 dollars in the last month."""
    with transaction():
        plan = Plan((Earning(Base.FRONT, D(25)),))
        commission.set_plan(actor=SYSTEM, name="Floor", plan=plan, valid_from=LAST)
    unit = make_unit(stores[0], cost=D(9000), acquired_on=LAST)
    deal = make_deal(stores[0], unit, price=D(10000), salesperson_id=seller, delivered_on=LAST)
    with transaction():
        commission.count_pay(deal.id)
    return deal


def test_a_salesperson_sees_his_own_pay_line_by_line_and_no_one_else_s(client_for, alpha, earned):
    page = client_for(alpha, "salesperson").get("/my-pay").text
    assert earned.deal_number in page
    assert "$250" in page
    assert "$250" in client_for(alpha, "salesperson").get("/commission").text
    other = client_for(alpha, "sales_manager").get("/my-pay").text
    assert "$250" not in other
    assert client_for(alpha, "technician").get("/my-pay").status_code == 403


def test_a_month_is_closed_by_whoever_may_and_made_again_to_the_same_cents(client_for, alpha, stores, seller, earned):
    form = {"user": seller, "store": stores[0].id, "period": LAST.isoformat()}
    assert post(client_for(alpha, "sales_manager"), "/commission/close", **form).status_code == 403
    client = client_for(alpha, "controller")
    assert "/commission/close" in client.get("/commission").text
    answer = post(client, "/commission/close", **form)
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "$250" in page
    assert "Computed again" not in page
    assert "comes to the same cents" in client.get(f"{answer.location}?again=1").text
    assert "$250" in client_for(alpha, "salesperson").get(answer.location).text
    refused = post(client, "/commission/close", **form)
    assert refused.status_code == 422
    running = post(client, "/commission/close", **{**form, "period": THIS.isoformat()})
    assert running.status_code == 422


def test_others_pay_is_hidden_where_the_role_does_not_show_it(client_for, alpha, earned):
    with owner() as connection:
        schema = current_tenant().schema
        role = f"SELECT id FROM {schema}.tenants_roles WHERE key = 'sales_manager'"
        sights = f"{schema}.tenants_role_sights"
        connection.execute(f"DELETE FROM {sights} WHERE field_group = 'pay' AND role_id IN ({role})")
    client = client_for(alpha, "sales_manager")
    page = client.get("/commission").text
    assert "Hidden for your role" in page
    assert "$250" not in page
    with transaction():
        plan_id = to_public("plan", pay.plan_for(earned.salesperson_id, earned.store_id, LAST).id)
    # The rates of a plan are pay as well: neither shown nor written over.
    assert 'name="front_rate" value="25"' in client_for(alpha, "gm").get(f"/commission-plans/new?like={plan_id}").text
    assert 'value="25"' not in client.get(f"/commission-plans/new?like={plan_id}").text
    assert post(client, "/commission-plans", **PLAN).status_code == 403


def test_a_plan_is_tried_on_the_last_month_and_set(client_for, alpha, stores, seller, earned):
    client = client_for(alpha, "gm")
    tried = post(client, "/commission-plans", preview="1", **{**PLAN, "front_rate": "40"})
    assert tried.status_code == 200
    assert re.search(r"\$250.*\$400", tried.text, re.DOTALL)
    answer = post(client, "/commission-plans", **PLAN, front_tiers="0: 30, 10: 35", mini="150")
    assert answer.status_code == 303
    with transaction():
        row = pay.plan_for(seller, stores[0].id, LAST)
        assert (row.number, pay.plan_of(row).mini) == (2, 150)
        assert [step.rate for step in pay.plan_of(row).earnings[0].tiers.steps] == [30, 35]
    listed = client.get("/commission-plans").text
    again = re.search(r'href="(/commission-plans/new\?like=[^"]+)"', listed)
    assert 'value="0: 30, 10: 35"' in client.get(again[1]).text
    assert "$300" in client_for(alpha, "salesperson").get("/my-pay").text


@pytest.mark.parametrize(
    ("field", "text"), [("front_tiers", "ten: 30"), ("front_tiers", "9: 30, 3: 20"), ("mini", "-1")]
)
def test_what_is_no_plan_is_refused_at_its_field(client_for, alpha, stores, field, text):
    answer = post(client_for(alpha, "gm"), "/commission-plans", **{**PLAN, field: text})
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text


def test_a_deal_is_split_on_its_page_and_each_is_paid_his_part(client_for, alpha, stores, seller, earned):
    client, address = client_for(alpha, "gm"), f"/deals/{to_public('deal', earned.id)}"
    other = find_user("sales_manager").id
    assert "Split of the deal" in client.get(address).text
    assert "Split of the deal" not in client_for(alpha, "sales_manager").get(address).text
    parts = {"user_1": seller, "share_1": "0.6", "user_2": other, "share_2": "0.4"}
    assert post(client, f"{address}/shares", **parts).status_code == 303
    with transaction():
        commission.count_pay(earned.id)
    assert "$150" in client_for(alpha, "salesperson").get("/my-pay").text
    assert "$100" in client_for(alpha, "sales_manager").get("/my-pay").text
    assert post(client, f"{address}/shares", **{**parts, "share_2": "0.5"}).status_code == 422


def test_tiers_without_a_word_whether_they_reach_back_are_refused(client_for, alpha, stores):
    answer = post(client_for(alpha, "gm"), "/commission-plans", **{**PLAN, "mode": "", "front_tiers": "9: 30"})
    assert answer.status_code == 422
    assert 'href="#f-mode' in answer.text
