"""Vehicles over the API."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select

from app.core.guard.permissions import Actor
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
    shows,
)
from app.core.http.api import queries as asked_by_post
from app.core.http.api.expansions import part_of_row
from app.core.http.api.operations import OF_LISTS, OF_RECORDS
from app.core.http.sessions import current_actor
from app.inventory import queries
from app.inventory.api.shapes import (
    DecodedSchema,
    NewReading,
    NewVehicle,
    ReadingListSchema,
    UnitBesideSchema,
    VehicleFields,
    VehicleSchema,
    VinBody,
)
from app.inventory.lists import VEHICLES
from app.inventory.models import StockUnit, Vehicle
from app.inventory.operations import odometers, removal, vehicles
from app.inventory.queries import likeness

bp = ApiBlueprint("vehicles", "Cars as built, in stock or not.")

EDITED = (
    "vin", "vin_override_reason", "make", "model", "trim", "model_year", "body", "colour", "interior_colour",
    "transmission", "fuel",
)  # fmt: skip
EXAMPLE = {"vin": "1FAHP3K2XCL123456", "make": "Ford", "model": "Focus"}
VIN_EXAMPLE = {"vin": "1FAHP3K2XCL123456"}
READING_EXAMPLE = {"reading": 52300, "unit": "mi"}


def _whole(actor: Actor) -> Select[Any]:
    return VEHICLES.source(actor).add_columns(
        *(Vehicle.vin_status, Vehicle.vin_override_reason, Vehicle.body, Vehicle.colour, Vehicle.interior_colour),
        *(Vehicle.transmission, Vehicle.fuel, Vehicle.updated_at, StockUnit.id.label("stock_unit_id")),
    )


VEHICLE = ApiRecord(
    name="vehicle",
    path="vehicles",
    spec=VEHICLES,
    schema=VehicleSchema,
    source=_whole,
    names={
        "created_at": "created",
        "model_year": "year",
        "store_id": "store",
        "asking_price": "price",
        "days_in_stock": "days",
        "acquired_on": "acquired",
    },
    expands={"stock_unit": part_of_row("stock_unit_id", UnitBesideSchema)},
    edits=EDITED,
)


@bp.route("/vehicles", methods=["GET"])
@require("vehicle.see")
@lists(VEHICLE)
def list_vehicles():
    """List vehicles"""
    return answer_list(VEHICLE)


@bp.route("/vehicles/query", methods=["POST"])
@require("vehicle.see")
@asked_by_post(VEHICLE)
def query_vehicles():
    """List vehicles by personal values, such as the plate"""
    return answer_query(VEHICLE)


@bp.route("/vehicles/decode-vin", methods=["POST"])
@require("vehicle.create")
@documented(body=VinBody, example=VIN_EXAMPLE, gives={200: DecodedSchema}, problems=(415, 422, *OF_LISTS))
def decode_vin():
    """Read what a VIN tells, and which known vehicle has it"""
    told = likeness.told_by(current_actor(), load_body(VinBody)["vin"])
    return answer(DecodedSchema().dump(told))


@bp.route("/vehicles", methods=["POST"])
@require("vehicle.create")
@creates(VEHICLE, NewVehicle, EXAMPLE)
def create_vehicle():
    """Add a vehicle"""
    data = load_body(NewVehicle)
    return created(VEHICLE, lambda: _create(data))


@bp.route("/vehicles/batch", methods=["POST"])
@require("vehicle.see")
@batches(VEHICLE, EXAMPLE)
def batch_vehicles():
    """Add, correct and delete up to 100 vehicles"""
    return answer_batch(VEHICLE, NewVehicle, VehicleFields, create=_create, edit=_edit, delete=_delete)


@bp.route("/vehicles/<vehicle_id>", methods=["GET"])
@require("vehicle.see")
@shows(VEHICLE)
def show_vehicle(vehicle_id: str):
    """Read a vehicle"""
    return answer_one(VEHICLE, vehicle_id)


@bp.route("/vehicles/<vehicle_id>", methods=["PATCH"])
@require("vehicle.edit")
@patches(VEHICLE, VehicleFields, {"colour": "Silver"})
def edit_vehicle(vehicle_id: str):
    """Correct a vehicle"""
    return patch_record(VEHICLE, vehicle_id, VehicleFields, _edit)


@bp.route("/vehicles/<vehicle_id>", methods=["DELETE"])
@require("vehicle.delete")
@deletes(VEHICLE)
def delete_vehicle(vehicle_id: str):
    """Delete a vehicle that was never in stock"""
    return delete_record(VEHICLE, vehicle_id, _delete)


@bp.route("/vehicles/<vehicle_id>/odometer-readings", methods=["GET"])
@require("vehicle.see")
@documented(gives={200: ReadingListSchema}, problems=OF_RECORDS)
def list_readings(vehicle_id: str):
    """List the odometer readings of a vehicle"""
    readings = queries.list_odometer_readings(VEHICLE.reach(vehicle_id))
    return answer(ReadingListSchema().dump({"data": readings}))


@bp.route("/vehicles/<vehicle_id>/odometer-readings", methods=["POST"])
@require("vehicle.edit")
@acts(VEHICLE, NewReading, READING_EXAMPLE)
def record_odometer(vehicle_id: str):
    """Add an odometer reading"""
    key, actor = VEHICLE.reach(vehicle_id), current_actor()
    data = load_body(NewReading)
    return acted(VEHICLE, key, lambda: odometers.record_odometer(actor=actor, vehicle_id=key, **data))


def _create(data: Mapping[str, Any]) -> uuid.UUID:
    values = dict(data)
    if values["vin"] and not (values["make"] and values["model"] and values["model_year"]):
        told = likeness.told_by(current_actor(), values["vin"])
        found = {"make": told.make, "model": told.model, "model_year": told.model_year}
        values |= {name: value for name, value in found.items() if not values[name]}
    return vehicles.add_vehicle(actor=current_actor(), **values).id


def _edit(key: uuid.UUID, version: int, values: Mapping[str, Any], sent: Mapping[str, Any]) -> None:
    actor = current_actor()
    kept = queries.get_vehicle(actor, key)
    known = dict(values)
    if "vin" not in sent:
        # As it was typed, which the record shows in one form.
        known["vin"] = kept.vin_raw
    if "plate" not in sent:
        known["plate"] = queries.plate_of(kept)
    vehicles.edit_vehicle(actor=actor, vehicle_id=key, version=version, **known)


def _delete(key: uuid.UUID, version: int | None) -> None:
    removal.delete_vehicle(actor=current_actor(), vehicle_id=key, version=version)
