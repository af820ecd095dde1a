"""Worksheets: saving one whole, copying, choosing and deleting them; the chosen one's price is the deal's."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import func

from app.core.db import db
from app.core.errors import Invalid, NotFound, Stale
from app.core.guard import audit, undo
from app.core.guard.permissions import Actor
from app.core.jobs.events import publish
from app.core.money import round_amount
from app.sales.errors import ChosenSheetStays, SheetIsFrozen
from app.sales.events import DealChanged, WorksheetChanged
from app.sales.models import Deal, Worksheet
from app.sales.operations import parts
from app.sales.operations.contents import SheetInput, check_costs, content_of, problems_of
from app.sales.operations.deals import load_deal
from app.sales.operations.mirroring import follow_sheet
from app.sales.operations.telling import changes_between
from app.sales.operations.worths import check_worths
from app.sales.queries import sheets
from app.sales.queries.sheets import Desk
from app.sales.rules.bodies import from_body, to_body


def save_sheet(
    *,
    actor: Actor,
    deal_id: uuid.UUID,
    version: int | None,
    content: SheetInput,
    worksheet_id: uuid.UUID | None = None,
) -> Worksheet:
    """Store a worksheet whole, the chosen one where none is named; a deal without any gets its first by this.

    `version` is that of the `Desk` it was read from. Raises NotFound, PermissionDenied, SheetIsFrozen, Stale, Invalid
    naming fields by the `at` of their part, FieldClosed for a cost of somebody who sees none, and WorthNeedsAppraisal.
    Publishes WorksheetChanged, and DealChanged where the deal's price became another.
    """
    deal = open_deal(actor, deal_id)
    row, before = _load(actor, deal, worksheet_id)
    if version is not None and before.version != version:
        raise Stale
    check_costs(actor, content)
    problems = problems_of(content)
    if problems:
        raise Invalid(problems)
    check_worths(deal, before, content)
    known = {item.id for item in before.lines} | {way.id for way in before.ways}
    own = replace(
        content,
        lines=tuple(item if item.id in known else replace(item, id=None) for item in content.lines),
        ways=tuple(item if item.id in known else replace(item, id=None) for item in content.ways),
    )
    return _store(actor, deal, row, before, own)


def change_sheet(
    *, actor: Actor, deal_id: uuid.UUID, version: int | None, change: Callable[[SheetInput], SheetInput]
) -> Worksheet:
    """Store the chosen worksheet changed by what the house itself knows, such as a product with its cost.

    Raises NotFound, PermissionDenied, SheetIsFrozen and Stale; what `change` gives must be right.
    """
    deal = open_deal(actor, deal_id)
    row, before = _load(actor, deal, None)
    if version is not None and before.version != version:
        raise Stale
    return _store(actor, deal, row, before, change(content_of(before)))


def restore_sheet(*, actor: Actor, deal_id: uuid.UUID, worksheet_id: uuid.UUID, version: int, body: Mapping) -> None:
    """Bring a worksheet back to what it was, costs included; for taking a change back. Raises Stale."""
    deal = open_deal(actor, deal_id)
    row, before = _load(actor, deal, worksheet_id)
    if before.version != version:
        raise Stale
    _store(actor, deal, row, before, from_body(SheetInput, body))


def _store(actor: Actor, deal: Deal, row: Worksheet | None, before: Desk, content: SheetInput) -> Worksheet:
    """Write it, tell of it, and let its maker take it back."""
    if row is None:
        row = Worksheet(deal_id=deal.id, number=1, chosen=True)
        db.session.add(row)
    currency = deal.currency
    row.price, row.discount = round_amount(content.price, currency), round_amount(content.discount, currency)
    row.tax_key = content.tax.key if content.tax else None
    row.tax_rule = content.tax.to_body() if content.tax else None
    row.note = (content.note or "").strip() or None
    # Its version tells of everything below it, too.
    row.updated_at = func.now()
    db.session.flush()
    parts.store_lines(row.id, content, before, currency)
    parts.store_ways(row.id, content, before)
    parts.store_trades(deal.id, content, currency)
    moved = follow_sheet(deal, row) if row.chosen else {}
    db.session.flush()
    after = sheets.read_desk(deal, row)
    changes, personal = changes_between(before, after, parts.car_names(actor, after))
    number = {} if before.id is None and row.chosen else {"worksheet": (None, row.number)}
    told = {**number, **changes}
    audit.record(actor, "deal.worksheet", "deal", deal.id, told, personal, subject_id=deal.customer_id)
    undo.offer(
        actor, "worksheet.save",
        {"name": deal.deal_number, "deal": deal.id, "id": row.id, "version": row.version, "body": _body(before)},
    )  # fmt: skip
    if row.chosen or changes["trade_ins"] != (None, None):
        _publish(deal, moved)
    return row


def copy_worksheet(*, actor: Actor, deal_id: uuid.UUID, worksheet_id: uuid.UUID | None = None) -> Worksheet:
    """Another worksheet of the deal that begins with the figures of this one (of the chosen one); it is not chosen."""
    deal = open_deal(actor, deal_id)
    row, desk = _load(actor, deal, worksheet_id)
    if row is None:
        row = _store(actor, deal, None, desk, content_of(desk))
        desk = sheets.read_desk(deal, row)
    copied = Worksheet(
        deal_id=deal.id, number=sheets.next_number(deal.id), price=row.price, discount=row.discount,
        tax_key=row.tax_key, tax_rule=row.tax_rule, note=row.note,
    )  # fmt: skip
    db.session.add(copied)
    db.session.flush()
    content = content_of(desk)
    anew = replace(
        content,
        lines=tuple(replace(item, id=None) for item in content.lines),
        ways=tuple(replace(way, id=None) for way in content.ways),
    )
    parts.store_lines(copied.id, anew, desk, deal.currency)
    parts.store_ways(copied.id, anew, desk)
    db.session.flush()
    audit.record(actor, "deal.copy_worksheet", "deal", deal.id, {"worksheet": (row.number, copied.number)})
    return copied


def choose_worksheet(*, actor: Actor, deal_id: uuid.UUID, worksheet_id: uuid.UUID) -> Worksheet:
    """Make this worksheet the one whose figures are the deal's; publishes WorksheetChanged and DealChanged."""
    deal = open_deal(actor, deal_id)
    row, _ = _load(actor, deal, worksheet_id)
    if row is None:
        raise NotFound
    old = next((other for other in sheets.list_worksheets(deal.id) if other.chosen), None)
    if row.chosen:
        return row
    if old is not None:
        old.chosen = False
        db.session.flush()
    row.chosen = True
    changes = follow_sheet(deal, row)
    db.session.flush()
    changes["worksheet"] = (old.number if old else None, row.number)
    audit.record(actor, "deal.choose_worksheet", "deal", deal.id, changes)
    if old is not None:
        undo.offer(
            actor, "worksheet.choose", {"name": deal.deal_number, "deal": deal.id, "id": old.id, "version": old.version}
        )
    _publish(deal, changes)
    return row


def choose_scenario(
    *, actor: Actor, deal_id: uuid.UUID, worksheet_id: uuid.UUID, scenario_id: uuid.UUID, version: int | None = None
) -> Worksheet:
    """Choose one of a worksheet's ways to pay; raises NotFound for another's, SheetIsFrozen and Stale."""
    deal = open_deal(actor, deal_id)
    row, before = _load(actor, deal, worksheet_id)
    if version is not None and before.version != version:
        raise Stale
    if row is None or all(way.id != scenario_id for way in before.ways):
        raise NotFound
    content = content_of(before)
    ways = tuple(replace(way, chosen=way.id == scenario_id) for way in content.ways)
    return _store(actor, deal, row, before, replace(content, ways=ways))


def delete_worksheet(*, actor: Actor, deal_id: uuid.UUID, worksheet_id: uuid.UUID) -> None:
    """Delete a worksheet that is not the chosen one; raises ChosenSheetStays for that, and SheetIsFrozen."""
    deal = open_deal(actor, deal_id)
    row, desk = _load(actor, deal, worksheet_id)
    if row is None or row.chosen:
        raise ChosenSheetStays(number=desk.number)
    number, body = row.number, _body(desk)
    db.session.delete(row)
    db.session.flush()
    audit.record(actor, "deal.delete_worksheet", "deal", deal.id, {"worksheet": (number, None)})
    undo.offer(
        actor, "worksheet.delete",
        {"name": deal.deal_number, "deal": deal.id, "id": worksheet_id, "number": number, "body": body},
    )  # fmt: skip


def restore_worksheet(*, actor: Actor, deal_id: uuid.UUID, worksheet_id: uuid.UUID, number: int, body: Mapping) -> None:
    """Bring a deleted worksheet back with its id and its number; raises Stale where that was given anew."""
    deal = open_deal(actor, deal_id)
    if any(row.number == number or row.id == worksheet_id for row in sheets.list_worksheets(deal.id)):
        raise Stale
    content = from_body(SheetInput, body)
    row = Worksheet(id=worksheet_id, deal_id=deal.id, number=number, chosen=False, price=content.price)
    db.session.add(row)
    empty = sheets.read_desk(deal, None)
    _store(actor, deal, row, empty, content)


def open_deal(actor: Actor, deal_id: uuid.UUID) -> Deal:
    """The deal, locked, whose figures may still change; raises NotFound, PermissionDenied and SheetIsFrozen."""
    deal = load_deal(actor, deal_id, None, "deal.edit")
    if sheets.is_frozen(deal):
        raise SheetIsFrozen(deal_number=deal.deal_number)
    return deal


def _load(actor: Actor, deal: Deal, worksheet_id: uuid.UUID | None) -> tuple[Worksheet | None, Desk]:
    """The worksheet (the chosen one without an id; None where the deal has none yet), and how it reads."""
    if worksheet_id is not None:
        row: Worksheet | None = sheets.get_worksheet(deal, worksheet_id)
    else:
        row = sheets.find_chosen(deal.id)
    return row, sheets.read_desk(deal, row)


def _body(desk: Desk) -> dict[str, Any]:
    """The worksheet as an undo keeps it."""
    body: dict[str, Any] = to_body(content_of(desk))
    return body


def _publish(deal: Deal, moved: Mapping[str, tuple[Any, Any]]) -> None:
    publish(WorksheetChanged(deal.id))
    if any(before != after for name, (before, after) in moved.items() if name in ("price", "discount")):
        publish(DealChanged(deal.id, deal.stock_unit_id, deal.store_id, counted=False))
