"""Pages that move a deal on, correct what was agreed, and keep its unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash
from flask_babel import gettext

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError, NotFound, PermissionDenied, Stale
from app.core.http.access import require
from app.core.http.forms import load_form, render_form
from app.core.http.sessions import current_actor
from app.core.money import plain_amount
from app.sales import queries
from app.sales.errors import DealMoveNotAllowed
from app.sales.lists import STATUS_LABELS
from app.sales.operations import corrections, many, reserving
from app.sales.schemas.moves import CorrectionForm, MoveForm, ReservationForm
from app.sales.views.pages import bp, deal_page, to_deal, version_shown

CORRECTION = "sales/correct_form.html"


@bp.post("/deals/<deal_id>/move")
@require("deal.edit")
def move_deal(deal_id: str):
    key = from_public("deal", deal_id)

    def move() -> None:
        data = load_form(MoveForm)
        if data["version"] not in (None, queries.get_deal(current_actor(), key, lock=True).version):
            raise Stale
        many.move_status(current_actor(), key, {"to_status": data["status"]})

    return _done(key, move, gettext("The status is changed."))


@bp.get("/deals/<deal_id>/correct")
@require("deal.edit")
def edit_correction(deal_id: str):
    return _correction(deal_id)


@bp.post("/deals/<deal_id>/correct")
@require("deal.edit")
def correct_deal(deal_id: str):
    key = from_public("deal", deal_id)
    try:
        data = load_form(CorrectionForm)
        with transaction():
            corrections.correct_deal(actor=current_actor(), deal_id=key, **data)
    except DomainError as error:
        return _correction(deal_id, error)
    flash(gettext("The deal is corrected; what was agreed before stays on record."))
    return to_deal(key)


@bp.post("/deals/<deal_id>/reserve")
@require("deal.edit")
def reserve_unit(deal_id: str):
    key = from_public("deal", deal_id)
    return _done(
        key,
        lambda: reserving.reserve(actor=current_actor(), deal_id=key, **load_form(ReservationForm)),
        gettext("The unit is reserved."),
    )


@bp.post("/deals/<deal_id>/release")
@require("deal.edit")
def release_unit(deal_id: str):
    key = from_public("deal", deal_id)
    return _done(key, lambda: reserving.release(actor=current_actor(), deal_id=key), gettext("The unit is released."))


def _done(key: Any, work: Callable[[], Any], said: str) -> Any:
    """Do it and show the deal; refused, its page says why and keeps what was typed."""
    try:
        with transaction():
            work()
    except (NotFound, PermissionDenied):
        raise
    except DomainError as error:
        if isinstance(error, DealMoveNotAllowed):
            error.params = {name: gettext(STATUS_LABELS.get(label, label)) for name, label in error.params.items()}
        return deal_page(key, error)
    flash(said)
    return to_deal(key)


def _correction(deal_id: str, error: DomainError | None = None) -> Any:
    deal = queries.get_deal(current_actor(), from_public("deal", deal_id))
    values = {name: plain_amount(getattr(deal, name), deal.currency) for name in ("price", "discount")}
    return render_form(
        CORRECTION,
        error,
        values=values,
        deal=deal,
        public_id=to_public("deal", deal.id),
        version=version_shown(error, deal.version),
        is_stale=isinstance(error, Stale),
    )
