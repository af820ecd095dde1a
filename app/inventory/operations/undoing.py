"""How changes of stock and vehicles are taken back; a price by another change of price, for its history only grows."""

from __future__ import annotations

from app.core.db import db
from app.core.errors import Stale
from app.core.guard import audit
from app.core.guard.permissions import Actor, check
from app.core.guard.undo import Payload, declare_undo
from app.core.jobs.events import publish
from app.core.lists import search
from app.inventory import queries
from app.inventory.errors import VehicleAlreadyInStock
from app.inventory.events import UnitMoved, UnitReopened
from app.inventory.operations import appraisals, removal, transfers, units, vehicles


def take_back_move(actor: Actor, payload: Payload) -> None:
    """Put a unit back to the status it was moved from, also where that ended its episode.

    The table of moves knows ways forward, so it is not asked. Raises VehicleAlreadyInStock when the vehicle has come
    back as another unit, and Stale; publishes UnitMoved or UnitReopened.
    """
    unit = queries.get_unit(actor, payload["id"], lock=True)
    check(actor, "stock.move", store_id=unit.store_id)
    if unit.version != payload["version"]:
        raise Stale
    status, closed_on = unit.status, unit.closed_on
    if closed_on is not None:
        queries.get_vehicle(actor, unit.vehicle_id, lock=True)
        other = queries.open_unit_of(unit.vehicle_id)
        if other is not None:
            raise VehicleAlreadyInStock(stock_number=other.stock_number)
    unit.status, unit.closed_on = payload["before"]["status"], None
    db.session.flush()
    changes = {"status": (status, unit.status), "closed_on": (closed_on, None)}
    audit.record(actor, "stock.move", "stock_unit", unit.id, changes=changes)
    if closed_on is not None:
        search.refresh("stock_unit", [unit.id])
        publish(UnitReopened(unit.id, unit.vehicle_id))
    else:
        publish(UnitMoved(unit.id, status, unit.status))


def _unit_edit(actor: Actor, payload: Payload) -> None:
    units.edit_unit(actor=actor, unit_id=payload["id"], version=payload["version"], **payload["before"])


def _price(actor: Actor, payload: Payload) -> None:
    units.change_price(actor=actor, unit_id=payload["id"], version=payload["version"], **payload["before"])


def _vehicle_edit(actor: Actor, payload: Payload) -> None:
    vehicles.edit_vehicle(actor=actor, vehicle_id=payload["id"], version=payload["version"], **payload["before"])


def _unit_delete(actor: Actor, payload: Payload) -> None:
    removal.restore_unit(actor=actor, row=payload["row"], prices=payload["prices"])


def _unit_transfer(actor: Actor, payload: Payload) -> None:
    transfers.move_to_store(actor=actor, unit_id=payload["id"], version=payload["version"], **payload["before"])


def _vehicle_delete(actor: Actor, payload: Payload) -> None:
    removal.restore_vehicle(actor=actor, row=payload["row"], readings=payload["readings"])


def _appraisal_edit(actor: Actor, payload: Payload) -> None:
    appraisals.edit_appraisal(actor=actor, appraisal_id=payload["id"], version=payload["version"], **payload["before"])


declare_undo("appraisal.edit", _appraisal_edit)
declare_undo("stock.edit", _unit_edit)
declare_undo("stock.price", _price)
declare_undo("stock.move", take_back_move)
declare_undo("stock.delete", _unit_delete)
declare_undo("stock.transfer", _unit_transfer)
declare_undo("vehicle.edit", _vehicle_edit)
declare_undo("vehicle.delete", _vehicle_delete)
