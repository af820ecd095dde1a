"""For how long a unit is kept for somebody, and with what deposit."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import validate

from app.core.db import current_tenant
from app.core.errors import N_
from app.core.guard.permissions import Actor
from app.core.http.forms import Amount, FormSchema, Whole
from app.core.money import plain_amount
from app.sales.rules.policies import LONGEST_RESERVATION, PolicyKind, reservation_terms
from app.sales.views.settings.parts import Body, Setting


class ReservationTermsForm(FormSchema):
    """Days and deposit."""

    days = Whole(required=True, validate=validate.Range(min=1, max=LONGEST_RESERVATION))
    deposit = Amount(load_default=Decimal(0), validate=validate.Range(min=0))


def _to_body(data: Mapping[str, Any]) -> Body:
    return {"days": data["days"], "deposit": data["deposit"]}


def _to_values(body: Body | None) -> Mapping[str, Any]:
    terms = reservation_terms(body)
    return {"days": terms.days, "deposit": plain_amount(terms.deposit, current_tenant().currency)}


def _context(_actor: Actor) -> Mapping[str, Any]:
    return {"currency": current_tenant().currency}


SETTING = Setting(
    kind=PolicyKind.RESERVATION,
    label=N_("Reservations"),
    hint=N_("For how many days a unit is kept, and with what deposit"),
    template="sales/settings/reservation.html",
    schema=lambda: ReservationTermsForm,
    to_body=_to_body,
    to_values=_to_values,
    context=_context,
)
