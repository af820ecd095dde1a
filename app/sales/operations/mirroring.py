"""One price: a deal's price and discount are those of its chosen worksheet, whichever of the two was changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.core.db import db
from app.core.jobs.events import publish
from app.sales.events import WorksheetChanged
from app.sales.models import Deal, Worksheet


def follow_deal(deal: Deal) -> None:
    """Bring the chosen worksheet to a deal's new price and discount; publishes WorksheetChanged."""
    asked = select(Worksheet).where(Worksheet.deal_id == deal.id, Worksheet.chosen)
    row = db.session.scalar(asked.with_for_update().execution_options(populate_existing=True))
    if row is not None:
        row.price, row.discount = deal.price, deal.discount
        db.session.flush()
    publish(WorksheetChanged(deal.id))


def follow_sheet(deal: Deal, row: Worksheet) -> dict[str, tuple[Any, Any]]:
    """Bring a deal to the price and discount of its chosen worksheet, and say what that changed."""
    before = {"price": deal.price, "discount": deal.discount}
    deal.price, deal.discount = row.price, row.discount
    return {name: (value, getattr(deal, name)) for name, value in before.items()}
