"""Pages of handing a vehicle over and of taking a delivered deal back."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash
from flask_babel import gettext

from app.core import clock
from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError, Stale
from app.core.http.access import require
from app.core.http.forms import load_form, render_form
from app.core.http.sessions import current_actor
from app.sales import queries
from app.sales.operations import delivery
from app.sales.queries.sheets import list_trades
from app.sales.schemas.deals import DeliverForm, UnwindForm
from app.sales.views.pages import bp, to_deal, version_shown
from app.tenants import queries as tenants


@bp.get("/deals/<deal_id>/deliver")
@require("deal.deliver")
def edit_delivery(deal_id: str):
    return _form("sales/deliver_form.html", from_public("deal", deal_id), fresh="delivered_on")


@bp.post("/deals/<deal_id>/deliver")
@require("deal.deliver")
def deliver_deal(deal_id: str):
    key = from_public("deal", deal_id)
    try:
        data = load_form(DeliverForm)
        with transaction():
            delivery.deliver_deal(actor=current_actor(), deal_id=key, **data)
    except DomainError as error:
        return _form("sales/deliver_form.html", key, error)
    flash(gettext("The deal is delivered."))
    return to_deal(key)


@bp.get("/deals/<deal_id>/unwind")
@require("deal.unwind")
def edit_unwinding(deal_id: str):
    return _form("sales/unwind_form.html", from_public("deal", deal_id), fresh="unwound_on")


@bp.post("/deals/<deal_id>/unwind")
@require("deal.unwind")
def unwind_deal(deal_id: str):
    key = from_public("deal", deal_id)
    try:
        data = load_form(UnwindForm)
        with transaction():
            delivery.unwind_deal(actor=current_actor(), deal_id=key, **data)
    except DomainError as error:
        return _form("sales/unwind_form.html", key, error)
    flash(gettext("The deal is unwound."))
    return to_deal(key)


def _form(template: str, deal_id: uuid.UUID, error: DomainError | None = None, *, fresh: str = "") -> Any:
    deal = queries.get_deal(current_actor(), deal_id)
    return render_form(
        template,
        error,
        values={fresh: clock.today(tenants.get_store(deal.store_id).timezone)} if fresh else None,
        deal=deal,
        public_id=to_public("deal", deal_id),
        version=version_shown(error, deal.version),
        is_stale=isinstance(error, Stale),
        has_trades=bool(list_trades(deal_id)),
    )
