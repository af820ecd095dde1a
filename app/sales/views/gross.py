"""A cost that comes after its car was sold, and whose a deal is, written down from the deal's page."""

from __future__ import annotations

from decimal import Decimal

from flask import flash
from flask_babel import gettext
from marshmallow import fields, validate

from app.core.db import transaction
from app.core.db.ids import from_public
from app.core.errors import DomainError, NotFound, PermissionDenied
from app.core.http.access import require
from app.core.http.forms import Amount, FormSchema, load_form
from app.core.http.sessions import current_actor
from app.inventory.operations.costs import correct_cost as correct
from app.sales import queries
from app.sales.operations import commission
from app.sales.views.pages import bp, deal_page, to_deal


class CostForm(FormSchema):
    """What the car has cost in all."""

    cost = Amount(required=True, validate=validate.Range(min=0))


@bp.post("/deals/<deal_id>/cost")
@require("stock.edit")
def correct_cost(deal_id: str):
    deal = queries.get_deal(current_actor(), from_public("deal", deal_id))
    try:
        data = load_form(CostForm)
        with transaction():
            correct(actor=current_actor(), unit_id=deal.stock_unit_id, cost=data["cost"])
    except (NotFound, PermissionDenied):
        raise
    except DomainError as error:
        return deal_page(deal.id, error)
    flash(gettext("The cost was saved, and the gross counted again."))
    return to_deal(deal.id)


class SharesForm(FormSchema):
    """Up to three people and their parts of a deal."""

    house = fields.Boolean(load_default=False)
    user_1 = fields.UUID(load_default=None)
    share_1 = Amount(load_default=None)
    user_2 = fields.UUID(load_default=None)
    share_2 = Amount(load_default=None)
    user_3 = fields.UUID(load_default=None)
    share_3 = Amount(load_default=None)


@bp.post("/deals/<deal_id>/shares")
@require("commission.edit")
def share_deal(deal_id: str):
    deal = queries.get_deal(current_actor(), from_public("deal", deal_id))
    try:
        data = load_form(SharesForm)
        rows = ((data[f"user_{row}"], data[f"share_{row}"]) for row in (1, 2, 3))
        people = [(user, share or Decimal(0)) for user, share in rows if user is not None]
        with transaction():
            commission.share_deal(actor=current_actor(), deal_id=deal.id, people=people, house=data["house"])
    except (NotFound, PermissionDenied):
        raise
    except DomainError as error:
        return deal_page(deal.id, error)
    flash(gettext("The split was saved."))
    return to_deal(deal.id)
