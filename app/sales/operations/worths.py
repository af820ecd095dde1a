"""What a car taken in trade is worth to the store: the value of an approved appraisal, or one that somebody names.

Above the limit at which an appraisal takes two people a worth is never named by hand, or that rule would be walked
around on the desk.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.core.errors import FieldError, Invalid, NotFound
from app.core.guard.permissions import Actor
from app.core.guard.policy import policy_for
from app.core.money import round_amount
from app.inventory.queries import appraisals
from app.inventory.rules.appraisals import needs_second_person, two_people_above
from app.sales import errors
from app.sales.errors import WorthNeedsAppraisal
from app.sales.models import Deal, TradeIn
from app.sales.operations.contents import SheetInput
from app.sales.operations.parts import rounded
from app.sales.queries.sheets import Desk


@dataclass(frozen=True)
class Worth:
    """An actual cash value, and the appraisal it was taken from."""

    acv: Decimal | None = None
    appraisal_id: uuid.UUID | None = None


def worth_of(actor: Actor, deal: Deal, vehicle_id: uuid.UUID, said: Mapping[str, Any], row: TradeIn | None) -> Worth:
    """What a trade-in is worth once somebody has `said` any of `acv` and `appraisal_id`; `row` is how it stands.

    Nothing said of a new one takes the latest value that holds; the right value of today says nothing new. Raises
    FieldClosed for whoever does not see costs, Invalid for an appraisal that does not hold for this car at the deal's
    store, and WorthNeedsAppraisal.
    """
    if not said:
        return _latest(deal, vehicle_id) if row is None else Worth(row.acv, row.appraisal_id)
    for name in said:
        policy_for(actor).check_write("trade_in", "acv", field=name)
    now = Worth() if row is None else Worth(row.acv, row.appraisal_id)
    acv, appraisal_id = rounded(said.get("acv", now.acv), deal.currency), said.get("appraisal_id")
    is_same = acv == now.acv and said.get("appraisal_id", now.appraisal_id) == now.appraisal_id
    if appraisal_id is None:
        return now if is_same else by_hand(deal, acv)
    found = _of_appraisal(actor, deal, vehicle_id, appraisal_id)
    if found is not None and said.get("acv") in (None, found.acv):
        return found
    if is_same and row is not None:
        return now
    if found is None:
        raise Invalid([FieldError("appraisal_id", "appraisal_not_valid", errors.APPRAISAL_NOT_VALID)])
    raise Invalid([FieldError("acv", "not_appraised", errors.NOT_APPRAISED)])


def by_hand(deal: Deal, acv: Decimal | None, field: str = "acv") -> Worth:
    """A worth that somebody names; raises WorthNeedsAppraisal above the limit of two people."""
    above = two_people_above(deal.currency)
    if acv is not None and needs_second_person(acv, above):
        raise WorthNeedsAppraisal(field=field, limit=f"{round_amount(above, deal.currency)} {deal.currency}")
    return Worth(acv)


def check_worths(deal: Deal, before: Desk, content: SheetInput) -> None:
    """Raise WorthNeedsAppraisal where a worksheet gives a trade-in another worth that nobody names alone."""
    worths = {car.id: car.trade.acv for car in before.trades}
    for car in content.trades:
        acv = rounded(car.acv, deal.currency)
        if not car.keep_acv and car.id in worths and acv != worths[car.id]:
            by_hand(deal, acv, f"{car.at}acv")


def _latest(deal: Deal, vehicle_id: uuid.UUID) -> Worth:
    held = appraisals.valid_acvs([vehicle_id], deal.store_id)
    return next((Worth(one.acv, one.appraisal_id) for one in held if one.currency == deal.currency), Worth())


def _of_appraisal(actor: Actor, deal: Deal, vehicle_id: uuid.UUID, appraisal_id: uuid.UUID) -> Worth | None:
    """The value of an appraisal the actor may see, where it holds for this car at the deal's store."""
    try:
        appraisals.get_appraisal(actor, appraisal_id)
    except NotFound:
        return None
    one = appraisals.valid_acv(appraisal_id=appraisal_id, vehicle_id=vehicle_id, store_id=deal.store_id)
    return None if one is None or one.currency != deal.currency else Worth(one.acv, one.appraisal_id)
