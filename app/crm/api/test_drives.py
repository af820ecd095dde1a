"""Test drives over the API."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from marshmallow import fields
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
    lists,
    load_body,
    patch_record,
    patches,
    refer,
    shows,
)
from app.core.http.api.expansions import in_row, named_field
from app.core.http.api.fields import Instant, PublicId, Text, Whole
from app.core.http.api.schemas import BodySchema, RecordSchema, VersionBody
from app.core.http.sessions import current_actor
from app.crm import queries
from app.crm.lists import TEST_DRIVES
from app.crm.models import TestDrive
from app.crm.operations import test_drives
from app.crm.queries.leads import get_lead
from app.crm.queries.test_drives import listed_licence_number
from app.inventory import queries as inventory

bp = ApiBlueprint("test-drives", "Test drives: planned, the driver's licence seen, out and back.")

EXAMPLE = {"customer_id": "cus_…", "stock_unit_id": "unit_…", "planned_at": "2026-12-01T15:00:00Z"}


class TestDriveSchema(RecordSchema):
    """A customer's drive in a stock unit: out from `out_at` until `back_at`, called off from `cancelled_at`."""

    record = "test_drive"

    id = PublicId("tdr", required=True)
    version = Whole()
    customer_id = PublicId("cus")
    lead_id = PublicId("lead", allow_none=True)
    stock_unit_id = PublicId("unit")
    salesperson_id = PublicId("usr", allow_none=True)
    store_id = PublicId("store")
    planned_at = Instant()
    licence_checked_at = Instant(allow_none=True)
    licence_checked_by = PublicId("usr", allow_none=True)
    licence_valid_until = fields.Date(allow_none=True)
    licence_number_masked = fields.String(
        attribute="licence_number",
        allow_none=True,
        metadata={"guard": ("test_drive", "licence_number"), "mask": True},
    )
    out_at = Instant(allow_none=True)
    back_at = Instant(allow_none=True)
    odometer_out = Whole(allow_none=True)
    odometer_back = Whole(allow_none=True)
    odometer_unit = fields.String(allow_none=True)
    note = fields.String()
    cancelled_at = Instant(allow_none=True)
    created_at = Instant()
    updated_at = Instant()
    customer = named_field("cus", "TestDriveCustomer")
    salesperson = named_field("usr", "TestDriveSalesperson")


class EditedTestDrive(BodySchema):
    """When it is to be, with whom, and what came of it; once the vehicle is out only the last can change."""

    planned_at = Instant(required=True)
    salesperson_id = PublicId("usr", load_default=None, allow_none=True)
    note = Text(longest=1000, load_default="", allow_none=True)


class NewTestDrive(EditedTestDrive):
    """A drive of a customer in a unit, perhaps over one of the leads."""

    customer_id = PublicId("cus", required=True)
    stock_unit_id = PublicId("unit", required=True)
    lead_id = PublicId("lead", load_default=None, allow_none=True)


class LicenceCheck(VersionBody):
    """Until when the licence is valid, nothing for one without an end; its number for whoever sees such numbers."""

    valid_until = fields.Date(load_default=None, allow_none=True)
    number = Text(longest=60, load_default=None, allow_none=True)


class TestDriveOut(VersionBody):
    """What the odometer shows; less than before needs the reason."""

    odometer = Whole(load_default=None, allow_none=True)
    reason = Text(longest=200, load_default=None, allow_none=True)


class TestDriveBack(TestDriveOut):
    """The same at the end, and what came of it."""

    note = Text(longest=1000, load_default=None, allow_none=True)


def _whole(actor: Actor) -> Select[Any]:
    return TEST_DRIVES.source(actor).add_columns(
        TestDrive.licence_checked_by, TestDrive.licence_valid_until, TestDrive.odometer_out, TestDrive.odometer_back,
        TestDrive.odometer_unit, TestDrive.created_at, TestDrive.updated_at,
        listed_licence_number(actor).label("licence_number"),
    )  # fmt: skip


TEST_DRIVE = ApiRecord(
    name="test_drive",
    path="test-drives",
    spec=TEST_DRIVES,
    schema=TestDriveSchema,
    source=_whole,
    names={
        "store_id": "store", "customer_id": "customer", "salesperson_id": "salesperson", "lead_id": "lead",
        "stock_unit_id": "unit", "planned_at": "at",
    },
    expands={
        # Whoever may not see the customer finds no name in the row.
        "customer": in_row("customer_id", "cus", lambda row: row.customer),
        "salesperson": in_row("salesperson_id", "usr", lambda row: row.salesperson),
    },
    edits=("planned_at", "salesperson_id", "note"),
)  # fmt: skip


@bp.route("/test-drives", methods=["GET"])
@require("test_drive.see")
@lists(TEST_DRIVE)
def list_test_drives():
    """List test drives"""
    return answer_list(TEST_DRIVE)


@bp.route("/test-drives", methods=["POST"])
@require("test_drive.create")
@creates(TEST_DRIVE, NewTestDrive, EXAMPLE)
def plan_test_drive():
    """Plan a test drive"""
    data = load_body(NewTestDrive)
    return created(TEST_DRIVE, lambda: _create(data))


@bp.route("/test-drives/<test_drive_id>", methods=["GET"])
@require("test_drive.see")
@shows(TEST_DRIVE)
def show_test_drive(test_drive_id: str):
    """Read a test drive"""
    return answer_one(TEST_DRIVE, test_drive_id)


@bp.route("/test-drives/<test_drive_id>", methods=["PATCH"])
@require("test_drive.edit")
@patches(TEST_DRIVE, EditedTestDrive, {"planned_at": "2026-12-02T15:00:00Z"})
def edit_test_drive(test_drive_id: str):
    """Put a test drive off, give it to somebody, or note what came of it"""
    return patch_record(TEST_DRIVE, test_drive_id, EditedTestDrive, _edit)


@bp.route("/test-drives/<test_drive_id>/check-licence", methods=["POST"])
@require("test_drive.edit")
@acts(TEST_DRIVE, LicenceCheck, {"valid_until": "2031-05-31"})
def check_licence(test_drive_id: str):
    """Say that the driver's licence was seen"""
    key = TEST_DRIVE.reach(test_drive_id)
    data = load_body(LicenceCheck)
    return acted(TEST_DRIVE, key, lambda: _act(test_drives.check_licence, key, data))


@bp.route("/test-drives/<test_drive_id>/out", methods=["POST"])
@require("test_drive.edit")
@acts(TEST_DRIVE, TestDriveOut, {"odometer": 41200})
def go_out(test_drive_id: str):
    """Say that the vehicle is out; the licence must have been seen, and nobody else may have the vehicle"""
    key = TEST_DRIVE.reach(test_drive_id)
    data = load_body(TestDriveOut)
    return acted(TEST_DRIVE, key, lambda: _act(test_drives.go_out, key, data))


@bp.route("/test-drives/<test_drive_id>/back", methods=["POST"])
@require("test_drive.edit")
@acts(TEST_DRIVE, TestDriveBack, {"odometer": 41215, "note": "Liked it, wants an offer"})
def come_back(test_drive_id: str):
    """Say that the vehicle is back; the lead has visited"""
    key = TEST_DRIVE.reach(test_drive_id)
    data = load_body(TestDriveBack)
    return acted(TEST_DRIVE, key, lambda: _act(test_drives.come_back, key, data))


@bp.route("/test-drives/<test_drive_id>/cancel", methods=["POST"])
@require("test_drive.edit")
@acts(TEST_DRIVE, VersionBody, {})
def cancel_test_drive(test_drive_id: str):
    """Call a test drive off"""
    key = TEST_DRIVE.reach(test_drive_id)
    data = load_body(VersionBody)
    return acted(TEST_DRIVE, key, lambda: _act(test_drives.cancel_test_drive, key, data))


def _create(data: Mapping[str, Any]) -> uuid.UUID:
    actor = current_actor()
    return refer(
        lambda: test_drives.plan_test_drive(actor=actor, **data),
        customer_id=lambda: queries.get_customer(actor, data["customer_id"]),
        stock_unit_id=lambda: inventory.unit_info(actor, data["stock_unit_id"]),
        lead_id=lambda: get_lead(actor, data["lead_id"]) if data["lead_id"] else None,
    ).id


def _edit(key: uuid.UUID, version: int, values: Mapping[str, Any], _sent: Mapping[str, Any]) -> None:
    test_drives.edit_test_drive(actor=current_actor(), test_drive_id=key, version=version, **values)


def _act(operation: Any, key: uuid.UUID, data: Mapping[str, Any]) -> TestDrive:
    return operation(actor=current_actor(), test_drive_id=key, **data)
