"""Recording, correcting, delivering, unwinding and deleting deals, and what that does to the stock unit."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.core.db import db, transaction
from app.core.errors import Invalid, NotFound, PermissionDenied, Stale
from app.core.guard.permissions import Actor
from app.crm.errors import CustomerReferredTo
from app.crm.operations.customers import delete_customer
from app.inventory.errors import UnitIsClosed, UnitReferredTo, VehicleAlreadyInStock
from app.inventory.models import StockUnit, Vehicle
from app.inventory.operations.removal import delete_unit
from app.inventory.operations.units import move_status
from app.sales import queries
from app.sales.errors import (
    DealAlreadyDelivered,
    DealCounts,
    DealIsEnded,
    DealMoveNotAllowed,
    DealNotDelivered,
    DealNumberTaken,
    UnitHasDeal,
)
from app.sales.models import CLAIMING_DEAL, Deal
from app.sales.operations import deals, delivery, removal
from tests.factories.inventory import SYSTEM, make_unit
from tests.factories.sales import make_customer, make_deal

SOLD, HANDED_OVER = date(2026, 2, 1), date(2026, 2, 3)


def refused_fields(error):
    return {item.field: item.code for item in error.value.errors}


def edit(deal, **values):
    fields = ("price", "discount", "customer_id", "salesperson_id", "deal_type", "status", "sold_on", "delivered_on")
    given = {"version": deal.version} | {name: getattr(deal, name) for name in fields} | values
    with transaction():
        return deals.edit_deal(actor=SYSTEM, deal_id=deal.id, **given)


def deliver(deal, on=HANDED_OVER):
    with transaction():
        return delivery.deliver_deal(actor=SYSTEM, deal_id=deal.id, version=deal.version, delivered_on=on)


def unwind(deal, on=date(2026, 3, 1), reason="came back"):
    with transaction():
        return delivery.unwind_deal(actor=SYSTEM, deal_id=deal.id, version=deal.version, unwound_on=on, reason=reason)


def delete(deal, **values):
    with transaction():
        removal.delete_deal(actor=SYSTEM, deal_id=deal.id, **values)


def unit_of(deal):
    return db.session.get(StockUnit, deal.stock_unit_id, populate_existing=True)


def fact(deal, name):
    facts = queries.deal_facts()
    return db.session.scalar(select(facts.c[name]).where(facts.c.deal_id == deal.id))


def test_numbers_are_given_out_per_store_and_never_twice(stores):
    make_deal(stores[1], deal_number="D-2")
    assert [make_deal(stores[1]).deal_number for _ in range(2)] == ["D-1", "D-3"]
    with pytest.raises(DealNumberTaken):
        make_deal(stores[1], deal_number="D-1")
    assert make_deal(stores[0], deal_number="D-2").deal_number == "D-2"


def test_amounts_are_rounded_half_up_and_the_net_is_the_difference(stores):
    deal = make_deal(stores[0], price=Decimal("18490.005"), discount=Decimal("490.004"))
    db.session.expire_all()
    assert (deal.price, deal.discount, deal.net_amount) == (Decimal("18490.01"), Decimal("490.00"), Decimal("18000.01"))
    assert fact(deal, "net_amount") == Decimal("18000.01")
    edit(deal, discount=Decimal(0))
    assert fact(deal, "net_amount") == Decimal("18490.01")


def test_bad_values_are_named_at_once(stores):
    with pytest.raises(Invalid) as error:
        make_deal(
            stores[0], price=Decimal(1), discount=Decimal(2), deal_type="gift", sold_on=date(2100, 1, 1),
            customer_id=uuid4(), salesperson_id=uuid4(), status="unwound",
        )  # fmt: skip
    assert refused_fields(error) == {
        "deal_type": "unknown_choice",
        "discount": "price_not_possible",
        "sold_on": "in_future",
        "customer_id": "unknown_choice",
        "salesperson_id": "unknown_choice",
        "status": "unknown_choice",
    }


def test_the_database_itself_holds_one_deal_that_has_the_unit(stores):
    deal = make_deal(stores[0], status="pending")
    copied = "version, store_id, stock_unit_id, deal_type, status, price, currency"
    statement = text(
        f"INSERT INTO sales_deals (id, deal_number, {copied}) "
        f"SELECT :new, 'copy', {copied} FROM sales_deals WHERE id = :old"
    )
    with pytest.raises(IntegrityError, match=CLAIMING_DEAL), transaction():
        db.session.execute(statement, {"new": uuid4(), "old": deal.id})


def test_the_unit_follows_the_deal(stores):
    deal = make_deal(stores[0])
    assert unit_of(deal).status == "available"
    edit(deal, status="sold", sold_on=SOLD)
    assert (deal.sold_on, unit_of(deal).status) == (SOLD, "sold")
    edit(deal, status="lost")
    assert unit_of(deal).status == "available"
    edit(deal, status="working")
    edit(deal, status="sold")
    with pytest.raises(DealMoveNotAllowed):
        edit(deal, status="working")
    deliver(deal, deal.sold_on)
    assert (unit_of(deal).status, unit_of(deal).closed_on) == ("delivered", deal.delivered_on)


def test_delivering_sells_and_closes_and_happens_once(stores):
    deal = deliver(make_deal(stores[0], deal_type="wholesale"))
    assert (deal.status, deal.sold_on, deal.delivered_on) == ("sold", HANDED_OVER, HANDED_OVER)
    assert (unit_of(deal).status, unit_of(deal).closed_on) == ("wholesaled", HANDED_OVER)
    with pytest.raises(DealAlreadyDelivered):
        deliver(deal)
    with pytest.raises(UnitHasDeal):
        make_deal(stores[0], unit_of(deal))


def test_delivery_days_are_checked(stores):
    deal = make_deal(stores[0], status="sold", sold_on=SOLD)
    for day, code in ((date(2026, 1, 31), "before_sold"), (date(2100, 1, 1), "in_future")):
        with pytest.raises(Invalid) as error:
            deliver(deal, day)
        assert refused_fields(error) == {"delivered_on": code}


def test_history_is_recorded_in_one_go(stores):
    deal = make_deal(stores[0], deal_type="wholesale", status="finalized", delivered_on=HANDED_OVER)
    assert (deal.status, deal.sold_on, deal.customer_id, deal.salesperson_id) == ("finalized", HANDED_OVER, None, None)
    assert unit_of(deal).closed_on == HANDED_OVER
    assert fact(deal, "delivered_on") == HANDED_OVER


def test_a_corrected_delivery_corrects_the_end_of_the_episode(stores):
    deal = deliver(make_deal(stores[0]))
    edit(deal, delivered_on=date(2026, 2, 10), deal_type="wholesale", status="booked")
    assert (unit_of(deal).status, unit_of(deal).closed_on) == ("wholesaled", date(2026, 2, 10))
    with pytest.raises(Invalid) as error:
        edit(deal, delivered_on=None)
    assert refused_fields(error) == {"delivered_on": "delivery_is_separate"}
    with pytest.raises(DealMoveNotAllowed):
        edit(deal, status="lost")


def test_unwinding_reopens_the_episode_with_its_age(stores):
    deal = deliver(make_deal(stores[0]))
    acquired_on = unit_of(deal).acquired_on
    with pytest.raises(Invalid) as error:
        unwind(deal, on=date(2026, 2, 1), reason=" ")
    assert refused_fields(error) == {"unwound_on": "before_delivered", "reason": "required"}
    unwind(deal)
    assert (deal.status, deal.unwound_on, deal.unwind_reason) == ("unwound", date(2026, 3, 1), "came back")
    unit = unit_of(deal)
    assert (unit.status, unit.closed_on, unit.acquired_on) == ("available", None, acquired_on)
    again = make_deal(stores[0], unit)
    assert again.id != deal.id
    for refused in (lambda: unwind(deal), lambda: edit(deal, price=Decimal(1)), lambda: deliver(deal)):
        with pytest.raises(DealIsEnded):
            refused()


def test_unwinding_is_refused_before_delivery_and_beside_another_episode(stores):
    with pytest.raises(DealNotDelivered):
        unwind(make_deal(stores[0]))
    deal = deliver(make_deal(stores[0]))
    back = make_unit(stores[1], db.session.get(Vehicle, unit_of(deal).vehicle_id))
    with pytest.raises(VehicleAlreadyInStock) as error:
        unwind(deal)
    assert error.value.params == {"stock_number": back.stock_number}
    assert db.session.get(Deal, deal.id, populate_existing=True).status == "sold"


def test_a_closed_unit_takes_no_deal(stores):
    unit = make_unit(stores[0])
    with transaction():
        move_status(actor=SYSTEM, unit_id=unit.id, version=1, status="wholesaled", on=HANDED_OVER)
    with pytest.raises(UnitIsClosed):
        make_deal(stores[0], unit)


def test_a_delivered_deal_is_not_deleted_and_another_frees_its_unit(stores):
    deal = make_deal(stores[0], status="sold", sold_on=SOLD)
    unit = unit_of(deal)
    with pytest.raises(Stale):
        delete(deal, version=99)
    delete(deal, version=deal.version)
    assert db.session.get(StockUnit, unit.id, populate_existing=True).status == "available"
    delivered = deliver(make_deal(stores[0]))
    with pytest.raises(DealCounts):
        delete(delivered)
    delete(delivered, undo=True)
    assert db.session.scalar(select(Deal.id).where(Deal.id == delivered.id)) is None


def test_what_a_deal_refers_to_is_not_deleted(stores):
    customer = make_customer(stores[0])
    deal = make_deal(stores[0], customer_id=customer.id)
    with pytest.raises(UnitReferredTo), transaction():
        delete_unit(actor=SYSTEM, unit_id=deal.stock_unit_id)
    with pytest.raises(CustomerReferredTo), transaction():
        delete_customer(actor=SYSTEM, customer_id=customer.id)


def test_own_deals_end_at_the_salesperson(stores, alpha, actor):
    seller = actor(alpha, "salesperson")
    mine = make_deal(stores[0], salesperson_id=seller.user_id)
    theirs, store_id = make_deal(stores[0]), stores[0].id
    assert queries.get_deal(seller, mine.id).id == mine.id
    with pytest.raises(NotFound):
        queries.get_deal(seller, theirs.id)
    with pytest.raises(PermissionDenied):
        delivery.unwind_deal(actor=seller, deal_id=mine.id, version=1, reason="x")
    with pytest.raises(PermissionDenied):
        deals.record_deal(actor=seller, stock_unit_id=make_unit(stores[0]).id, price=Decimal(1))
    handed_away = {"price": Decimal(1), "discount": Decimal(0), "customer_id": None, "salesperson_id": None}
    with pytest.raises(PermissionDenied):
        deals.edit_deal(
            actor=seller, deal_id=mine.id, version=1, deal_type="retail", status="working", **handed_away
        )
    db.session.rollback()
    assert store_id in seller.store_ids
    with pytest.raises(NotFound):
        queries.get_deal(Actor(None, "nobody"), mine.id)
