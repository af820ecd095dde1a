"""Keeping a deal as it stands at one of its moves, each snapshot bound to the one before it; and proving that."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id
from app.core.guard.permissions import Actor
from app.inventory.queries.trading import cost_of
from app.sales.models import Deal, Snapshot
from app.sales.queries import figures, policies
from app.sales.rules.guards import Transition
from app.sales.rules.policies import PolicyKind

_TOLD = (
    "deal_number", "store_id", "stock_unit_id", "customer_id", "salesperson_id", "deal_type", "status", "sold_on",
    "delivered_on", "unwound_on",
)  # fmt: skip


def take_snapshot(
    actor: Actor, deal: Deal, transition: Transition, *, before: str | None, reason: str | None = None
) -> Snapshot:
    """Add the next snapshot of a deal, which the caller has locked: inputs, figures and the policies in force."""
    last = last_snapshot(deal.id)
    # Read as it will be stored, so that the mark can be made again from what stands there.
    body = figures.as_body(_body(deal))
    row = Snapshot(
        id=new_id(),
        deal_id=deal.id,
        seq=last.seq + 1 if last else 1,
        transition=transition.value,
        status_before=before,
        status_after=deal.status,
        at=clock.now(),
        made_by=actor.user_id,
        reason=(reason or "").strip() or None,
        body=body,
        previous=last.sha256 if last else None,
        sha256=b"",
    )
    row.sha256 = _mark(row)
    db.session.add(row)
    db.session.flush()
    return row


def last_snapshot(deal_id: uuid.UUID) -> Snapshot | None:
    """The newest snapshot of a deal."""
    asked = select(Snapshot).where(Snapshot.deal_id == deal_id).order_by(Snapshot.seq.desc()).limit(1)
    return db.session.scalar(asked)


def list_snapshots(deal_id: uuid.UUID) -> list[Snapshot]:
    """Every snapshot of a deal in its order; the caller has checked that the deal may be seen."""
    return list(db.session.scalars(select(Snapshot).where(Snapshot.deal_id == deal_id).order_by(Snapshot.seq)))


def first_broken(deal_id: uuid.UUID) -> int | None:
    """The number of the first snapshot that is not what was written, or stands where another stood; None: all hold."""
    previous = None
    for place, row in enumerate(list_snapshots(deal_id), 1):
        if row.seq != place or row.previous != previous or row.sha256 != _mark(row):
            return place
        previous = row.sha256
    return None


def _body(deal: Deal) -> dict[str, Any]:
    measured = figures.measured_figures(deal)
    held = {kind.value: policies.in_force(deal.store_id, kind) for kind in (PolicyKind.APPROVAL, PolicyKind.GROSS)}
    return {
        "deal": {name: getattr(deal, name) for name in _TOLD},
        "agreed": figures.agreed_body(deal),
        "unit_cost": cost_of(deal.stock_unit_id),
        "front_gross": measured.front_gross,
        "over_allowance": measured.over_allowance,
        "policies": {kind: {"id": found.id, "number": found.number} for kind, found in held.items() if found},
    }


def _mark(row: Snapshot) -> bytes:
    said = {
        "deal_id": str(row.deal_id), "seq": row.seq, "transition": row.transition, "before": row.status_before,
        "after": row.status_after, "at": row.at.astimezone(UTC).isoformat(),
        "by": str(row.made_by) if row.made_by else None,
        "reason": row.reason, "body": row.body,
    }  # fmt: skip
    return hashlib.sha256((row.previous or b"") + figures.canonical(said).encode()).digest()
