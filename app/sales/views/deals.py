"""Pages of deals: the list, one deal, recording, correcting and deleting."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from app.core.db import transaction
from app.core.db.ids import from_public
from app.core.errors import DomainError, NotFound, PermissionDenied
from app.core.http.access import require
from app.core.http.edits import flash_saved, save_edit
from app.core.http.forms import load_form, typed
from app.core.http.lists import list_view
from app.core.http.sessions import current_actor
from app.core.http.undo import flash_undo
from app.core.money import plain_amount
from app.sales import lists, queries
from app.sales.operations import deals, removal
from app.sales.rules.status import DealStatus, DealType
from app.sales.schemas.deals import NewDealForm, VersionForm
from app.sales.views.pages import (
    FORM,
    bp,
    deal_form,
    deal_page,
    find_unit,
    is_search,
    list_choices,
    opened_deal,
    to_deal,
)


@bp.get("/deals")
@require("deal.see")
def list_deals():
    return list_view(lists.DEALS, "sales/deals.html", choices=list_choices())


@bp.get("/deals/new")
@require("deal.create")
def new_deal():
    """A link from a unit's, a customer's or a lead's page brings its id along."""
    unit_id, customer_id, lead_id = (
        from_public(prefix, request.args[name]) if request.args.get(name) else None
        for name, prefix in (("unit", "unit"), ("customer", "cus"), ("lead", "lead"))
    )
    unit = find_unit(unit_id)
    values = {
        "stock_unit_id": unit.unit_id if unit else "",
        "store_id": unit.store_id if unit else "",
        "price": plain_amount(unit.asking_price, unit.currency) if unit and unit.asking_price is not None else "",
        "customer_id": customer_id or "",
        "lead_id": lead_id or "",
        "salesperson_id": current_actor().user_id or "",
        "deal_type": DealType.RETAIL.value,
        "status": DealStatus.WORKING.value,
    }
    return deal_form(None, values=values)


@bp.post("/deals")
@require("deal.create")
def create_deal():
    if is_search():
        return deal_form(None, values=typed())
    try:
        data = without_searches(load_form(NewDealForm))
        with transaction():
            deal = deals.record_deal(actor=current_actor(), **data)
    except DomainError as error:
        return deal_form(None, error)
    flash(gettext("The deal %(number)s was recorded.", number=deal.deal_number))
    return to_deal(deal.id)


@bp.get("/deals/<deal_id>")
@require("deal.see")
def show_deal(deal_id: str):
    return deal_page(from_public("deal", deal_id))


@bp.get("/deals/<deal_id>/edit")
@require("deal.edit")
def edit_deal(deal_id: str):
    return deal_form(queries.get_deal(current_actor(), from_public("deal", deal_id)))


@bp.post("/deals/<deal_id>/edit")
@require("deal.edit")
def update_deal(deal_id: str):
    key = from_public("deal", deal_id)
    if is_search():
        return deal_form(queries.get_deal(current_actor(), key), values=typed())
    try:
        saved = save_edit(
            lambda: opened_deal(queries.get_deal(current_actor(), key)),
            lambda data: deals.edit_deal(actor=current_actor(), deal_id=key, **without_searches(data)),
        )
    except DomainError as error:
        return deal_form(queries.get_deal(current_actor(), key), error)
    flash_undo(gettext("The deal was saved."))
    flash_saved(saved, FORM)
    return to_deal(key)


@bp.post("/deals/<deal_id>/delete")
@require("deal.delete")
def delete_deal(deal_id: str):
    key = from_public("deal", deal_id)
    try:
        data = load_form(VersionForm)
        with transaction():
            removal.delete_deal(actor=current_actor(), deal_id=key, **data)
    except (NotFound, PermissionDenied):
        raise
    except DomainError as error:
        return deal_page(key, error)
    flash_undo(gettext("The deal was deleted."))
    return redirect(url_for("sales.list_deals"), 303)


def without_searches(data: dict[str, Any]) -> dict[str, Any]:
    """A loaded form without what only its pickers need."""
    return {name: value for name, value in data.items() if not name.endswith("_search")}
