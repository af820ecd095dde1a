"""Keeping a unit for a deal, and letting it go: downward calls of sales, as in `episodes`; the caller has checked."""

from __future__ import annotations

import uuid

from app.core.db import db
from app.core.guard import audit
from app.core.guard.permissions import Actor
from app.core.jobs.events import publish
from app.inventory.errors import UnitIsClosed
from app.inventory.events import UnitMoved
from app.inventory.models import StockUnit
from app.inventory.operations import episodes
from app.inventory.rules.stock import CLOSED, StockStatus


def lock_open(unit_id: uuid.UUID) -> str:
    """The status of an open unit, locked until the transaction ends: whoever comes second waits here.

    Raises UnitIsClosed and NotFound.
    """
    unit = episodes.load_unit(unit_id)
    if unit.closed_on is not None:
        raise UnitIsClosed(stock_number=unit.stock_number)
    return unit.status


def status_of(unit_id: uuid.UUID) -> str:
    """The status of a unit, locked until the transaction ends."""
    return episodes.load_unit(unit_id).status


def hold(*, actor: Actor, unit_id: uuid.UUID) -> str:
    """Keep an open unit for somebody; the status it had. One that is sold stays so. Raises UnitIsClosed."""
    before = lock_open(unit_id)
    if before not in (StockStatus.ON_HOLD, StockStatus.SOLD):
        _move(actor, unit_id, StockStatus.ON_HOLD)
    return before


def hold_again(*, actor: Actor, unit_id: uuid.UUID) -> None:
    """The sale of a unit is open again, and it is kept for its buyer as before; one that went another way stays."""
    if status_of(unit_id) == StockStatus.SOLD:
        _move(actor, unit_id, StockStatus.ON_HOLD)


def let_go(*, actor: Actor, unit_id: uuid.UUID, to: str) -> None:
    """A unit that is still on hold goes back to where it stood; one that was sold or moved meanwhile stays."""
    if status_of(unit_id) == StockStatus.ON_HOLD and to != StockStatus.ON_HOLD and to not in CLOSED:
        _move(actor, unit_id, StockStatus(to))


def put_back(*, actor: Actor, unit_id: uuid.UUID, to: str | None) -> None:
    """A unit that a deal has let go of, and is available now, stands where it stood before."""
    if to is None or to == StockStatus.SOLD or to in CLOSED:
        return
    if status_of(unit_id) == StockStatus.AVAILABLE and to != StockStatus.AVAILABLE:
        _move(actor, unit_id, StockStatus(to))


def _move(actor: Actor, unit_id: uuid.UUID, wanted: StockStatus) -> None:
    unit: StockUnit = episodes.load_unit(unit_id)
    before, unit.status = unit.status, wanted.value
    db.session.flush()
    changes = {"status": (before, unit.status), "closed_on": (unit.closed_on, unit.closed_on)}
    audit.record(actor, "stock.move", "stock_unit", unit.id, changes=changes)
    publish(UnitMoved(unit.id, before, unit.status))
