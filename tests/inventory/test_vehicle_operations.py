"""Adding, correcting and deleting vehicles, and their odometer readings."""

from datetime import date

import pytest
from sqlalchemy import select, text

from app.core.db import db, transaction
from app.core.errors import Invalid, NotFound, PermissionDenied, Stale
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import Actor
from app.inventory import queries
from app.inventory.errors import VehicleExists, VehicleHasUnits
from app.inventory.models import OdometerReading, Vehicle
from app.inventory.operations.odometers import record_odometer
from app.inventory.operations.removal import delete_vehicle
from app.inventory.operations.vehicles import add_vehicle, edit_vehicle
from tests.factories.inventory import SYSTEM, make_unit, make_vehicle, new_vin

pytestmark = pytest.mark.usefixtures("in_alpha")

WRONG_CHECK = "1M8GDM9A1KP042788"


def add(**values):
    with transaction():
        return add_vehicle(actor=SYSTEM, **{"make": "Ford", "model": "Focus", **values})


def edit(vehicle, **values):
    given = {"vin": vehicle.vin_raw, "vin_override_reason": None, "plate": queries.plate_of(vehicle), **values}
    with transaction():
        return edit_vehicle(actor=SYSTEM, vehicle_id=vehicle.id, version=given.pop("version", vehicle.version), **given)


def refused_fields(error):
    return {item.field: item.code for item in error.value.errors}


def test_vin_and_plate_are_kept_as_typed_and_as_compared():
    number = new_vin()
    vehicle = add(
        vin=f" {number.lower()[:9]}-{number[9:]} ", plate="klo 7343", make="  Ford ", model="F-150\u3000Lariat"
    )
    db.session.expire_all()
    assert (vehicle.vin, vehicle.vin_status) == (number, "valid")
    assert vehicle.vin_raw == f"{number.lower()[:9]}-{number[9:]}"
    assert vehicle.vin_reversed == number[::-1]
    assert (vehicle.make, vehicle.model, vehicle.make_key, vehicle.model_key) == (
        "Ford",
        "F-150 Lariat",
        "ford",
        "f-150 lariat",
    )
    assert queries.plate_of(vehicle) == "klo 7343"
    assert vehicle.plate_index == queries.plate_token("KLO-7343")
    assert b"7343" not in vehicle.plate_enc
    assert "7343" not in vehicle.plate_masked


@pytest.mark.parametrize(
    ("number", "status"),
    [("ZRE142-9012345", "incomplete"), ("WVWZZZ1KZ8W123456", "structure_only"), (None, None)],
)
def test_numbers_that_are_no_north_american_vins_are_taken(number, status):
    assert add(vin=number).vin_status == status


@pytest.mark.parametrize(
    ("number", "code", "status"),
    [
        (WRONG_CHECK, "vin_check_digit", "structure_only"),
        ("1M8GDM9AXKPO42788", "vin_letters", "not_vin"),
        ("1M8GDM9AXKP0427889", "vin_unreadable", "not_vin"),
    ],
)
def test_a_wrong_number_needs_a_reason(number, code, status):
    with pytest.raises(Invalid) as error:
        add(vin=number)
    assert refused_fields(error) == {"vin": code}
    vehicle = add(vin=number, vin_override_reason="read from the frame")
    assert (vehicle.vin_status, vehicle.vin_override_reason) == (status, "read from the frame")


def test_every_bad_field_is_named_at_once():
    with pytest.raises(Invalid) as error:
        add(vin="1M8GDM9AXKPO42788", make=" ", model_year=1800, plate="?", odometer=-1, odometer_unit="feet")
    assert refused_fields(error) == {
        "vin": "vin_letters",
        "make": "required",
        "model_year": "not_possible",
        "plate": "plate_unreadable",
        "odometer": "not_possible",
        "odometer_unit": "unknown_choice",
    }


def test_a_full_vin_names_one_vehicle_and_a_short_number_does_not():
    number = new_vin()
    add(vin=number)
    with pytest.raises(VehicleExists):
        add(vin=number.lower())
    assert add(vin="ABC123").id != add(vin="ABC123").id
    assert queries.find_vehicle_by_vin(SYSTEM, number.lower()) is not None
    assert queries.find_vehicle_by_vin(SYSTEM, "ABC123") is None


def test_editing_checks_the_version_and_audits_what_changed():
    vehicle = make_vehicle(plate="KLO 7343", trim="SE")
    before = vehicle.version
    edit(vehicle, model="Fiesta", plate="HFA 2159")
    assert (vehicle.model, vehicle.model_key, vehicle.trim) == ("Fiesta", "fiesta", "SE")
    assert queries.plate_of(vehicle) == "HFA 2159"
    with pytest.raises(Stale):
        edit(vehicle, version=before, model="Mondeo")
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.record_id == vehicle.id, AuditEntry.action == "vehicle.edit")
    ).one()
    assert entry.changes == {"model": ["Focus", "Fiesta"]}
    assert entry.sealed is not None
    assert b"2159" not in entry.sealed


def test_the_same_plate_is_not_sealed_again():
    vehicle = make_vehicle(plate="KLO 7343")
    sealed = vehicle.plate_enc
    edit(vehicle, colour="Blue")
    assert vehicle.plate_enc == sealed
    edit(vehicle, plate=None)
    assert (vehicle.plate_enc, vehicle.plate_index, vehicle.plate_masked) == (None, None, None)


def test_a_vehicle_that_was_in_stock_is_not_deleted(stores):
    unit = make_unit(stores[0])
    with pytest.raises(VehicleHasUnits) as error, transaction():
        delete_vehicle(actor=SYSTEM, vehicle_id=unit.vehicle_id)
    assert error.value.params["stock_numbers"] == unit.stock_number


def test_deleting_takes_the_readings_along():
    vehicle = make_vehicle(odometer=100, odometer_unit="km")
    with transaction():
        delete_vehicle(actor=SYSTEM, vehicle_id=vehicle.id, version=vehicle.version)
    assert db.session.get(Vehicle, vehicle.id) is None
    assert db.session.scalars(select(OdometerReading).where(OdometerReading.vehicle_id == vehicle.id)).all() == []


def test_a_lower_reading_needs_a_reason_and_is_kept_beside_the_higher_one():
    vehicle = make_vehicle(odometer=60_000, odometer_unit="mi")
    with pytest.raises(Invalid) as error, transaction():
        record_odometer(actor=SYSTEM, vehicle_id=vehicle.id, reading=90_000, unit="km")
    assert refused_fields(error) == {"reason": "lower_reading"}
    with transaction():
        record_odometer(
            actor=SYSTEM, vehicle_id=vehicle.id, reading=90_000, unit="km", status="replaced", reason="new cluster"
        )
    assert (vehicle.odometer, vehicle.odometer_unit) == (90_000, "km")
    readings = queries.list_odometer_readings(vehicle.id)
    assert [(row.reading, row.unit, row.reason) for row in readings] == [
        (90_000, "km", "new cluster"),
        (60_000, "mi", None),
    ]


@pytest.mark.parametrize(
    "statement", ["UPDATE inventory_odometer_readings SET reading = 1", "DELETE FROM inventory_odometer_readings"]
)
def test_the_database_lets_nobody_change_a_reading(statement):
    with pytest.raises(Exception, match="permission denied"):
        db.session.execute(text(statement))
    db.session.rollback()


def test_a_reading_of_tomorrow_is_refused():
    vehicle = make_vehicle()
    with pytest.raises(Invalid) as error, transaction():
        record_odometer(actor=SYSTEM, vehicle_id=vehicle.id, reading=1, unit="km", read_on=date(2100, 1, 1))
    assert refused_fields(error) == {"read_on": "in_future"}


def test_operations_ask_for_the_right_again():
    vehicle = make_vehicle()
    nobody, reader = Actor(None, "nobody"), Actor(None, "reader", grants={"vehicle.see": "all"})
    with pytest.raises(NotFound):
        delete_vehicle(actor=nobody, vehicle_id=vehicle.id)
    with pytest.raises(PermissionDenied):
        delete_vehicle(actor=reader, vehicle_id=vehicle.id)
    with pytest.raises(PermissionDenied):
        add_vehicle(actor=reader, make="Ford", model="Focus")
    with pytest.raises(PermissionDenied):
        record_odometer(actor=reader, vehicle_id=vehicle.id, reading=1, unit="km")
    db.session.rollback()
