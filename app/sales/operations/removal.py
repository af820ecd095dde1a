"""Deleting deals written down by mistake, and bringing them back as they were."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.exc import IntegrityError

from app.core.db import db
from app.core.db.columns import Identified, Record, values_of
from app.core.db.violations import is_reference
from app.core.errors import Stale
from app.core.guard import audit
from app.core.guard.permissions import Actor, check
from app.core.guard.undo import offer
from app.core.jobs.events import publish
from app.core.lists import search
from app.inventory.operations import episodes, holds
from app.sales.errors import DealCounts, DealReferredTo
from app.sales.events import DealChanged
from app.sales.models import Deal, DealLine, Scenario, TradeIn, Worksheet
from app.sales.operations import claims, reservations
from app.sales.operations.deals import insert_deal, load_deal, note_change, state_of
from app.sales.operations.holders import refuse_other_claim
from app.sales.operations.parts import known_appraisal
from app.sales.queries.sheets import lines_of, list_trades, list_worksheets, scenarios_of
from app.sales.rules.reservations import Release
from app.sales.rules.status import AGREED, CLAIMING, ENDED, DealStatus, counts_as_sale

# In the order in which they refer to one another.
_HUNG = {"worksheets": Worksheet, "lines": DealLine, "scenarios": Scenario, "trade_ins": TradeIn}


def delete_deal(*, actor: Actor, deal_id: uuid.UUID, version: int | None = None, undo: bool = False) -> None:
    """Delete a deal written down by mistake; its unit is free again. Raises DealCounts for a delivered deal, and
    DealReferredTo and Stale; publishes DealChanged.

    `undo` takes back an import: a delivered deal goes too, and its unit stays as it is, for it goes next.
    """
    deal = load_deal(actor, deal_id, version, "deal.delete")
    counted = counts_as_sale(deal.delivered_on, deal.unwound_on)
    if counted and not undo:
        raise DealCounts(deal_number=deal.deal_number)
    reservations.release_of(actor, deal_id, Release.DEAL_ENDED)
    before, note, kept, hung = state_of(deal), deal.note, values_of(deal), _hung_on(deal)
    unit_id, store_id, customer_id = deal.stock_unit_id, deal.store_id, deal.customer_id
    db.session.delete(deal)
    try:
        db.session.flush()
    except IntegrityError as error:
        if is_reference(error):
            raise DealReferredTo(deal_number=before["deal_number"]) from error
        raise
    if before["status"] in AGREED and not counted:
        episodes.release(actor=actor, unit_id=unit_id)
        holds.put_back(actor=actor, unit_id=unit_id, to=kept["unit_status"])
    elif before["status"] == DealStatus.PENDING and kept["unit_status"] is not None:
        holds.let_go(actor=actor, unit_id=unit_id, to=kept["unit_status"])
    audit.record(
        actor,
        "deal.delete",
        "deal",
        deal_id,
        changes={name: (value, None) for name, value in before.items()},
        personal={"note": (note, None)} if note else {},
        subject_id=customer_id,
    )
    if not undo:
        offer(actor, "deal.delete", {"name": before["deal_number"], "row": kept, "hung": hung})
    search.refresh("deal", [deal_id])
    publish(DealChanged(deal_id, unit_id, store_id, counted))


def _hung_on(deal: Deal) -> dict[str, list[dict[str, Any]]]:
    """What goes with a deal: its worksheets with their lines and ways to pay, and its trade-ins."""
    own = list(list_worksheets(deal.id))
    rows: dict[str, list[Record | Identified]] = {
        "worksheets": [*own],
        "lines": [line for sheet in own for line in lines_of(sheet.id)],
        "scenarios": [way for sheet in own for way in scenarios_of(sheet.id)],
        "trade_ins": [*list_trades(deal.id)],
    }
    return {name: [values_of(row) for row in found] for name, found in rows.items()}


def _as_it_may_be(values: Mapping[str, Any]) -> dict[str, Any]:
    """A row that hung on a deal, without the appraisal that was deleted meanwhile: its worth stays as a typed one."""
    known = {"appraisal_id": known_appraisal(values["appraisal_id"])} if "appraisal_id" in values else {}
    return {**values, **known}


def restore_deal(
    *, actor: Actor, row: Mapping[str, Any], hung: Mapping[str, Sequence[Mapping[str, Any]]] | None = None
) -> Deal:
    """Bring a deleted deal back with the same id and number, for whoever may delete it; one in work takes its unit up.
    `hung` are the rows that went with it.

    Raises Stale when there is one of this id or its customer or unit is gone, UnitHasDeal and UnitIsClosed when the
    unit went another way meanwhile, and DealNumberTaken; publishes DealChanged.
    """
    check(actor, "deal.delete", owner_id=row["salesperson_id"], store_id=row["store_id"])
    if db.session.get(Deal, row["id"]) is not None:
        raise Stale
    deal = Deal(**row)
    if deal.status not in ENDED:
        refuse_other_claim(deal.stock_unit_id)
        if deal.status in CLAIMING:
            claims.take_unit(actor, deal)
        claims.begin_with_unit(actor, deal)
    try:
        insert_deal(deal)
        for name, model in _HUNG.items():
            db.session.add_all(model(**_as_it_may_be(values)) for values in (hung or {}).get(name, ()))
            db.session.flush()
    except IntegrityError as error:
        if is_reference(error):
            raise Stale from error
        raise
    note_change(actor, "deal.restore", deal, {}, None)
    search.refresh("deal", [deal.id])
    counted = counts_as_sale(deal.delivered_on, deal.unwound_on)
    publish(DealChanged(deal.id, deal.stock_unit_id, deal.store_id, counted))
    return deal
