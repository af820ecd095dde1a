"""Deals over the API: every change that moves a unit is a verb with an Idempotency-Key."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from sqlalchemy import Select

from app.core.errors import Stale
from app.core.guard.permissions import Actor
from app.core.http.access import require
from app.core.http.api import (
    ApiBlueprint,
    ApiRecord,
    acted,
    acts,
    answer_batch,
    answer_list,
    answer_one,
    batches,
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
from app.core.http.sessions import current_actor
from app.inventory import queries as inventory
from app.sales import queries
from app.sales.api.shapes import (
    ApprovalRequest,
    DealCorrection,
    DealDelivery,
    DealMove,
    DealRelease,
    DealReservation,
    DealSchema,
    DealUnwinding,
    EditedDeal,
    NewDeal,
    NewDraft,
    SoldUnitSchema,
    SoldVehicleSchema,
)
from app.sales.errors import DealMoveNotAllowed
from app.sales.lists import DEALS
from app.sales.models import Deal
from app.sales.operations import approvals, corrections, deals, delivery, many, removal, reserving
from app.tenants import queries as tenants

bp = ApiBlueprint("deals", "Sales and leases of stock units.")

EDITED = (
    "customer_id", "salesperson_id", "deal_type", "price", "discount", "sold_on", "delivered_on", "note",
)  # fmt: skip
PRICE = {"amount": "31950.00", "currency": "USD"}
DRAFT = {"stock_unit_id": "unit_…", "customer_id": "cus_…", "price": PRICE}
EXAMPLE = {**DRAFT, "status": "sold"}


def _whole(actor: Actor) -> Select[Any]:
    return DEALS.source(actor).add_columns(
        *(Deal.version, Deal.stock_unit_id, Deal.lead_id, Deal.price, Deal.discount, Deal.unwind_reason, Deal.note),
        Deal.updated_at,
    )


DEAL = ApiRecord(
    name="deal",
    path="deals",
    spec=DEALS,
    schema=DealSchema,
    source=_whole,
    names={
        "store_id": "store",
        "customer_id": "customer",
        "salesperson_id": "salesperson",
        "deal_number": "number",
        "deal_type": "type",
        "net_amount": "price",
        "sold_on": "sold",
        "delivered_on": "delivered",
        "created_at": "created",
    },
    expands={
        # Whoever may not see the customer finds no name in the row.
        "customer": in_row("customer_id", "cus", lambda row: row.customer),
        "salesperson": in_row("salesperson_id", "usr", lambda row: row.salesperson),
        "store": in_row("store_id", "store", lambda row: row.store_name),
        "stock_unit": part_of_row("stock_unit_id", SoldUnitSchema),
        "vehicle": part_of_row("vehicle_id", SoldVehicleSchema),
    },
    edits=EDITED,
)


@bp.route("/deals", methods=["GET"])
@require("deal.see")
@lists(DEAL)
def list_deals():
    """List deals"""
    return answer_list(DEAL)


@bp.route("/deals", methods=["POST"])
@require("deal.create")
@creates(DEAL, NewDeal, EXAMPLE, required=True)
def create_deal():
    """Record a deal over a unit in stock"""
    data = load_body(NewDeal)
    return created(DEAL, lambda: _create(data), required=True)


@bp.route("/deals/batch", methods=["POST"])
@require("deal.see")
@batches(DEAL, DRAFT)
def batch_deals():
    """Draft, correct and delete up to 100 deals"""
    return answer_batch(DEAL, NewDraft, EditedDeal, create=_create, edit=_edit, delete=_delete)


@bp.route("/deals/<deal_id>", methods=["GET"])
@require("deal.see")
@shows(DEAL)
def show_deal(deal_id: str):
    """Read a deal"""
    return answer_one(DEAL, deal_id)


@bp.route("/deals/<deal_id>", methods=["PATCH"])
@require("deal.edit")
@patches(DEAL, EditedDeal, {"note": "Wants winter tyres"})
def edit_deal(deal_id: str):
    """Correct a deal, also a delivered one"""
    return patch_record(DEAL, deal_id, EditedDeal, _edit)


@bp.route("/deals/<deal_id>", methods=["DELETE"])
@require("deal.delete")
@deletes(DEAL)
def delete_deal(deal_id: str):
    """Delete a deal that was written down by mistake"""
    return delete_record(DEAL, deal_id, _delete)


@bp.route("/deals/<deal_id>/move", methods=["POST"])
@require("deal.edit")
@acts(DEAL, DealMove, {"status": "sold"}, required=True)
def move_deal(deal_id: str):
    """Bring a deal to another status; its unit follows"""
    key = DEAL.reach(deal_id)
    data = load_body(DealMove)
    return acted(DEAL, key, lambda: _move(key, data), required=True)


@bp.route("/deals/<deal_id>/deliver", methods=["POST"])
@require("deal.deliver")
@acts(DEAL, DealDelivery, {"delivered_on": "2026-11-20"}, required=True)
def deliver_deal(deal_id: str):
    """Hand the vehicle over: the deal counts as a sale from then on"""
    key, actor = DEAL.reach(deal_id), current_actor()
    data = load_body(DealDelivery)
    return acted(DEAL, key, lambda: delivery.deliver_deal(actor=actor, deal_id=key, **data), required=True)


@bp.route("/deals/<deal_id>/unwind", methods=["POST"])
@require("deal.unwind")
@acts(DEAL, DealUnwinding, {"reason": "The financing fell through"}, required=True)
def unwind_deal(deal_id: str):
    """Take a delivered deal back; its unit is in stock again"""
    key, actor = DEAL.reach(deal_id), current_actor()
    data = load_body(DealUnwinding)
    return acted(DEAL, key, lambda: delivery.unwind_deal(actor=actor, deal_id=key, **data), required=True)


@bp.route("/deals/<deal_id>/correct", methods=["POST"])
@require("deal.edit")
@acts(DEAL, DealCorrection, {"price": PRICE, "reason": "A typing error"}, required=True)
def correct_deal(deal_id: str):
    """Correct the price, discount or buyer of an agreed deal"""
    key, actor = DEAL.reach(deal_id), current_actor()
    data = load_body(DealCorrection)
    return acted(DEAL, key, lambda: corrections.correct_deal(actor=actor, deal_id=key, **data), required=True)


@bp.route("/deals/<deal_id>/approval-requests", methods=["POST"])
@require("deal.edit")
@acts(DEAL, ApprovalRequest, {"note": "They sign today"}, required=True)
def ask_approval(deal_id: str):
    """Ask for the approval of figures that go beyond one's limits"""
    key, actor = DEAL.reach(deal_id), current_actor()
    data = load_body(ApprovalRequest)
    return acted(DEAL, key, lambda: approvals.ask_approval(actor=actor, deal_id=key, **data), required=True)


@bp.route("/deals/<deal_id>/reservations", methods=["POST"])
@require("deal.edit")
@acts(DEAL, DealReservation, {"days": 3}, required=True)
def reserve_unit(deal_id: str):
    """Keep the unit of a deal for some days"""
    key, actor = DEAL.reach(deal_id), current_actor()
    data = load_body(DealReservation)
    return acted(DEAL, key, lambda: reserving.reserve(actor=actor, deal_id=key, **data), required=True)


@bp.route("/deals/<deal_id>/release", methods=["POST"])
@require("deal.edit")
@acts(DEAL, DealRelease, {}, required=True)
def release_unit(deal_id: str):
    """Release the unit of a deal again"""
    key, actor = DEAL.reach(deal_id), current_actor()
    data = load_body(DealRelease)
    return acted(DEAL, key, lambda: reserving.release(actor=actor, deal_id=key, **data), required=True)


def _create(data: Mapping[str, Any]) -> uuid.UUID:
    actor = current_actor()
    return refer(
        lambda: deals.record_deal(actor=actor, **data),
        stock_unit_id=lambda: inventory.unit_info(actor, data["stock_unit_id"]),
        store_id=lambda: tenants.get_store(data["store_id"]) if data["store_id"] else None,
    ).id


def _edit(key: uuid.UUID, version: int, values: Mapping[str, Any], _sent: Mapping[str, Any]) -> None:
    actor = current_actor()
    status = queries.get_deal(actor, key).status
    deals.edit_deal(actor=actor, deal_id=key, version=version, status=status, **values)


def _delete(key: uuid.UUID, version: int | None) -> None:
    removal.delete_deal(actor=current_actor(), deal_id=key, version=version)


def _move(key: uuid.UUID, data: Mapping[str, Any]) -> None:
    actor = current_actor()
    if data["version"] not in (None, queries.get_deal(actor, key, lock=True).version):
        raise Stale
    try:
        many.move_status(actor, key, {"to_status": data["status"]})
    except DealMoveNotAllowed as refusal:
        refusal.params = {name: gettext(label) for name, label in refusal.params.items()}
        raise
