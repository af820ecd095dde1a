"""Where the worth of a trade-in comes from, and which approved appraisals of the car could say it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import url_for

from app.core.db.ids import to_public
from app.core.errors import NotFound
from app.core.guard.permissions import Actor, allows
from app.core.guard.policy import Sight, policy_for
from app.inventory.queries import appraisals
from app.inventory.queries.appraisals import ValidAcv
from app.sales.models import Deal
from app.sales.queries.sheets import Desk


@dataclass(frozen=True)
class Worths:
    """Of one trade-in: the address of its appraisal, whether that still says the same, and what may be taken instead.

    `holds` is None for whoever does not see what things cost.
    """

    url: str | None
    holds: bool | None
    offers: Sequence[ValidAcv]


def worths_of(actor: Actor, deal: Deal, desk: Desk) -> Mapping[str, Worths]:
    """By the key of a trade-in; nothing for whoever may see no appraisals."""
    if not desk.trades or not allows(actor, "appraisal.see"):
        return {}
    sees_cost = policy_for(actor).field("trade_in", "acv") is Sight.VISIBLE
    held = appraisals.valid_acvs({car.vehicle_id for car in desk.trades}, deal.store_id) if sees_cost else []
    found = {}
    for car in desk.trades:
        own = [one for one in held if one.vehicle_id == car.vehicle_id and one.currency == deal.currency]
        same = any((one.appraisal_id, one.acv) == (car.appraisal_id, car.trade.acv) for one in own)
        others = [one for one in own if (one.appraisal_id, one.acv) != (car.appraisal_id, car.trade.acv)]
        found[car.id.hex] = Worths(
            url=_address(actor, car.appraisal_id) if car.appraisal_id else None,
            holds=same if sees_cost else None,
            offers=[one for one in others if _address(actor, one.appraisal_id)],
        )
    return found


def _address(actor: Actor, appraisal_id: uuid.UUID) -> str | None:
    """The appraisal's page, for whoever may see it."""
    try:
        appraisals.get_appraisal(actor, appraisal_id)
    except NotFound:
        return None
    return url_for("inventory.show_appraisal", appraisal_id=to_public("apr", appraisal_id))
