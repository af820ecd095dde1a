"""Importing sales: vehicle, closed episode and delivered deal together, what is refused, and the way back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app.core.db import db, transaction
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import system_actor
from app.core.jobs.imports import failures
from app.insights.models import Due, SalesAverage
from app.insights.operations import metrics
from app.inventory.models import OdometerReading, StockUnit, Vehicle
from app.sales.models import Deal
from app.tenants.models import Store, User
from tests.factories.feeds import some_vin
from tests.factories.inventory import make_unit, make_vehicle
from tests.factories.pages import recorded
from tests.fixtures.importing import bring_in, undo

SYSTEM = system_actor("test")
HEAD = "vin,make,model,store,type,date,price"
pytestmark = pytest.mark.usefixtures("place")


def sales(*rows: str, head: str = HEAD) -> str:
    return "\n".join([head, *rows])


def codes_of(made) -> dict[int, list[str]]:
    return {
        row.row_no: [f"{e['field']}:{e['code']}" for e in row.errors] for row in failures.failed_rows(SYSTEM, made.id)
    }


def count(table) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_a_sale_is_a_vehicle_a_closed_episode_and_a_delivered_deal():
    seller = db.session.scalars(select(User).where(User.name == "Salesperson")).one()
    head = f"{HEAD},discount,odometer,salesperson,stock,deal no,acquired,delivered,colour,new/used,plate"
    made = bring_in(
        sales(
            f"{some_vin(1).lower()},Kia,Sorento,S1,Retail,2024-03-01,\"20,000\",500,31000.0,salesperson,K1,D77,2024-01-02,"
            "2024-03-05,—,Certified,ABC 123",
            head=head,
        ),
        "sales",
    )  # fmt: skip
    assert made.counts == {"created": 1}
    deal, unit = db.session.scalars(select(Deal)).one(), db.session.scalars(select(StockUnit)).one()
    vehicle = db.session.scalars(select(Vehicle)).one()
    assert (deal.deal_type, deal.status, deal.sold_on, deal.delivered_on) == (
        "retail", "sold", date(2024, 3, 1), date(2024, 3, 5),
    )  # fmt: skip
    assert (deal.net_amount, deal.deal_number, deal.salesperson_id, deal.customer_id) == (
        Decimal(19500), "D77", seller.id, None,
    )  # fmt: skip
    assert (unit.status, unit.condition, unit.stock_number) == ("delivered", "certified", "K1")
    assert (unit.acquired_on, unit.closed_on, deal.stock_unit_id) == (date(2024, 1, 2), date(2024, 3, 5), unit.id)
    assert (vehicle.vin, vehicle.vin_raw, vehicle.vin_status) == (some_vin(1), some_vin(1).lower(), "valid")
    assert (vehicle.make_key, vehicle.colour, vehicle.odometer, vehicle.odometer_unit) == ("kia", None, 31000, "mi")
    assert vehicle.plate_enc is not None
    reading = db.session.scalars(select(OdometerReading)).one()
    assert (reading.read_on, reading.reading) == (date(2024, 3, 5), 31000)
    told = dict(db.session.execute(select(AuditEntry.action, AuditEntry.record_id)).all())
    assert (told["deal.create"], told["stock.create"], told["vehicle.create"]) == (deal.id, unit.id, vehicle.id)


def test_each_wrong_row_is_reported_by_its_fields_and_never_half_written():
    wrong = f"{some_vin(2)[:8]}{'1' if some_vin(2)[8] != '1' else '2'}{some_vin(2)[9:]}"
    made = bring_in(
        sales(
            f"{wrong},Kia,Rio,S1,retail,2024-01-01,1",
            "automatic,Kia,Rio,S1,retail,2024-01-01,1",
            f"{some_vin(3)[:16]}O,Kia,Rio,S1,retail,2024-01-01,1",
            f"{some_vin(4)},Kia,Rio,S1,retail,10500,1",
            f"{some_vin(5)},Kia,Rio,S1,retail,2024-01-01,cheap",
            f"{some_vin(6)},Kia,Rio,S1,retail,2099-01-01,1",
            f"{some_vin(7)},,,S9,swap,2024-01-01,-1",
            # A short chassis number is one, and so is none at all.
            "JZX100-0001234,Toyota,Mark II,S1,retail,2024-01-01,1",
            ",Toyota,Crown,S1,retail,2024-01-01,1",
            "WVWZZZ1KZ6W000001,VW,Golf,S1,retail,2024-01-01,1",
        ),
        "sales",
    )
    assert codes_of(made) == {
        1: ["vin:vin_check_digit"],
        2: ["vin:vin_unreadable"],
        3: ["vin:vin_letters"],
        4: ["sold_on:not_a_date"],
        5: ["price:not_a_number"],
        6: ["sold_on:in_future"],
        7: [
            "store:unknown_choice", "deal_type:unknown_choice", "price:negative_amount", "make:required",
            "model:required",
        ],
    }  # fmt: skip
    assert made.counts == {"created": 3, "failed": 7}
    assert (count(Deal), count(StockUnit), count(Vehicle)) == (3, 3, 3)
    assert sorted(str(row) for row in db.session.scalars(select(Vehicle.vin_status))) == [
        "None", "incomplete", "structure_only",
    ]  # fmt: skip


def test_days_and_amounts_that_contradict_each_other_are_refused():
    made = bring_in(
        sales(
            f"{some_vin(1)},Kia,Rio,S1,retail,2024-01-05,10,,2024-01-04,",
            f"{some_vin(2)},Kia,Rio,S1,retail,2024-01-05,10,,,2024-01-06",
            f"{some_vin(3)},Kia,Rio,S1,retail,2024-01-05,10,11,,",
            head=f"{HEAD},discount,delivered,acquired",
        ),
        "sales",
    )
    assert codes_of(made) == {
        1: ["delivered_on:before_sold"],
        2: ["acquired_on:before_acquired"],
        3: ["discount:price_not_possible"],
    }


def test_a_car_sold_twice_is_one_vehicle_with_two_episodes():
    vin = some_vin(1)
    made = bring_in(
        sales(f"{vin},Kia,Rio,S1,retail,2024-01-05,10", f"{vin},KIA,rio,S2,wholesale,2024-02-05,9"), "sales"
    )
    assert made.counts == {"created": 2}
    assert (count(Vehicle), count(StockUnit)) == (1, 2)
    assert bring_in(sales(f" {vin.lower()} ,x,y,S2,fleet,05 Feb 2024,9.00"), "sales").counts == {"duplicate": 1}


def test_a_car_that_was_in_stock_that_day_is_sold_by_its_own_unit():
    store = db.session.scalars(select(Store).where(Store.code == "S1")).one()
    unit = make_unit(store, make_vehicle(vin=some_vin(1)), acquired_on=date(2024, 1, 10))
    made = bring_in(
        sales(
            f"{some_vin(1)},Kia,Rio,S1,retail,2024-01-09,10",
            f"{some_vin(1)},Kia,Rio,S1,retail,2024-01-10,10",
        ),
        "sales",
    )
    assert made.counts == {"created": 1, "conflict": 1}
    refused = failures.failed_rows(SYSTEM, made.id)[0]
    assert refused.errors[0]["params"] == {"stock_number": unit.stock_number}


def test_numbers_that_are_taken_become_the_stores_next_own_ones():
    head = f"{HEAD},stock,deal no"
    first = sales(
        f"{some_vin(1)},Kia,Rio,S1,retail,2024-01-05,10,K1,7",
        f"{some_vin(2)},Kia,Rio,S1,retail,2024-01-05,10,K1,7",
        f"{some_vin(3)},Kia,Rio,S2,retail,2024-01-05,10,K1,7",
        f"{some_vin(4)},Kia,Rio,S1,retail,2024-01-05,10,S-2,D-2",
        f"{some_vin(5)},Kia,Rio,S1,retail,2024-01-05,10,,",
        head=head,
    )
    bring_in(first, "sales")
    bring_in(sales(f"{some_vin(6)},Kia,Rio,S1,retail,2024-01-05,10,K1,7", head=head), "sales")
    pairs = db.session.execute(
        select(Store.code, StockUnit.stock_number, Deal.deal_number)
        .join(StockUnit, StockUnit.store_id == Store.id)
        .join(Deal, Deal.stock_unit_id == StockUnit.id)
        .order_by(Deal.id)
    ).all()
    assert sorted(map(tuple, pairs)) == [
        ("S1", "K1", "7"), ("S1", "S-1", "D-1"), ("S1", "S-2", "D-2"), ("S1", "S-3", "D-3"), ("S1", "S-4", "D-4"),
        ("S2", "K1", "7"),
    ]  # fmt: skip


def averages() -> dict[str, tuple[int, Decimal]]:
    with transaction():
        metrics.refresh_metrics()
    rows = db.session.execute(select(SalesAverage.model_key, SalesAverage.sales, SalesAverage.total))
    return {row.model_key: (row.sales, row.total) for row in rows}


def test_the_metric_follows_the_import_and_its_undo():
    made = bring_in(
        sales(f"{some_vin(1)},Kia,Rio,S1,retail,2024-01-05,10", f"{some_vin(2)},Kia,Rio,S1,retail,2024-01-06,20"),
        "sales",
    )
    assert averages() == {"rio": (2, Decimal(30))}
    undo(made)
    assert averages() == {}
    assert count(Due) == 0


def test_undo_leaves_what_was_changed_and_what_others_use():
    vin = some_vin(1)
    first = bring_in(sales(f"{vin},Kia,Rio,S1,retail,2024-01-05,10", f"{some_vin(2)},Kia,Ceed,S1,retail,2024-01-05,10",
                           f"{some_vin(3)},Kia,Niro,S1,retail,2024-01-05,10"), "sales")  # fmt: skip
    second = bring_in(sales(f"{vin},Kia,Rio,S1,retail,2024-02-05,10"), "sales")
    with transaction():
        db.session.scalars(select(Vehicle).where(Vehicle.vin == some_vin(2))).one().colour = "red"
    undo(first)
    # The changed car stays with its sale; the other import's car stays without the first sale.
    assert first.counts == {"undone": 2, "created": 1}
    assert sorted(db.session.scalars(select(Vehicle.vin))) == sorted([vin, some_vin(2)])
    assert (count(Deal), count(StockUnit)) == (2, 2)
    undo(second)
    assert second.counts == {"undone": 1}


def test_a_thousand_rows_cost_a_few_statements():
    rows = [f"{some_vin(number)},Kia,Rio,S1,retail,2024-01-05,{number}" for number in range(1_000)]
    with recorded() as statements:
        bring_in(sales(*rows), "sales")
    # Everything: upload, mapping, start, the step and its end. Rows themselves go by COPY.
    assert len(statements) < 60
