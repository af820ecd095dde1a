"""A cost that comes after its car was sold, written down from the deal's page."""

from __future__ import annotations

from flask import flash
from flask_babel import gettext
from marshmallow import validate

from app.core.db import transaction
from app.core.db.ids import from_public
from app.core.errors import DomainError, NotFound, PermissionDenied
from app.core.http.access import require
from app.core.http.forms import Amount, FormSchema, load_form
from app.core.http.sessions import current_actor
from app.inventory.operations.costs import correct_cost as correct
from app.sales import queries
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
