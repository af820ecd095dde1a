"""What a new deal's worksheet begins with: its store's fees and tax rule, and the ways to pay people compare."""

from __future__ import annotations

from app.core import clock
from app.core.db import db
from app.core.guard import audit
from app.core.guard.permissions import Actor
from app.sales.models import Deal, Worksheet
from app.sales.operations import parts
from app.sales.operations.contents import LineInput, SheetInput, WayInput
from app.sales.operations.telling import changes_between
from app.sales.queries import sheets
from app.sales.queries.catalogue import beginning_of
from app.sales.queries.proposals import FIRST_WAYS
from app.tenants import queries as tenants


def begin_sheet(actor: Actor, deal: Deal) -> Worksheet | None:
    """Store the first worksheet of a deal whose figures may still change, if its store has a policy of fees.

    A deal of a store without one begins with its price alone, and so does history.
    """
    if sheets.is_frozen(deal):
        return None
    tax, lines = beginning_of(deal.store_id, clock.today(tenants.get_store(deal.store_id).timezone))
    if tax is None and not lines:
        return None
    before = sheets.read_desk(deal, None)
    row = Worksheet(
        deal_id=deal.id, number=1, chosen=True, price=deal.price, discount=deal.discount,
        tax_key=tax.key if tax else None, tax_rule=tax.to_body() if tax else None,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    content = SheetInput(
        deal.price,
        deal.discount,
        tax,
        lines=tuple(map(LineInput, lines)),
        ways=tuple(WayInput(way, chosen=at == 0) for at, way in enumerate(FIRST_WAYS)),
    )
    parts.store_lines(row.id, content, before, deal.currency)
    parts.store_ways(row.id, content, before)
    db.session.flush()
    changes, personal = changes_between(before, sheets.read_desk(deal, row), {})
    audit.record(actor, "deal.worksheet", "deal", deal.id, changes, personal)
    return row
