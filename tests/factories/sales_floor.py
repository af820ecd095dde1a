"""What the tests of the price metric do to deals, through the operations the pages use."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import select

from app.core.db import db, transaction
from app.core.guard.permissions import system_actor
from app.insights.models import SaleEntry, SalesAverage
from app.insights.operations import metrics
from app.insights.rules import MetricName
from app.inventory import queries as inventory
from app.inventory.operations import units, vehicles
from app.sales import queries as sales
from app.sales.operations import deals, delivery, removal
from app.tenants.models import Store

SYSTEM = system_actor("test")
METRIC = MetricName.AVERAGE_SELLING_PRICE
MODELS = (("Ford", "Focus"), ("Ford", "Fiesta"), ("Škoda", "Octavia"))


def store_ids():
    return db.session.scalars(select(Store.id).order_by(Store.code)).all()


def sell(model, price, on, *, store=0, deal_type="retail", discount=Decimal(0), delivered=True):
    """Record the sale of a fresh car on `on`; returns the deal's id."""
    make, name = MODELS[model]
    with transaction():
        car = vehicles.add_vehicle(actor=SYSTEM, make=make, model=name)
        unit = units.stock_in_unit(
            actor=SYSTEM, vehicle_id=car.id, store_id=store_ids()[store], acquired_on=date(2024, 1, 1)
        )
        return deals.record_deal(
            actor=SYSTEM,
            stock_unit_id=unit.id,
            price=price,
            discount=discount,
            deal_type=deal_type,
            sold_on=on,
            delivered_on=on if delivered else None,
        ).id


def correct(deal_id, **changes):
    """Correct some fields of a deal, as the form does: the others are sent as they were."""
    with transaction():
        deal = sales.get_deal(SYSTEM, deal_id)
        names = ("price", "discount", "customer_id", "salesperson_id", "deal_type", "status", "sold_on", "delivered_on")
        kept = {name: getattr(deal, name) for name in names}
        deals.edit_deal(actor=SYSTEM, deal_id=deal_id, version=deal.version, **{**kept, **changes})


def unwind(deal_id):
    """Take a delivered deal back on the day of its delivery."""
    with transaction():
        deal = sales.get_deal(SYSTEM, deal_id)
        delivery.unwind_deal(
            actor=SYSTEM, deal_id=deal_id, version=deal.version, reason="test", unwound_on=deal.delivered_on
        )


def remove(deal_id):
    """Delete a deal as the undo of an import does."""
    with transaction():
        removal.delete_deal(actor=SYSTEM, deal_id=deal_id, undo=True)


def rename(deal_id, model):
    """Correct the model of the car that was sold."""
    make, name = MODELS[model]
    with transaction():
        unit = inventory.unit_info(SYSTEM, sales.get_deal(SYSTEM, deal_id).stock_unit_id)
        car = inventory.get_vehicle(SYSTEM, unit.vehicle_id)
        vehicles.edit_vehicle(
            actor=SYSTEM,
            vehicle_id=car.id,
            version=car.version,
            vin=None,
            vin_override_reason=None,
            plate=None,
            make=make,
            model=name,
        )


def refresh():
    """The task that takes in what changed."""
    with transaction():
        metrics.refresh_metrics()


def recompute():
    """The nightly task; how many averages had been wrong."""
    with transaction():
        return metrics.recompute_metric(METRIC)


def averages():
    """The stored averages: (make, model, month, type, store) -> (sales, total)."""
    rows = db.session.execute(select(SalesAverage.__table__)).all()
    return {(r.make_key, r.model_key, r.month, r.deal_type, r.store_id): (r.sales, r.total) for r in rows}


def entries():
    """The stored entries of deals."""
    return {row.deal_id: tuple(row) for row in db.session.execute(select(SaleEntry.__table__))}
