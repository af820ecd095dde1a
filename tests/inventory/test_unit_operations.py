"""Taking into stock, moving, pricing and ending episodes."""

from datetime import date
from decimal import Decimal
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from app.core.db import db, tenant, transaction
from app.core.errors import FieldClosed, Invalid, NotFound, PermissionDenied, Stale
from app.core.guard.permissions import Actor
from app.inventory import queries
from app.inventory.errors import MoveNotAllowed, StockNumberTaken, UnitIsClosed, VehicleAlreadyInStock
from app.inventory.models import OPEN_EPISODE, PriceChange, StockUnit
from app.inventory.operations import episodes, removal, units
from tests.factories.inventory import SYSTEM, make_unit, make_vehicle


def refused_fields(error):
    return {item.field: item.code for item in error.value.errors}


def move(unit, status, **values):
    with transaction():
        return units.move_status(actor=SYSTEM, unit_id=unit.id, version=unit.version, status=status, **values)


def price(unit, amount, **values):
    with transaction():
        return units.change_price(
            actor=SYSTEM, unit_id=unit.id, version=values.pop("version", unit.version), asking_price=amount, **values
        )


def test_numbers_are_given_out_per_store_and_never_twice(stores):
    make_unit(stores[1], stock_number="S-2")
    first, second = make_unit(stores[1]).stock_number, make_unit(stores[1]).stock_number
    assert (first, second) == ("S-1", "S-3")
    assert make_unit(stores[0], stock_number="S-2").stock_number == "S-2"
    with pytest.raises(StockNumberTaken):
        make_unit(stores[1], stock_number="S-1")


def test_amounts_are_rounded_half_up_at_entry(stores):
    unit = make_unit(stores[0], cost=Decimal("9000.005"), asking_price=Decimal("12000.994"))
    db.session.expire_all()
    assert (unit.cost, unit.asking_price, unit.currency) == (Decimal("9000.01"), Decimal("12000.99"), "USD")


def test_one_vehicle_many_episodes_one_open(stores):
    unit = make_unit(stores[0])
    vehicle = queries.get_vehicle(SYSTEM, unit.vehicle_id)
    with pytest.raises(VehicleAlreadyInStock) as error:
        make_unit(stores[1], vehicle)
    assert error.value.params == {"stock_number": unit.stock_number}
    move(unit, "wholesaled", on=date(2026, 2, 1))
    again = make_unit(stores[1], vehicle, acquired_on=date(2026, 3, 1))
    assert [row.id for row in queries.list_episodes(SYSTEM, vehicle.id)] == [again.id, unit.id]


def test_the_database_itself_holds_one_open_episode(stores):
    unit = make_unit(stores[0])
    copied = "version, vehicle_id, store_id, status, condition, currency, acquired_on"
    statement = text(
        f"INSERT INTO inventory_stock_units (id, stock_number, {copied}) "
        f"SELECT :new, 'copy', {copied} FROM inventory_stock_units WHERE id = :old"
    )
    with pytest.raises(IntegrityError, match=OPEN_EPISODE), transaction():
        db.session.execute(statement, {"new": uuid4(), "old": unit.id})


def test_the_violation_alone_names_the_unit(stores, monkeypatch):
    """Without the lock and the look beforehand, the database's refusal still becomes the same words."""
    unit = make_unit(stores[0])
    monkeypatch.setattr(units, "refuse_second_episode", lambda vehicle_id: None)
    with pytest.raises(VehicleAlreadyInStock) as error, transaction():
        units.stock_in_unit(actor=SYSTEM, vehicle_id=unit.vehicle_id, store_id=stores[1].id)
    assert error.value.params == {"stock_number": unit.stock_number}
    assert isinstance(error.value.__cause__, IntegrityError)


def test_two_people_stocking_one_vehicle_make_one_unit(app, alpha, stores):
    vehicle_id, store_ids = make_vehicle().id, [store.id for store in stores]
    start, outcomes = Barrier(2), []

    def stock_in(store_id):
        with app.app_context(), tenant(alpha.id):
            start.wait(timeout=20)
            try:
                with transaction():
                    unit = units.stock_in_unit(actor=SYSTEM, vehicle_id=vehicle_id, store_id=store_id)
                    outcomes.append(("in", unit.stock_number))
            except VehicleAlreadyInStock as error:
                outcomes.append(("refused", error.params["stock_number"]))

    threads = [Thread(target=stock_in, args=(store_id,)) for store_id in store_ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(kind for kind, _ in outcomes) == ["in", "refused"]
    assert len({number for _, number in outcomes}) == 1
    counted = select(func.count()).where(StockUnit.vehicle_id == vehicle_id, StockUnit.closed_on.is_(None))
    assert db.session.scalar(counted) == 1


def test_moves_follow_the_table_and_the_last_one_closes(stores):
    unit = make_unit(stores[0], status="in_transit")
    for status in ("in_recon", "available", "sold"):
        assert move(unit, status).status == status
    with pytest.raises(MoveNotAllowed):
        move(unit, "wholesaled")
    with pytest.raises(Invalid) as error:
        move(unit, "delivered", on=date(2026, 1, 9))
    assert refused_fields(error) == {"on": "before_acquired"}
    move(unit, "delivered", on=date(2026, 1, 20))
    assert unit.closed_on == date(2026, 1, 20)
    with pytest.raises(UnitIsClosed):
        move(unit, "available")


def test_stock_does_not_begin_sold_or_tomorrow(stores):
    with pytest.raises(Invalid) as error:
        make_unit(stores[0], status="sold", acquired_on=date(2100, 1, 1), cost=Decimal(-1))
    assert refused_fields(error) == {
        "status": "unknown_choice",
        "acquired_on": "in_future",
        "cost": "not_possible",
    }


def test_every_price_change_is_kept(stores):
    unit = make_unit(stores[0], asking_price=None)
    price(unit, Decimal("12000"), reason="ready")
    version = unit.version
    price(unit, Decimal("12000.00"))
    assert unit.version == version
    price(unit, Decimal("11500.005"), reason="60 days")
    price(unit, None)
    history = [(row.price_before, row.price_after, row.reason) for row in queries.list_price_changes(unit.id)]
    assert history == [
        (Decimal("11500.01"), None, None),
        (Decimal("12000"), Decimal("11500.01"), "60 days"),
        (None, Decimal("12000"), "ready"),
    ]
    with pytest.raises(Stale):
        price(unit, Decimal(1), version=version)
    with pytest.raises(Exception, match="permission denied"):
        db.session.execute(text("DELETE FROM inventory_price_changes"))
    db.session.rollback()


def test_a_unit_is_deleted_with_its_price_history(stores):
    unit = make_unit(stores[0])
    with transaction():
        removal.delete_unit(actor=SYSTEM, unit_id=unit.id, version=unit.version)
    assert db.session.get(StockUnit, unit.id) is None
    assert db.session.scalar(select(func.count()).where(PriceChange.stock_unit_id == unit.id)) == 0


def test_reopening_keeps_the_day_of_acquisition_and_is_refused_beside_another_episode(stores):
    unit = make_unit(stores[0])
    move(unit, "wholesaled", on=date(2026, 2, 1))
    with transaction():
        episodes.reopen(actor=SYSTEM, unit_id=unit.id)
    assert (unit.status, unit.closed_on, unit.acquired_on) == ("available", None, date(2026, 1, 10))
    move(unit, "wholesaled", on=date(2026, 2, 1))
    other = make_unit(stores[1], queries.get_vehicle(SYSTEM, unit.vehicle_id))
    with pytest.raises(VehicleAlreadyInStock) as error, transaction():
        episodes.reopen(actor=SYSTEM, unit_id=unit.id)
    assert error.value.params == {"stock_number": other.stock_number}


def test_a_store_scope_ends_at_the_store(stores):
    mine, theirs = make_unit(stores[0]), make_unit(stores[1])
    everything = ("see", "create", "edit", "delete", "move", "price")
    grants = {f"stock.{verb}": "store" for verb in everything} | {"vehicle.see": "all"}
    actor = Actor(uuid4(), "lot", grants=grants, store_ids=frozenset({stores[0].id}))
    with pytest.raises(NotFound):
        removal.delete_unit(actor=actor, unit_id=theirs.id)
    with pytest.raises(NotFound):
        units.move_status(actor=actor, unit_id=theirs.id, version=1, status="sold")
    with pytest.raises(PermissionDenied):
        units.stock_in_unit(actor=actor, vehicle_id=theirs.vehicle_id, store_id=stores[1].id)
    with pytest.raises(FieldClosed):
        units.edit_unit(
            actor=actor,
            unit_id=mine.id,
            version=mine.version,
            stock_number="X",
            condition="used",
            acquired_on=mine.acquired_on,
            cost=Decimal(1),
        )
    db.session.rollback()
    assert queries.get_unit(actor, mine.id).cost == Decimal(9000)
    assert queries.list_episodes(actor, theirs.vehicle_id) == []
