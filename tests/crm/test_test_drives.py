"""Test drives: no licence no keys, one car with one customer, back after out, and what it does to the lead."""

import re
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.core import clock
from app.core.db import db, tenant, transaction
from app.core.db.ids import to_public
from app.core.errors import FieldClosed, Invalid, PermissionDenied, Stale
from app.core.guard.erasing import erase_subject
from app.core.guard.models import AuditEntry
from app.crm import errors
from app.crm.models import Activity, Lead, TestDrive
from app.crm.operations import test_drives
from app.crm.queries.test_drives import licence_number_of
from app.crm.rules.test_drives import DriveState, is_valid, state_of
from app.inventory.models import OdometerReading, Vehicle
from app.inventory.operations import units
from tests.factories.inventory import SYSTEM, make_unit, make_vehicle
from tests.factories.leads import make_lead
from tests.factories.pages import post
from tests.factories.sales import make_customer
from tests.factories.test_drives import make_test_drive
from tests.fixtures.people import find_user
from tests.fixtures.programs import Program, make_key

THREADS = 16


def act(operation, drive, **values):
    with transaction():
        return operation(**{"actor": SYSTEM, "test_drive_id": drive.id, **values})


def today():
    return clock.today("America/New_York")


def test_where_a_drive_stands():
    now = clock.now()
    assert state_of(None, None, None) is DriveState.PLANNED
    assert state_of(now, None, None) is DriveState.OUT
    assert state_of(now, now, None) is DriveState.BACK
    assert state_of(None, None, now) is DriveState.CANCELLED


def test_a_licence_is_valid_on_its_last_day():
    day = today()
    assert is_valid(None, day)
    assert is_valid(day, day)
    assert not is_valid(day - timedelta(days=1), day)


def test_nobody_goes_out_without_a_licence_that_was_seen_and_is_valid(stores):
    drive = make_test_drive(stores[0])
    with pytest.raises(errors.LicenceNotChecked):
        act(test_drives.go_out, drive)
    with pytest.raises(Invalid):
        act(test_drives.check_licence, drive, valid_until=today() - timedelta(days=1))
    seen = act(test_drives.check_licence, drive, valid_until=today())
    with transaction():
        seen.licence_valid_until = today() - timedelta(days=1)
    with pytest.raises(errors.LicenceExpired):
        act(test_drives.go_out, drive)
    act(test_drives.check_licence, drive, valid_until=today() + timedelta(days=1))
    assert act(test_drives.go_out, drive).out_at is not None
    assert act(test_drives.go_out, drive, version=1).out_at == db.session.get(TestDrive, drive.id).out_at


def test_a_car_is_with_one_customer_at_a_time(stores):
    unit, seller = make_unit(stores[0]), find_user("salesperson")
    first = make_test_drive(stores[0], seen=True, stock_unit_id=unit.id, salesperson_id=seller.id)
    second = make_test_drive(stores[0], seen=True, stock_unit_id=unit.id)
    act(test_drives.go_out, first)
    with pytest.raises(errors.UnitIsOut) as refused:
        act(test_drives.go_out, second)
    assert refused.value.params["name"] == seller.name
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", refused.value.params["since"])
    with pytest.raises(IntegrityError, match="uq_crm_test_drives_out"), transaction():
        db.session.get(TestDrive, second.id).out_at = clock.now()
        db.session.flush()
    act(test_drives.come_back, first)
    assert act(test_drives.go_out, second).out_at is not None


def test_of_many_who_take_one_car_at_once_one_gets_it(app, alpha, stores):
    unit = make_unit(stores[0])
    ids = [make_test_drive(stores[0], seen=True, stock_unit_id=unit.id).id for _ in range(THREADS)]
    start, out, refused, failures = Barrier(THREADS), [], [], []

    def take(key):
        with app.app_context(), tenant(alpha.id):
            start.wait(60)
            while True:
                try:
                    with transaction():
                        test_drives.go_out(actor=SYSTEM, test_drive_id=key)
                except (PoolTimeout, OperationalError):
                    continue  # More of them than connections: whoever found none asks again.
                except errors.UnitIsOut:
                    refused.append(key)
                except Exception as error:
                    failures.append(error)
                else:
                    out.append(key)
                return

    threads = [Thread(target=take, args=(key,)) for key in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failures == []
    assert (len(out), len(refused)) == (1, THREADS - 1)
    query = select(TestDrive.id).where(TestDrive.stock_unit_id == unit.id, TestDrive.out_at.is_not(None))
    assert db.session.scalars(query).all() == out


def test_back_after_out_alone_and_the_lead_has_visited(stores):
    lead = make_lead(stores[0])
    drive = make_test_drive(stores[0], seen=True, customer_id=lead.customer_id, lead_id=lead.id)
    with pytest.raises(errors.DriveNotOut):
        act(test_drives.come_back, drive)
    act(test_drives.go_out, drive)
    assert db.session.get(Lead, lead.id, populate_existing=True).status == "new"
    with pytest.raises(errors.DriveUnderWay):
        act(test_drives.cancel_test_drive, drive)
    back = act(test_drives.come_back, drive, note="Liked it")
    assert (back.note, back.back_at >= back.out_at) == ("Liked it", True)
    again = act(test_drives.come_back, drive, note="Twice")
    assert again.note == "Liked it"
    assert db.session.get(Lead, lead.id, populate_existing=True).status == "visited"
    deeds = db.session.scalars(select(Activity.type).where(Activity.customer_id == lead.customer_id)).all()
    assert deeds == ["test_drive"]
    with pytest.raises(errors.DriveIsOver):
        act(test_drives.go_out, drive)


def test_the_odometer_is_guarded_and_its_readings_are_kept(stores):
    vehicle = make_vehicle(odometer=41_000, odometer_unit="mi")
    unit = make_unit(stores[0], vehicle)
    drive = make_test_drive(stores[0], seen=True, stock_unit_id=unit.id)
    with pytest.raises(Invalid) as refused:
        act(test_drives.go_out, drive, odometer=40_000)
    assert [(one.field, one.code) for one in refused.value.errors] == [("reason", "lower_reading")]
    with pytest.raises(Invalid) as refused:
        act(test_drives.go_out, drive, odometer=-1)
    assert [one.field for one in refused.value.errors] == ["odometer"]
    act(test_drives.go_out, drive, odometer=40_900, reason="Typing error")
    act(test_drives.come_back, drive, odometer=40_912)
    query = select(OdometerReading.reading).where(OdometerReading.vehicle_id == vehicle.id)
    assert db.session.scalars(query.order_by(OdometerReading.id)).all() == [41_000, 40_900, 40_912]
    assert db.session.get(Vehicle, vehicle.id, populate_existing=True).odometer == 40_912
    found = db.session.get(TestDrive, drive.id, populate_existing=True)
    assert (found.odometer_out, found.odometer_back, found.odometer_unit) == (40_900, 40_912, "mi")


def test_called_off_and_put_off(stores):
    drive = make_test_drive(stores[0])
    later = drive.planned_at + timedelta(days=1)
    moved = act(test_drives.edit_test_drive, drive, version=drive.version, planned_at=later, note="Two seats")
    assert (moved.planned_at, moved.note) == (later, "Two seats")
    with pytest.raises(Stale):
        act(test_drives.edit_test_drive, drive, version=1, planned_at=later)
    act(test_drives.cancel_test_drive, drive)
    assert act(test_drives.cancel_test_drive, drive).cancelled_at is not None
    with pytest.raises(errors.DriveIsOver):
        act(test_drives.check_licence, drive)


def test_a_lead_of_somebody_else_and_a_stranger_are_refused(stores):
    lead = make_lead(stores[0])
    with pytest.raises(Invalid):
        make_test_drive(stores[0], lead_id=lead.id)
    with pytest.raises(Invalid):
        make_test_drive(stores[0], salesperson_id=lead.id)


def test_a_salesperson_sees_the_stores_drives_and_acts_on_his_own(stores, actor, alpha):
    seller = actor(alpha, "salesperson")
    own = make_test_drive(stores[0], actor=seller)
    assert own.salesperson_id == seller.user_id
    act(test_drives.check_licence, own, actor=seller)
    with pytest.raises(FieldClosed):
        act(test_drives.check_licence, own, actor=seller, number="D123")
    with pytest.raises(PermissionDenied):
        act(test_drives.cancel_test_drive, make_test_drive(stores[0]), actor=seller)


def test_a_sold_vehicle_is_neither_offered_nor_driven(client_for, alpha, stores):
    sold, held = make_unit(stores[0], make_vehicle(model="Zafira")), make_unit(stores[0], make_vehicle(model="Zafira"))
    drive = make_test_drive(stores[0], seen=True, stock_unit_id=sold.id)
    for unit, status in ((sold, "sold"), (held, "on_hold")):
        with transaction():
            units.move_status(actor=SYSTEM, unit_id=unit.id, version=unit.version, status=status)
    with pytest.raises(errors.UnitIsSold):
        make_test_drive(stores[0], stock_unit_id=sold.id)
    with pytest.raises(errors.UnitIsSold):
        act(test_drives.go_out, drive)
    act(test_drives.cancel_test_drive, drive)
    assert make_test_drive(stores[0], stock_unit_id=held.id).stock_unit_id == held.id
    client = client_for(alpha, "sales_manager")
    ids = [to_public("unit", unit.id) for unit in (sold, held)]
    offered = post(client, "/test-drives/new", unit_search="Zafira").text
    assert [key in offered for key in ids] == [False, True]
    for unit, there in ((sold, False), (held, True)):
        page = client.get(f"/vehicles/{to_public('veh', unit.vehicle_id)}").text
        assert (f"/test-drives/new?unit={to_public('unit', unit.id)}" in page) is there
    program = Program(client_for(alpha, None), make_key("sales_manager"))
    body = {"customer_id": to_public("cus", drive.customer_id), "stock_unit_id": ids[0]}
    refused = program.post("/test-drives", {**body, "planned_at": "2030-01-01T10:00:00Z"})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "unit_sold")


def test_an_erased_person_leaves_neither_number_nor_note(stores):
    drive = make_test_drive(stores[0], note="rings from the coast")
    act(test_drives.check_licence, drive, number="LIC-ZQ-5510", valid_until=today())
    found = db.session.get(TestDrive, drive.id, populate_existing=True)
    assert licence_number_of(found) == "LIC-ZQ-5510"
    assert "5510" not in (found.licence_number_masked or "")
    told = db.session.scalars(select(AuditEntry.changes).where(AuditEntry.record_id == drive.id)).all()
    assert "ZQ-5510" not in str(told)
    with transaction():
        erase_subject(SYSTEM, drive.customer_id, "customer")
    found = db.session.get(TestDrive, drive.id, populate_existing=True)
    assert (found.licence_number_enc, found.licence_number_masked) == (None, None)
    assert (found.note, found.licence_valid_until) == ("", None)


def test_three_presses_from_the_vehicle_and_two_on_the_phone(client_for, alpha, stores):
    client, unit = client_for(alpha, "sales_manager"), make_unit(stores[0])
    lead = make_lead(stores[0], "Tess Ride", stock_unit_id=unit.id)
    page = client.get(f"/vehicles/{to_public('veh', unit.vehicle_id)}").text
    first = re.search(r'href="(/test-drives/new\?unit=unit_\w+)"', page)[1]
    who = client.get(first).text
    second = re.search(r'href="(/test-drives/new\?[^"]+)">Tess Ride', who)[1].replace("&amp;", "&")
    slots = client.get(second).text
    slot = re.search(r'name="planned_at" value="([^"]+)"', slots)[1]
    made = post(client, "/test-drives", stock_unit_id=unit.id, customer_id=lead.customer_id, planned_at=slot)
    assert made.status_code == 303
    drive = db.session.scalars(select(TestDrive).where(TestDrive.stock_unit_id == unit.id)).one()
    assert (drive.lead_id, made.location) == (lead.id, f"/test-drives/{to_public('tdr', drive.id)}")
    assert f'action="{made.location}/licence"' in client.get(made.location).text
    assert post(client, f"{made.location}/out").status_code == 409
    assert post(client, f"{made.location}/licence", valid_until="2001-01-01").status_code == 422
    assert post(client, f"{made.location}/licence", valid_until="").status_code == 303
    assert post(client, f"{made.location}/out", odometer="500").status_code == 303
    assert "Tess Ride" in client.get("/test-drives?view=out").text
    lower = post(client, f"{made.location}/back", odometer="400")
    assert lower.status_code == 422
    assert 'name="reason"' in lower.text
    assert post(client, f"{made.location}/back", odometer="512", note="Wants it").status_code == 303
    assert "Wants it" in client.get(made.location).text
    assert "Tess Ride" not in client.get("/test-drives?view=out").text
    assert made.location in client.get(f"/leads/{to_public('lead', lead.id)}").text


def test_a_customer_is_found_by_name_and_never_in_an_address(client_for, alpha, stores):
    client, unit = client_for(alpha, "sales_manager"), make_unit(stores[0])
    make_customer(stores[0], "Wanda Wheel")
    key = to_public("unit", unit.id)
    found = post(client, "/test-drives/new", unit=key, customer_search="wanda w")
    assert "Wanda Wheel" in found.text
    assert "customer_search=" not in found.text
    number = post(client, "/test-drives/new", unit_search=unit.stock_number).text
    assert f"unit={key}" in number


def test_over_the_api(client_for, alpha, stores):
    program = Program(client_for(alpha, None), make_key("tenant_admin"))
    unit = make_unit(stores[0])
    body = {
        "customer_id": to_public("cus", make_customer(stores[0]).id), "stock_unit_id": to_public("unit", unit.id),
        "planned_at": "2026-12-01T15:00:00Z",
    }  # fmt: skip
    made = program.post("/test-drives", body)
    assert made.status_code == 201
    path = f"/test-drives/{made.get_json()['id']}"
    refused = program.post(f"{path}/out", {})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "licence_not_checked")
    seen = program.post(f"{path}/check-licence", {"valid_until": "2031-05-31", "number": "LIC-778899"}).get_json()
    assert seen["licence_valid_until"] == "2031-05-31"
    assert "778899" not in seen["licence_number_masked"]
    assert program.post(f"{path}/out", {"odometer": 100}).get_json()["odometer_out"] == 100
    other = program.post("/test-drives", body).get_json()["id"]
    program.post(f"/test-drives/{other}/check-licence", {})
    taken = program.post(f"/test-drives/{other}/out", {})
    assert (taken.status_code, taken.get_json()["code"]) == (409, "unit_is_out")
    back = program.post(f"{path}/back", {"odometer": 112, "note": "Fine"}).get_json()
    assert (back["odometer_back"], back["note"], back["back_at"] is None) == (112, "Fine", False)
    assert program.post(f"/test-drives/{other}/cancel", {}).get_json()["cancelled_at"] is not None
