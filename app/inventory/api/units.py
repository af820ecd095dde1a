"""Stock units over the API: corrected by patches, moved by verbs of their own."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from sqlalchemy import Select

from app.core.guard.permissions import Actor
from app.core.guard.policy import policy_for
from app.core.http.access import require
from app.core.http.api import (
    ApiBlueprint,
    ApiRecord,
    acted,
    acts,
    answer,
    answer_batch,
    answer_list,
    answer_one,
    answer_query,
    batches,
    created,
    creates,
    delete_record,
    deletes,
    documented,
    lists,
    load_body,
    patch_record,
    patches,
    refer,
    shows,
)
from app.core.http.api import queries as asked_by_post
from app.core.http.api.dumping import plan_for
from app.core.http.api.expansions import in_row, part_of_row
from app.core.http.api.operations import OF_RECORDS
from app.core.http.sessions import current_actor
from app.inventory import queries
from app.inventory.api.shapes import (
    NewUnit,
    PriceChangeSchema,
    PriceListSchema,
    StockUnitSchema,
    UnitFields,
    UnitMove,
    UnitPrice,
    UnitTransfer,
    VehicleBesideSchema,
)
from app.inventory.errors import MoveNotAllowed
from app.inventory.lists import UNITS
from app.inventory.models import StockUnit
from app.inventory.operations import removal, transfers, units
from app.inventory.rules.words import STATUS_LABELS
from app.tenants import queries as tenants

bp = ApiBlueprint("stock-units", "Vehicles in the hands of a store, past ones too.")

EDITED = ("stock_number", "condition", "acquired_on", "cost", "asking_price")
PRICE = {"amount": "31950.00", "currency": "USD"}
EXAMPLE = {"vehicle_id": "veh_…", "store_id": "store_…", "condition": "used", "asking_price": PRICE}


def _whole(actor: Actor) -> Select[Any]:
    return UNITS.source(actor).add_columns(StockUnit.created_at, StockUnit.updated_at)


UNIT = ApiRecord(
    name="stock_unit",
    path="stock-units",
    spec=UNITS,
    schema=StockUnitSchema,
    source=_whole,
    names={
        "model_year": "year",
        "store_id": "store",
        "asking_price": "price",
        "days_in_stock": "days",
        "acquired_on": "acquired",
    },
    expands={
        "vehicle": part_of_row("vehicle_id", VehicleBesideSchema),
        "store": in_row("store_id", "store", lambda row: row.store_name),
    },
    edits=EDITED,
)


@bp.route("/stock-units", methods=["GET"])
@require("stock.see")
@lists(UNIT)
def list_units():
    """List stock units"""
    return answer_list(UNIT)


@bp.route("/stock-units/query", methods=["POST"])
@require("stock.see")
@asked_by_post(UNIT)
def query_units():
    """List stock units by personal values, such as the plate"""
    return answer_query(UNIT)


@bp.route("/stock-units", methods=["POST"])
@require("stock.create")
@creates(UNIT, NewUnit, EXAMPLE)
def create_unit():
    """Take a vehicle into stock"""
    data = load_body(NewUnit)
    return created(UNIT, lambda: _create(data))


@bp.route("/stock-units/batch", methods=["POST"])
@require("stock.see")
@batches(UNIT, EXAMPLE)
def batch_units():
    """Take in, correct, price and delete up to 100 stock units"""
    return answer_batch(UNIT, NewUnit, UnitFields, create=_create, edit=_edit, delete=_delete)


@bp.route("/stock-units/<unit_id>", methods=["GET"])
@require("stock.see")
@shows(UNIT)
def show_unit(unit_id: str):
    """Read a stock unit"""
    return answer_one(UNIT, unit_id)


@bp.route("/stock-units/<unit_id>", methods=["PATCH"])
@require("stock.edit")
@patches(UNIT, UnitFields, {"condition": "certified"})
def edit_unit(unit_id: str):
    """Correct a stock unit; another price needs the right to set prices besides"""
    return patch_record(UNIT, unit_id, UnitFields, _edit)


@bp.route("/stock-units/<unit_id>", methods=["DELETE"])
@require("stock.delete")
@deletes(UNIT)
def delete_unit(unit_id: str):
    """Delete a stock unit that was entered by mistake"""
    return delete_record(UNIT, unit_id, _delete)


@bp.route("/stock-units/<unit_id>/move", methods=["POST"])
@require("stock.move")
@acts(UNIT, UnitMove, {"status": "on_hold"}, required=True)
def move_unit(unit_id: str):
    """Move a stock unit to another status"""
    key = UNIT.reach(unit_id)
    data = load_body(UnitMove)
    return acted(UNIT, key, lambda: _move(key, data), required=True)


@bp.route("/stock-units/<unit_id>/transfer", methods=["POST"])
@require("stock.edit")
@acts(UNIT, UnitTransfer, {"store_id": "store_…"}, required=True)
def transfer_unit(unit_id: str):
    """Hand a stock unit to another store"""
    key, actor = UNIT.reach(unit_id), current_actor()
    data = load_body(UnitTransfer)
    return acted(
        UNIT, key, lambda: transfers.move_to_store(actor=actor, unit_id=key, **_of_version(key, data)), required=True
    )


@bp.route("/stock-units/<unit_id>/price", methods=["POST"])
@require("stock.price")
@acts(UNIT, UnitPrice, {"asking_price": PRICE, "reason": "Spring sale"})
def price_unit(unit_id: str):
    """Change the asking price of a stock unit, with the reason"""
    key, actor = UNIT.reach(unit_id), current_actor()
    data = load_body(UnitPrice)
    return acted(UNIT, key, lambda: units.change_price(actor=actor, unit_id=key, **_of_version(key, data)))


@bp.route("/stock-units/<unit_id>/price-changes", methods=["GET"])
@require("stock.see")
@documented(gives={200: PriceListSchema}, problems=OF_RECORDS)
def list_price_changes(unit_id: str):
    """List the asking prices a stock unit has had"""
    rows = queries.list_price_changes(UNIT.reach(unit_id))
    if not rows:
        return answer({"data": []})
    plan = plan_for(PriceChangeSchema, list(rows[0]._fields), policy_for(current_actor()))
    return answer({"data": [plan.dump(row) for row in rows]})


def _create(data: Mapping[str, Any]) -> uuid.UUID:
    actor = current_actor()
    return refer(
        lambda: units.stock_in_unit(actor=actor, **data),
        store_id=lambda: tenants.get_store(data["store_id"]),
        vehicle_id=lambda: queries.get_vehicle(actor, data["vehicle_id"]),
    ).id


def _edit(key: uuid.UUID, version: int, values: Mapping[str, Any], sent: Mapping[str, Any]) -> None:
    actor, at = current_actor(), version
    if sent.keys() != {"asking_price"}:
        known = {name: values[name] for name in ("stock_number", "condition", "acquired_on")}
        # Who sees no cost sends none, and none must not be written over it.
        cost = {"cost": sent["cost"]} if "cost" in sent else {}
        at = units.edit_unit(actor=actor, unit_id=key, version=at, **known, **cost).version
    if "asking_price" in sent:
        units.change_price(actor=actor, unit_id=key, version=at, asking_price=sent["asking_price"])


def _delete(key: uuid.UUID, version: int | None) -> None:
    removal.delete_unit(actor=current_actor(), unit_id=key, version=version)


def _move(key: uuid.UUID, data: Mapping[str, Any]) -> None:
    try:
        units.move_status(actor=current_actor(), unit_id=key, **_of_version(key, data))
    except MoveNotAllowed as refusal:
        refusal.params = {name: gettext(STATUS_LABELS[value]) for name, value in refusal.params.items()}
        raise


def _of_version(key: uuid.UUID, data: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, with the version of the unit as it is now where none was."""
    if data["version"] is not None:
        return dict(data)
    return {**data, "version": queries.get_unit(current_actor(), key, lock=True).version}
