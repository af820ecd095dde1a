"""What sales and stock tell the rest of the house, in the transaction of the change."""

from datetime import date
from decimal import Decimal

import pytest

from app import wiring
from app.core.db import transaction
from app.core.jobs import events
from app.inventory.errors import VehicleAlreadyInStock
from app.inventory.events import UnitClosed, UnitMoved, UnitPriceChanged, UnitReopened, UnitStockedIn, VehicleChanged
from app.inventory.models import Vehicle
from app.inventory.operations.units import change_price
from app.inventory.operations.vehicles import edit_vehicle
from app.sales.events import DealChanged, DealDelivered, DealUnwound
from app.sales.operations import corrections, delivery, removal
from tests.factories.inventory import SYSTEM, make_unit, make_vehicle
from tests.factories.sales import make_deal

ALL = (
    UnitClosed,
    UnitMoved,
    UnitPriceChanged,
    UnitReopened,
    UnitStockedIn,
    VehicleChanged,
    DealChanged,
    DealDelivered,
    DealUnwound,
)
DAY, LATER = date(2026, 2, 3), date(2026, 3, 1)


@pytest.fixture
def heard(stores, monkeypatch):
    """The events of the test, in order, beside what the house does with them."""
    found = []
    wired = {kind: (found.append, *wiring.HANDLERS.get(kind, ())) for kind in ALL}
    monkeypatch.setattr(events, "_handlers", wired)
    return found


def test_the_life_of_a_unit_and_its_deal(stores, heard):
    deal = make_deal(stores[0])
    unit_id = deal.stock_unit_id
    assert [type(event) for event in heard] == [UnitStockedIn]
    heard.clear()
    with transaction():
        delivery.deliver_deal(actor=SYSTEM, deal_id=deal.id, version=deal.version, delivered_on=DAY)
    assert heard[-1] == DealDelivered(deal.id, unit_id, deal.store_id, "retail", DAY)
    assert [type(event) for event in heard] == [UnitClosed, DealDelivered]
    heard.clear()
    with transaction():
        delivery.unwind_deal(actor=SYSTEM, deal_id=deal.id, version=deal.version, unwound_on=LATER, reason="returned")
    unwound = DealUnwound(deal.id, unit_id, deal.store_id, LATER, DAY)
    assert heard == [UnitReopened(unit_id, heard[0].vehicle_id), unwound]


def test_a_correction_and_a_deletion_are_told(stores, heard):
    deal = make_deal(stores[0], delivered_on=DAY)
    heard.clear()
    with transaction():
        corrections.correct_deal(
            actor=SYSTEM, deal_id=deal.id, version=deal.version, price=Decimal(11000), discount=Decimal(0),
            customer_id=None, reason="a typing error",
        )  # fmt: skip
    with transaction():
        removal.delete_deal(actor=SYSTEM, deal_id=deal.id, undo=True)
    assert heard == [DealChanged(deal.id, deal.stock_unit_id, deal.store_id, True)] * 2


def test_prices_and_models_are_told_only_when_they_change(stores, heard):
    vehicle = make_vehicle(make="BMW", model="320i")
    unit = make_unit(stores[0], vehicle, asking_price=None)
    heard.clear()
    for price in (Decimal(100), Decimal("100.001")):
        with transaction():
            change_price(actor=SYSTEM, unit_id=unit.id, version=unit.version, asking_price=price)
    for model in ("320I", "330i"):
        with transaction():
            edit_vehicle(
                actor=SYSTEM, vehicle_id=vehicle.id, version=vehicle.version, vin=vehicle.vin, plate=None,
                vin_override_reason=None, make="BMW", model=model,
            )  # fmt: skip
    assert heard == [
        UnitPriceChanged(unit.id, None, Decimal(100)),
        VehicleChanged(vehicle.id, "bmw", "320i", "bmw", "330i"),
    ]


def test_a_handlers_error_takes_the_change_back(stores, monkeypatch):
    def refuse(event):
        raise VehicleAlreadyInStock(stock_number="none")

    vehicle: Vehicle = make_vehicle()
    with monkeypatch.context() as patch, pytest.raises(VehicleAlreadyInStock):
        patch.setattr(events, "_handlers", {UnitStockedIn: (refuse,)})
        make_unit(stores[0], vehicle)
    assert make_unit(stores[0], vehicle).stock_number
