"""The list of test drives: today's, those that are out, and one's own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, not_, select

from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.classes import INTERNAL, PERSONAL
from app.core.guard.permissions import Actor, scope_clause
from app.core.lists.parts import Outgoing, Target, Under, View
from app.core.lists.spec import By, Column, Filter, ListSpec, Sort, declare_list
from app.crm.models import Customer, TestDrive
from app.crm.rules.test_drives import DRIVE_LABELS, DriveState, state_of
from app.inventory import queries as inventory
from app.tenants import queries as tenants


def _test_drives(actor: Actor) -> Select:
    stores, users = tenants.store_facts(), tenants.user_facts()
    units, vehicles = inventory.unit_facts(), inventory.vehicle_facts()
    # Whoever may see the drive need not be allowed to see the customer.
    may_see = scope_clause(actor, "customer.see", owner=Customer.owner_id, store=Customer.store_id)
    return (
        select(
            TestDrive.id,
            TestDrive.version,
            TestDrive.customer_id,
            TestDrive.lead_id,
            TestDrive.stock_unit_id,
            TestDrive.salesperson_id,
            TestDrive.store_id,
            TestDrive.planned_at,
            TestDrive.licence_checked_at,
            TestDrive.out_at,
            TestDrive.back_at,
            TestDrive.cancelled_at,
            TestDrive.note,
            case((may_see, Customer.name)).label("customer"),
            units.c.stock_number,
            vehicles.c.make,
            vehicles.c.model,
            vehicles.c.model_year,
            stores.c.store_name,
            users.c.name.label("salesperson"),
        )
        .select_from(TestDrive)
        .join(stores, stores.c.store_id == TestDrive.store_id)
        .join(Customer, Customer.id == TestDrive.customer_id)
        .join(units, units.c.unit_id == TestDrive.stock_unit_id)
        .join(vehicles, vehicles.c.vehicle_id == units.c.vehicle_id)
        .outerjoin(users, users.c.user_id == TestDrive.salesperson_id)
        .where(scope_clause(actor, "test_drive.see", owner=TestDrive.salesperson_id, store=TestDrive.store_id))
    )


def _state(row: Any) -> str:
    return state_of(row.out_at, row.back_at, row.cancelled_at).value


def _vehicle(row: Any) -> str:
    return " ".join(str(part) for part in (row.model_year, row.make, row.model) if part)


def _in_state(wanted: str) -> ColumnElement[bool]:
    return {
        DriveState.PLANNED: and_(TestDrive.out_at.is_(None), TestDrive.cancelled_at.is_(None)),
        DriveState.OUT: and_(TestDrive.out_at.is_not(None), TestDrive.back_at.is_(None)),
        DriveState.BACK: TestDrive.back_at.is_not(None),
        DriveState.CANCELLED: TestDrive.cancelled_at.is_not(None),
    }[DriveState(wanted)]


def _open(wanted: bool) -> ColumnElement[bool]:
    is_open = and_(TestDrive.back_at.is_(None), TestDrive.cancelled_at.is_(None))
    return is_open if wanted else not_(is_open)


def _page(row: Any) -> Target:
    return Target("crm.show_test_drive", {"test_drive_id": to_public("tdr", row.id)})


TEST_DRIVES = declare_list(
    ListSpec(
        name="test_drives",
        label=N_("Test drives"),
        permission="test_drive.see",
        source=_test_drives,
        columns=(
            Column(
                "customer", N_("Customer"), value=lambda row: row.customer or "…", url=_page,
                under=lambda row: Under(row.note), under_out=Outgoing(PERSONAL),
                out=Outgoing(PERSONAL, "name", person=lambda row: row.customer_id),
            ),
            Column(
                "vehicle", N_("Vehicle"), value=_vehicle, under=lambda row: Under(row.stock_number),
                out=Outgoing(INTERNAL), under_out=Outgoing(INTERNAL),
            ),
            Column("state", N_("State"), "status", value=_state, labels=DRIVE_LABELS, out=Outgoing(INTERNAL)),
            Column("planned_at", N_("Planned for"), "instant", sort="planned"),
            Column("out_at", N_("Out at"), "instant"),
            Column("back_at", N_("Back at"), "instant"),
            Column(
                "salesperson", N_("Salesperson"), out=Outgoing(PERSONAL, "name", person=lambda row: row.salesperson_id)
            ),
            Column("store_name", N_("Store"), shown=False),
        ),
        filters=(
            Filter("open", N_("Planned or out"), "flag", apply=_open),
            Filter("state", N_("State"), "choice", apply=_in_state, choices=tuple(DRIVE_LABELS.items())),
            Filter("at", N_("Planned for"), "date_range", column=TestDrive.planned_at, instants=True),
            Filter(
                "salesperson", N_("Salesperson"), "id", column=TestDrive.salesperson_id, prefix="usr",
                words=("me", "none"),
            ),
            Filter("store", N_("Store"), "id", column=TestDrive.store_id, prefix="store"),
            Filter("customer", N_("Customer"), "id", column=TestDrive.customer_id, prefix="cus"),
            Filter("lead", N_("Sales lead"), "id", column=TestDrive.lead_id, prefix="lead"),
            Filter("unit", N_("Stock unit"), "id", column=TestDrive.stock_unit_id, prefix="unit"),
        ),
        sorts=(
            Sort(
                "planned", N_("Planned for"), (By(TestDrive.planned_at),),
                words=(N_("First drive first"), N_("Last drive first")),
            ),
        ),
        default_sort="-planned",
        views=(
            View("today", N_("Today"), {"at": ("today",)}),
            View("out", N_("Out now"), {"state": (DriveState.OUT.value,)}),
            View("mine", N_("Mine"), {"open": ("yes",), "salesperson": ("me",)}),
            View("all", N_("All test drives")),
        ),
        id_prefix="tdr",
        endpoint="crm.list_test_drives",
        row_url=_page,
    )
)  # fmt: skip
