"""The deal desk: figures while somebody types, saving a worksheet, and the worksheets and trade-ins of a deal."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, render_template, request
from flask_babel import gettext

from app.core.db import transaction
from app.core.db.ids import from_public
from app.core.errors import DomainError, FieldError, Invalid, NotFound, PermissionDenied
from app.core.guard.permissions import check
from app.core.http.access import require
from app.core.http.edits import Saved, save_edit
from app.core.http.forms import load_form
from app.core.http.sessions import current_actor
from app.core.http.undo import flash_undo
from app.inventory.queries.trading import find_called
from app.sales import errors, queries
from app.sales.operations import trade_ins, worksheets
from app.sales.operations.contents import is_same
from app.sales.queries import sheets
from app.sales.schemas.deals import VersionForm
from app.sales.schemas.desk import PART, TakenForm, TradeForm, read_sheet
from app.sales.views.following import follow
from app.sales.views.pages import bp, deal_page, to_deal
from app.sales.views.sheet_page import opened_sheet, rules_for, shown_sheet


@bp.post("/deals/<deal_id>/sheet")
@require("deal.edit")
def reckon_sheet(deal_id: str):
    """What the worksheet comes to as it stands in the form; nothing is stored."""
    actor, key = current_actor(), from_public("deal", deal_id)
    if request.headers.get("HX-Request") is None:
        return deal_page(key, sheet_form=True)
    deal = queries.get_deal(actor, key)
    check(actor, "deal.edit", owner_id=deal.salesperson_id, store_id=deal.store_id)
    shown = shown_sheet(actor, deal, may_edit=True, number=_number(), is_form=True, light=True)
    part = request.form.get("add", "")
    if part in ("l", "w"):
        key_of = shown.lines[-1] if part == "l" else shown.ways[-1]
        return render_template("sales/desk/part.html", shown=shown, part=part, key=key_of, values={}, errors={})
    return render_template("sales/desk/figures.html", shown=shown, errors=shown.errors)


@bp.post("/deals/<deal_id>/worksheet")
@require("deal.edit")
def save_worksheet(deal_id: str):
    actor, key = current_actor(), from_public("deal", deal_id)
    number, then = _number(), request.form.get("next", "")

    def save(data: dict[str, Any]) -> Any:
        deal = queries.get_deal(actor, key, lock=True)
        desk = sheets.desk_of(actor, deal, number)
        content = read_sheet(data, rules_for(deal), desk.tax)
        if then and desk.id is not None and is_same(content, desk):
            return None
        return worksheets.save_sheet(
            actor=actor, deal_id=key, version=data["version"], content=content, worksheet_id=desk.id
        )

    def opened() -> Any:
        deal = queries.get_deal(actor, key)
        return opened_sheet(actor, deal, sheets.desk_of(actor, deal, number))

    try:
        saved = save_edit(opened, save)
    except DomainError as error:
        return _refused(key, error)
    if then:
        _tell_kept(saved)
        return follow(key, then)
    flash_undo(gettext("The worksheet was saved."))
    _tell_kept(saved)
    return to_deal(key, number=number)


@bp.post("/deals/<deal_id>/worksheets")
@require("deal.edit")
def copy_worksheet(deal_id: str):
    key = from_public("deal", deal_id)
    try:
        with transaction():
            deal = queries.get_deal(current_actor(), key)
            desk = sheets.desk_of(current_actor(), deal, _number())
            row = worksheets.copy_worksheet(actor=current_actor(), deal_id=key, worksheet_id=desk.id)
            number = row.number
    except DomainError as error:
        return _refused(key, error)
    flash(gettext("Worksheet %(number)s begins with these figures.", number=number))
    return to_deal(key, number=number)


@bp.post("/deals/<deal_id>/worksheets/<worksheet_id>/choose")
@require("deal.edit")
def choose_worksheet(deal_id: str, worksheet_id: str):
    key, sheet = from_public("deal", deal_id), from_public("wks", worksheet_id)
    try:
        with transaction():
            worksheets.choose_worksheet(actor=current_actor(), deal_id=key, worksheet_id=sheet)
    except DomainError as error:
        return _refused(key, error)
    flash_undo(gettext("The deal has the figures of this worksheet now."))
    return to_deal(key)


@bp.post("/deals/<deal_id>/worksheets/<worksheet_id>/delete")
@require("deal.edit")
def delete_worksheet(deal_id: str, worksheet_id: str):
    key, sheet = from_public("deal", deal_id), from_public("wks", worksheet_id)
    try:
        with transaction():
            worksheets.delete_worksheet(actor=current_actor(), deal_id=key, worksheet_id=sheet)
    except DomainError as error:
        return _refused(key, error)
    flash_undo(gettext("The worksheet was deleted."))
    return to_deal(key)


@bp.post("/deals/<deal_id>/trade-ins")
@require("deal.edit")
def add_trade_in(deal_id: str):
    actor, key = current_actor(), from_public("deal", deal_id)
    try:
        data = load_form(TradeForm)
        vehicle = find_called(actor, data.pop("vehicle"))
        if vehicle is None:
            raise Invalid([FieldError("vehicle", "unknown_choice", errors.NO_SUCH_VEHICLE)])
        with transaction():
            trade_ins.add_trade(actor=actor, deal_id=key, vehicle_id=vehicle, **data)
    except DomainError as error:
        return _refused(key, error)
    flash_undo(gettext("The trade-in was added."))
    return to_deal(key)


@bp.post("/deals/<deal_id>/trade-ins/<trade_id>/appraisal")
@require("deal.edit")
def take_appraisal(deal_id: str, trade_id: str):
    """Let the trade-in be worth what an approved appraisal says."""
    actor, key, trade = current_actor(), from_public("deal", deal_id), from_public("ti", trade_id)
    try:
        data = load_form(TakenForm)
        taken = from_public("apr", data["appraisal_id"])
        with transaction():
            row = sheets.get_trade(queries.get_deal(actor, key, lock=True), trade)
            agreed = {name: getattr(row, name) for name in ("allowance", "payoff", "lienholder")}
            trade_ins.edit_trade(
                actor=actor, deal_id=key, trade_id=trade, version=data["version"], appraisal_id=taken, **agreed
            )
    except DomainError as error:
        return _refused(key, error)
    flash_undo(gettext("The trade-in is worth what the appraisal says."))
    return to_deal(key)


@bp.post("/deals/<deal_id>/trade-ins/<trade_id>/remove")
@require("deal.edit")
def remove_trade_in(deal_id: str, trade_id: str):
    key, trade = from_public("deal", deal_id), from_public("ti", trade_id)
    try:
        data = load_form(VersionForm)
        with transaction():
            trade_ins.remove_trade(actor=current_actor(), deal_id=key, trade_id=trade, **data)
    except DomainError as error:
        return _refused(key, error)
    flash_undo(gettext("The trade-in was removed."))
    return to_deal(key)


def _number() -> int | None:
    """Which of the deal's worksheets this is about; the chosen one without."""
    return request.values.get("number", type=int)


def _refused(deal_id: uuid.UUID, error: DomainError) -> Any:
    if isinstance(error, NotFound | PermissionDenied):
        raise error
    return deal_page(deal_id, error, sheet_form="price" in request.form)


def _tell_kept(saved: Saved[Any]) -> None:
    """Say what somebody else had changed meanwhile, which was kept."""
    if not saved.kept:
        return
    words = {"l": gettext("Lines"), "w": gettext("Payment options"), "t": gettext("Trade-ins")}
    plain = {
        "price": gettext("Asking price"),
        "discount": gettext("Discount"),
        "tax_key": gettext("Tax"),
        "tax_rate": gettext("Tax"),
        "choice": gettext("Payment options"),
        "sheet_note": gettext("Note"),
    }
    found = [words[part["part"]] if (part := PART.fullmatch(name)) else plain.get(name, name) for name in saved.kept]
    names = ", ".join(dict.fromkeys(found))
    if saved.by:
        flash(gettext("%(name)s changed this meanwhile, and it was kept: %(fields)s.", name=saved.by, fields=names))
    else:
        flash(gettext("This was changed meanwhile, and it was kept: %(fields)s.", fields=names))
