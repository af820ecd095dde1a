"""Drives that are entered afterwards: at their own time, in order, and never one still to come."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.db import db, transaction
from app.core.errors import Invalid
from app.core.guard.models import AuditEntry
from app.crm import errors
from app.crm.models import Activity, Lead, TestDrive
from app.crm.operations.past_drives import log_test_drive
from app.inventory.operations import units
from tests.factories.inventory import SYSTEM, make_unit
from tests.factories.leads import make_lead
from tests.factories.sales import make_customer


def log(store, out_at, back_at, **values):
    customer_id = values.pop("customer_id", None) or make_customer(store).id
    unit_id = values.pop("unit_id", None) or make_unit(store).id
    with transaction():
        return log_test_drive(
            actor=SYSTEM, customer_id=customer_id, stock_unit_id=unit_id, out_at=out_at, back_at=back_at, **values
        )


def test_it_enters_the_timeline_at_its_own_time_and_its_lead_has_visited(stores):
    lead = make_lead(stores[0])
    out = clock.now() - timedelta(days=3)
    drive = log(stores[0], out, out + timedelta(minutes=25), customer_id=lead.customer_id, lead_id=lead.id)
    deeds = db.session.scalars(select(Activity).where(Activity.customer_id == lead.customer_id)).all()
    assert [(deed.type, deed.at) for deed in deeds] == [("test_drive", out)]
    assert db.session.get(Lead, lead.id, populate_existing=True).status == "visited"
    assert (drive.planned_at, drive.out_at, drive.licence_checked_at) == (out, out, out)
    told = db.session.scalars(select(AuditEntry.action).where(AuditEntry.record_id == drive.id).order_by(AuditEntry.id))
    assert told.all() == ["test_drive.create", "test_drive.back"]


def test_a_drive_still_to_come_or_back_before_it_went_is_refused(stores):
    now, known = clock.now(), set(db.session.scalars(select(TestDrive.id)))
    for out, back in ((now, now + timedelta(hours=1)), (now - timedelta(hours=1), now - timedelta(hours=2))):
        with pytest.raises(Invalid):
            log(stores[0], out, back)
    assert set(db.session.scalars(select(TestDrive.id))) == known


def test_a_unit_that_is_gone_is_driven_by_nobody(stores):
    gone, now = make_unit(stores[0]), clock.now()
    with transaction():
        units.move_status(
            actor=SYSTEM, unit_id=gone.id, version=gone.version, status="wholesaled", on=clock.today("America/New_York")
        )
    with pytest.raises(errors.UnitNotInStock):
        log(stores[0], now - timedelta(hours=2), now - timedelta(hours=1), unit_id=gone.id)
