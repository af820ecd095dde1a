"""An erased buyer: what was written about him on his way from enquiry to delivery is found nowhere any more."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal

import pytest
from PIL import Image
from sqlalchemy import select, update

from app.core.clock import now, today
from app.core.db import db, tenant, transaction
from app.core.guard import words
from app.core.guard.erasing import erase_subject
from app.core.guard.masks import FULL
from app.core.guard.models import AuditEntry
from app.crm.operations import activities, follow_ups, leads, pipeline
from app.inventory.models import Photo
from app.inventory.operations import appraisals, photos
from app.inventory.operations.photos import Sent
from app.sales.models import Approval, Deal, Payment, TradeIn, Worksheet
from app.sales.operations import delivery, payments, trade_ins
from app.tenants.models import Store
from tests.factories.inventory import SYSTEM, make_vehicle
from tests.factories.sales import make_customer, make_deal
from tests.factories.test_drives import make_test_drive
from tests.fixtures import dumps
from tests.fixtures.dealerships import make_dealership

MARKER = "wombat-marker"
# Emptied beside what the ledger says of money, which stays.
LEDGER = {"sales_payments.reference", "sales_payments.reason"}


@pytest.fixture
def place(app):
    made = make_dealership(app, "buyers")
    with app.app_context(), tenant(made.id):
        yield made


def picture():
    target = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 20, 20)).save(target, "JPEG")
    return Sent("plate.jpg", target.getvalue())


def plant():
    """A buyer with a word of everybody who had to do with him, said where people say such words."""
    store = db.session.scalars(select(Store).order_by(Store.code)).first()
    buyer = make_customer(store)
    vehicle = make_vehicle()
    with transaction():
        activities.log_activity(actor=SYSTEM, customer_id=buyer.id, type="note", subject=MARKER, body=MARKER)
        kept = leads.create_lead(
            actor=SYSTEM, customer_id=buyer.id, channel="phone", wanted=MARKER, source_detail=MARKER
        )
        lost = leads.create_lead(actor=SYSTEM, customer_id=buyer.id, channel="phone", wanted=MARKER)
        pipeline.lose_lead(actor=SYSTEM, lead_id=lost.id, version=None, reason="price", note=MARKER)
        step = follow_ups.plan_follow_up(
            actor=SYSTEM, customer_id=buyer.id, kind="call", due_at=now() + timedelta(days=1), note=MARKER,
            lead_id=kept.id,
        )  # fmt: skip
        follow_ups.finish_follow_up(actor=SYSTEM, follow_up_id=step.id, outcome=MARKER)
        appraisal = appraisals.create_appraisal(actor=SYSTEM, vehicle_id=vehicle.id, store_id=store.id, note=MARKER)
        photos.add_photos(actor=SYSTEM, appraisal_id=appraisal.id, sent=[picture()], caption=MARKER)
    make_test_drive(store, customer_id=buyer.id, note=MARKER)
    deal = make_deal(store, customer_id=buyer.id, note=MARKER)
    with transaction():
        trade = trade_ins.add_trade(
            actor=SYSTEM, deal_id=deal.id, vehicle_id=vehicle.id, allowance=Decimal(900), lienholder=MARKER
        )
        paid = payments.take_payment(
            actor=SYSTEM, deal_id=deal.id, amount=Decimal(5), method="cash", reference=MARKER
        )
        payments.refund_payment(actor=SYSTEM, payment_id=paid.id, reason=MARKER, amount=Decimal(2))
        db.session.add(Worksheet(deal_id=deal.id, number=7, price=Decimal(12000)))
        db.session.add(
            Approval(
                deal_id=deal.id, state="declined", digest=b"x", price=Decimal(1), discount=Decimal(0), limits=[],
                measures={}, asked_at=now(), decided_at=now(),
            )
        )  # fmt: skip
        db.session.execute(update(TradeIn).where(TradeIn.id == trade.id).values(appraisal_id=appraisal.id))
    with transaction():
        # Also what is said seldom, and only on a certain way: every column that a room has declared.
        for name in words.declared_words():
            table, column = name.split(".")
            known = db.metadata.tables[table]
            db.session.execute(update(known).values({column: MARKER}))
    return buyer, deal


def test_what_was_written_about_a_buyer_is_found_nowhere(place):
    buyer, _ = plant()
    before = dumps.take(place)
    found = before.places_of(MARKER)
    # Every one of them was there to be found: who declares another column plants it above.
    assert words.declared_words() <= found
    assert {"opened core_audit.sealed", *LEDGER} <= found
    assert {name for name in found if not name.startswith("opened")} == words.declared_words() | LEDGER
    with transaction():
        assert erase_subject(SYSTEM, buyer.id, "customer").rows > 0
    after = dumps.take(place, keys=True)
    assert after.places_of(MARKER) == set()
    told = db.session.execute(select(Payment.signed_amount, Payment.reference, Payment.reason).order_by(Payment.id))
    assert [tuple(row) for row in told] == [(5, None, None), (-2, None, FULL)]
    # The copy from before opens no more of it either.
    assert {name for name in before.places_of(MARKER) if name.startswith("opened")} == set()
    assert db.session.scalars(select(Photo.id)).all() == []
    with transaction():
        assert erase_subject(SYSTEM, buyer.id, "customer").rows == 0


def test_what_was_written_about_others_stays(place):
    _, deal = plant()
    other = make_customer(db.session.scalars(select(Store).order_by(Store.code)).first(), "Lee Other")
    with transaction():
        erase_subject(SYSTEM, other.id, "customer")
    assert db.session.get_one(Deal, deal.id, populate_existing=True).note == MARKER
    assert len(db.session.scalars(select(Photo.id)).all()) == 1
    assert words.declared_words() <= dumps.take(place).places_of(MARKER)


def test_the_sale_of_an_erased_buyer_can_still_be_taken_back(place):
    store = db.session.scalars(select(Store).order_by(Store.code)).first()
    buyer = make_customer(store)
    deal = make_deal(store, customer_id=buyer.id, delivered_on=today(store.timezone))
    with transaction():
        erase_subject(SYSTEM, buyer.id, "customer")
    with transaction():
        delivery.unwind_deal(actor=SYSTEM, deal_id=deal.id, version=None, reason="The bank took it back")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "deal.unwind")).one()
    assert (entry.subject_id, entry.sealed is not None) == (None, True)
