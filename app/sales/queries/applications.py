"""What can be asked of applications to lenders and insurers."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import select

from app.core.db import db
from app.core.errors import NotFound
from app.core.guard.permissions import Actor, scope_clause
from app.sales.models.applications import Application
from app.sales.models.deal import Deal
from app.sales.queries.receivables import figures_of
from app.sales.rules.financing import STANDS, ApplicationKind, figures_hash


def get_application(actor: Actor, application_id: uuid.UUID, *, lock: bool = False) -> Application:
    """The application, if `actor` may see it; raises NotFound otherwise."""
    visible = scope_clause(actor, "application.see", owner=Deal.salesperson_id, store=Application.store_id)
    statement = (
        select(Application)
        .join(Deal, Deal.id == Application.deal_id)
        .where(Application.id == application_id)
        .where(visible)
    )
    if lock:
        statement = statement.with_for_update(of=Application).execution_options(populate_existing=True)
    found = db.session.scalar(statement)
    if found is None:
        raise NotFound
    return found


def list_applications(deal_id: uuid.UUID) -> Sequence[Application]:
    """A deal's applications, the latest first."""
    return db.session.scalars(
        select(Application)
        .where(Application.deal_id == deal_id)
        .order_by(Application.asked_at.desc(), Application.id.desc())
    ).all()


def hash_of(deal: Deal) -> str:
    """What the deal's figures are known by now."""
    figures = figures_of(deal)
    return figures_hash(
        {
            "price": f"{deal.price.normalize():f}",
            "discount": f"{deal.discount.normalize():f}",
            "owed": f"{figures.owed.normalize():f}",
            "currency": deal.currency,
        }
    )


def stands_for(deal: Deal) -> bool:
    """Whether a lender has agreed to the deal as it is now: its figures are those he was asked about."""
    now = hash_of(deal)
    statement = select(Application.figures_hash).where(
        Application.deal_id == deal.id,
        Application.kind == ApplicationKind.LENDER.value,
        Application.status.in_(sorted(STANDS)),
    )
    return now in set(db.session.scalars(statement))


def wanted_amount(deal: Deal, paid: Decimal) -> Decimal:
    """What there is to finance of the deal."""
    return max(Decimal(0), figures_of(deal).owed - paid)
