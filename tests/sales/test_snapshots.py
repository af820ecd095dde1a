"""What a deal leaves at its moves: snapshots nobody changes, guards asked on the way, corrections by reversal."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.core.db import current_tenant, db, transaction
from app.core.db.ids import to_public
from app.core.db.owner import owner
from app.core.errors import Invalid
from app.sales.errors import CustomerMissing, DealIsAgreed, DealNotAgreed, DeliveryMissing
from app.sales.models import Snapshot
from app.sales.operations import corrections
from app.sales.operations.snapshots import first_broken, list_snapshots
from app.sales.rules.guards import Step, Transition, steps_between, transition_of
from app.sales.rules.status import DealStatus
from tests.factories.desk import content, save
from tests.factories.inventory import SYSTEM, make_unit
from tests.factories.pages import post
from tests.factories.sales import make_customer, make_deal
from tests.sales.test_deal_operations import deliver, edit, unwind

S = DealStatus


def correct(deal, **values):
    given = {"version": deal.version, "price": deal.price, "discount": deal.discount, "customer_id": deal.customer_id}
    with transaction():
        return corrections.correct_deal(actor=SYSTEM, deal_id=deal.id, reason="a typing error", **{**given, **values})


def path(deal):
    return [(row.transition, row.status_before, row.status_after) for row in list_snapshots(deal.id)]


def test_the_steps_on_a_way_are_asked_and_a_way_back_asks_nothing():
    assert steps_between(None, S.SOLD) == (Step.PENDING, Step.SOLD)
    assert steps_between(S.WORKING, S.SOLD) == (Step.PENDING, Step.SOLD)
    assert steps_between(S.SOLD, S.FINALIZED) == (Step.BOOKED, Step.FINALIZED)
    assert steps_between(S.LOST, S.WORKING) == steps_between(S.SOLD, S.PENDING) == steps_between(S.SOLD, S.LOST) == ()
    assert transition_of(S.BOOKED, S.SOLD) is transition_of(S.BOOKED, S.LOST) is Transition.REVERSED
    assert transition_of(S.SOLD, S.PENDING) is transition_of(S.SOLD, S.BOOKED) is Transition.MOVED


def test_every_move_leaves_one_bound_to_the_one_before(stores):
    deal = make_deal(stores[0], customer_id=make_customer(stores[0]).id)
    assert path(deal) == []
    for status in ("pending", "sold", "booked", "sold"):
        edit(deal, status=status)
    deliver(deal, deal.sold_on)
    unwind(deal, on=deal.delivered_on)
    assert path(deal) == [
        ("moved", "working", "pending"),
        ("moved", "pending", "sold"),
        ("moved", "sold", "booked"),
        ("reversed", "booked", "sold"),
        ("delivered", "sold", "sold"),
        ("unwound", "sold", "unwound"),
    ]
    assert [row.seq for row in list_snapshots(deal.id)] == [1, 2, 3, 4, 5, 6]
    db.session.expire_all()
    assert first_broken(deal.id) is None


def test_a_snapshot_has_inputs_and_figures_and_no_right_to_change_it(stores):
    deal = make_deal(stores[0], make_unit(stores[0], cost=Decimal(28000)))
    save(deal, content())
    edit(deal, status="sold")
    (row,) = list_snapshots(deal.id)
    agreed = row.body["agreed"]
    assert (agreed["price"], agreed["discount"], row.body["front_gross"]) == ("31950", "1200", "3080")
    assert [line["label"] for line in agreed["lines"]] == ["Tow bar", "Documentation"]
    assert agreed["scenario"]["kind"] == "loan"
    assert agreed["tax"]["key"] == "ny"
    for statement in ("UPDATE sales_snapshots SET seq = 7", "DELETE FROM sales_snapshots"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction():
            db.session.execute(text(statement))


def test_whoever_reaches_the_table_all_the_same_is_found_out(stores):
    deal = make_deal(stores[0], status="sold")
    edit(deal, status="pending")
    key, schema = deal.id, current_tenant().schema
    db.session.rollback()
    with owner() as connection:
        connection.execute(
            f"UPDATE {schema}.sales_snapshots SET body = jsonb_set(body, '{{agreed,price}}', '\"1\"') "
            "WHERE deal_id = %s AND seq = 1",
            [key],
        )
    db.session.expire_all()
    assert first_broken(key) == 1


def test_what_is_agreed_is_not_edited_but_corrected_and_both_stay(stores):
    deal, buyer = make_deal(stores[0], price=Decimal(12000)), make_customer(stores[0])
    with pytest.raises(DealNotAgreed):
        correct(deal, price=Decimal(1))
    edit(deal, status="sold")
    edit(deal, customer_id=buyer.id, note="the buyer is named")
    for change in ({"price": Decimal(11)}, {"discount": Decimal(1)}, {"customer_id": None}):
        with pytest.raises(DealIsAgreed):
            edit(deal, **change)
        db.session.expire_all()
    with pytest.raises(Invalid), transaction():
        corrections.correct_deal(
            actor=SYSTEM, deal_id=deal.id, version=deal.version, reason=" ", price=deal.price, discount=deal.discount,
            customer_id=None,
        )  # fmt: skip
    correct(deal, discount=Decimal(250))
    first, back, right = list_snapshots(deal.id)
    assert [row.transition for row in (first, back, right)] == ["moved", "reversed", "corrected"]
    assert [row.body["agreed"]["discount"] for row in (first, back, right)] == ["0", "0", "250"]
    assert (back.reason, right.reason) == ("a typing error", "a typing error")
    assert first_broken(deal.id) is None


def test_a_deal_is_booked_for_somebody_and_final_when_handed_over(stores):
    deal = make_deal(stores[0], status="sold")
    with pytest.raises(CustomerMissing):
        edit(deal, status="booked")
    db.session.expire_all()
    edit(deal, customer_id=make_customer(stores[0]).id, status="booked")
    with pytest.raises(DeliveryMissing) as error:
        edit(deal, status="finalized")
    assert error.value.extensions == {"missing": ["delivery_missing"]}
    db.session.expire_all()
    deliver(deal, deal.sold_on)
    assert edit(deal, status="finalized").status == "finalized"
    assert edit(make_deal(stores[0], status="sold", deal_type="wholesale"), status="booked").status == "booked"


def test_history_comes_without_guards(stores):
    deal = make_deal(stores[0], status="finalized", delivered_on=stores[0].created_at.date())
    assert path(deal) == [("recorded", None, "finalized")]


def test_the_page_corrects_and_says_what_is_missing(stores, client_for, alpha):
    deal = make_deal(stores[0], status="sold")
    client, address = client_for(alpha, "gm"), f"/deals/{to_public('deal', deal.id)}"
    page = client.get(address).text
    assert "Missing for: Booked" in page
    assert "needs a customer" in page
    assert 'name="reason"' in client.get(f"{address}/correct").text
    refused = post(client, f"{address}/correct", version=str(deal.version), price="9000", discount="", reason="")
    assert refused.status_code == 422
    assert 'value="9000"' in refused.text
    sent = post(client, f"{address}/correct", version=str(deal.version), price="9000", discount="", reason="mistyped")
    assert sent.status_code == 303
    assert db.session.query(Snapshot).where(Snapshot.deal_id == deal.id).count() == 3
