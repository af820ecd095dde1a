"""Appraisals over the API: figures by patches, and agreeing to them by verbs of their own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext
from sqlalchemy import Select

from app.core.guard.permissions import Actor
from app.core.http.access import require
from app.core.http.api import (
    ApiBlueprint,
    ApiRecord,
    acted,
    acts,
    answer_list,
    answer_one,
    created,
    creates,
    delete_record,
    deletes,
    lists,
    load_body,
    patch_record,
    patches,
    refer,
    shows,
)
from app.core.http.api.expansions import in_row, part_of_row
from app.core.http.api.schemas import VersionBody
from app.core.http.sessions import current_actor
from app.inventory import queries
from app.inventory.api.appraisal_shapes import AppraisalFields, AppraisalSchema, Declining, NewAppraisal
from app.inventory.api.shapes import VehicleBesideSchema
from app.inventory.errors import AppraisalMoveNotAllowed
from app.inventory.lists import APPRAISALS
from app.inventory.models import Appraisal
from app.inventory.operations import appraisals
from app.inventory.queries import appraisals as asking
from app.inventory.rules.words import APPRAISAL_LABELS
from app.tenants import queries as tenants

bp = ApiBlueprint("appraisals", "What cars were found to be worth, by whom, and until when.")

ACV = {"amount": "11000.00", "currency": "USD"}
EXAMPLE = {
    "vehicle_id": "veh_…", "store_id": "store_…", "acv": ACV,
    "condition": [{"area": "front", "finding": "minor", "note": "Stone chips"}],
    "comparables": [{"source": "Auction", "amount": "12500.00", "on": "2026-11-02"}],
}  # fmt: skip
EDITED = (
    "odometer", "odometer_unit", "condition", "comparables", "recon_estimate", "acv", "valid_until", "note",
)  # fmt: skip


def _whole(actor: Actor) -> Select[Any]:
    return APPRAISALS.source(actor).add_columns(
        Appraisal.condition, Appraisal.comparables, Appraisal.note, Appraisal.submitted_at, Appraisal.decided_by,
        Appraisal.decided_at, Appraisal.decline_reason,
    )  # fmt: skip


APPRAISAL = ApiRecord(
    name="appraisal",
    path="appraisals",
    spec=APPRAISALS,
    schema=AppraisalSchema,
    source=_whole,
    names={"store_id": "store", "appraiser_id": "appraiser", "vehicle_id": "vehicle", "valid_until": "valid"},
    expands={
        "vehicle": part_of_row("vehicle_id", VehicleBesideSchema),
        "store": in_row("store_id", "store", lambda row: row.store_name),
    },
    edits=EDITED,
)


@bp.route("/appraisals", methods=["GET"])
@require("appraisal.see")
@lists(APPRAISAL)
def list_appraisals():
    """List appraisals"""
    return answer_list(APPRAISAL)


@bp.route("/appraisals", methods=["POST"])
@require("appraisal.create")
@creates(APPRAISAL, NewAppraisal, EXAMPLE)
def create_appraisal():
    """Begin to appraise a vehicle"""
    data = load_body(NewAppraisal)
    return created(APPRAISAL, lambda: _create(data))


@bp.route("/appraisals/<appraisal_id>", methods=["GET"])
@require("appraisal.see")
@shows(APPRAISAL)
def show_appraisal(appraisal_id: str):
    """Read an appraisal"""
    return answer_one(APPRAISAL, appraisal_id)


@bp.route("/appraisals/<appraisal_id>", methods=["PATCH"])
@require("appraisal.edit")
@patches(APPRAISAL, AppraisalFields, {"note": "Winter tyres in the boot"})
def edit_appraisal(appraisal_id: str):
    """Correct an appraisal; other figures than those that were agreed to make it a draft again"""
    return patch_record(APPRAISAL, appraisal_id, AppraisalFields, _edit)


@bp.route("/appraisals/<appraisal_id>", methods=["DELETE"])
@require("appraisal.delete")
@deletes(APPRAISAL)
def delete_appraisal(appraisal_id: str):
    """Delete an appraisal nobody has decided on, with its photos"""
    return delete_record(APPRAISAL, appraisal_id, _delete)


@bp.route("/appraisals/<appraisal_id>/submit", methods=["POST"])
@require("appraisal.edit")
@acts(APPRAISAL, VersionBody, {})
def submit_appraisal(appraisal_id: str):
    """Ask for agreement to an appraisal's figures"""
    return _step(appraisal_id, appraisals.submit_appraisal, VersionBody)


@bp.route("/appraisals/<appraisal_id>/approve", methods=["POST"])
@require("appraisal.approve")
@acts(APPRAISAL, VersionBody, {})
def approve_appraisal(appraisal_id: str):
    """Agree to an appraisal's figures; above the limit it takes a second person, and a program is none"""
    return _step(appraisal_id, appraisals.approve_appraisal, VersionBody)


@bp.route("/appraisals/<appraisal_id>/decline", methods=["POST"])
@require("appraisal.approve")
@acts(APPRAISAL, Declining, {"reason": "Flood damage"})
def decline_appraisal(appraisal_id: str):
    """Refuse an appraisal's figures, or take an agreement back"""
    return _step(appraisal_id, appraisals.decline_appraisal, Declining)


def _create(data: Mapping[str, Any]) -> uuid.UUID:
    actor = current_actor()
    said = {name: value for name, value in data.items() if value is not None}
    return refer(
        lambda: appraisals.create_appraisal(actor=actor, **said),
        store_id=lambda: tenants.get_store(data["store_id"]),
        vehicle_id=lambda: queries.get_vehicle(actor, data["vehicle_id"]),
    ).id


def _edit(key: uuid.UUID, version: int, _values: Mapping[str, Any], sent: Mapping[str, Any]) -> None:
    appraisals.edit_appraisal(actor=current_actor(), appraisal_id=key, version=version, **sent)


def _delete(key: uuid.UUID, version: int | None) -> None:
    appraisals.delete_appraisal(actor=current_actor(), appraisal_id=key, version=version)


def _step(appraisal_id: str, operation: Callable[..., Any], body: Any) -> Any:
    key, actor = APPRAISAL.reach(appraisal_id), current_actor()
    data = dict(load_body(body))

    def act() -> None:
        if data["version"] is None:
            data["version"] = asking.get_appraisal(actor, key, lock=True).version
        try:
            operation(actor=actor, appraisal_id=key, **data)
        except AppraisalMoveNotAllowed as refusal:
            refusal.params = {name: gettext(APPRAISAL_LABELS[value]) for name, value in refusal.params.items()}
            raise

    return acted(APPRAISAL, key, act)
