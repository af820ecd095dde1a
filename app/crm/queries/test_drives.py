"""What can be asked about test drives: one, who has a unit out, those of a lead, and a licence's number."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, null, select

from app.core.db import db
from app.core.errors import NotFound
from app.core.guard import vault
from app.core.guard.keys import KeyMissing
from app.core.guard.permissions import Actor, allows, scope_clause
from app.core.guard.policy import Sight, policy_for
from app.crm import errors
from app.crm.models import Customer, Lead, TestDrive
from app.inventory.queries import UnitFacts
from app.inventory.rules.stock import StockStatus

TABLE, COLUMN = "crm_test_drives", "licence_number_enc"


def get_test_drive(actor: Actor, test_drive_id: uuid.UUID, *, lock: bool = False) -> TestDrive:
    """The drive, if `actor` may see it; raises NotFound otherwise. `lock` keeps others from changing it."""
    visible = scope_clause(actor, "test_drive.see", owner=TestDrive.salesperson_id, store=TestDrive.store_id)
    statement = select(TestDrive).where(TestDrive.id == test_drive_id).where(visible)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(statement)
    if found is None:
        raise NotFound
    return found


def out_with(stock_unit_id: uuid.UUID) -> TestDrive | None:
    """The drive the unit is out on, if it is out."""
    return db.session.scalar(
        select(TestDrive)
        .where(TestDrive.stock_unit_id == stock_unit_id, TestDrive.out_at.is_not(None), TestDrive.back_at.is_(None))
        .execution_options(populate_existing=True)
    )


def check_drivable(unit: UnitFacts, *, is_over: bool = False) -> None:
    """Raise UnitNotInStock for a unit that has left, and UnitIsSold for a sold one unless the drive `is_over`."""
    if unit.closed_on is not None:
        raise errors.UnitNotInStock
    if unit.status == StockStatus.SOLD and not is_over:
        raise errors.UnitIsSold


def drives_of_lead(actor: Actor, lead_id: uuid.UUID) -> Sequence[TestDrive]:
    """The drives over a lead that `actor` may see, the latest first."""
    if not allows(actor, "test_drive.see"):
        return []
    seen = scope_clause(actor, "test_drive.see", owner=TestDrive.salesperson_id, store=TestDrive.store_id)
    query = select(TestDrive).where(TestDrive.lead_id == lead_id, seen)
    return db.session.scalars(query.order_by(TestDrive.planned_at.desc(), TestDrive.id).limit(20)).all()


def likely_drivers(actor: Actor, stock_unit_id: uuid.UUID, limit: int = 12) -> list[tuple[uuid.UUID, str]]:
    """Customers who may want to drive a unit: those whose leads ask for it, those of the latest leads, the newest."""
    if not allows(actor, "customer.see"):
        return []
    people = select(Customer.id, Customer.name).where(
        scope_clause(actor, "customer.see", owner=Customer.owner_id, store=Customer.store_id)
    )
    # Ids are given out in the order of time: whoever has just walked in is on top.
    newest = db.session.execute(people.order_by(Customer.id.desc()).limit(limit)).all()
    asking: Sequence[Any] = ()
    if allows(actor, "lead.see"):
        asking = db.session.execute(
            people.join(Lead, Lead.customer_id == Customer.id)
            .where(Lead.ended_at.is_(None))
            .where(scope_clause(actor, "lead.see", owner=Lead.assignee_id, store=Lead.store_id))
            .order_by(Lead.stock_unit_id.is_not_distinct_from(stock_unit_id).desc(), Lead.received_at.desc(), Lead.id)
            .limit(2 * limit)
        ).all()
    return list({row.id: (row.id, row.name) for row in (*asking, *newest)}.values())[:limit]


def sees_licence_numbers(actor: Actor) -> bool:
    """Whether `actor` sees numbers of licences at all, be it their masks alone."""
    return policy_for(actor).field("test_drive", "licence_number") is not Sight.HIDDEN


def listed_licence_number(actor: Actor) -> ColumnElement[Any]:
    """The masked number for the source of a list; nothing for whom it is hidden from."""
    return TestDrive.licence_number_masked.expression if sees_licence_numbers(actor) else null()


def licence_number_of(drive: TestDrive) -> str | None:
    """The licence's number in the clear; who may see it is asked before. An erased person has none."""
    if drive.licence_number_enc is None:
        return None
    try:
        return vault.unseal(drive.customer_id, TABLE, COLUMN, drive.id, drive.licence_number_enc)
    except KeyMissing:
        return None
