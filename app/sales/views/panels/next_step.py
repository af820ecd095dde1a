"""What is to be done next with a deal: the one button in the desk's foot, and the hint beside its discount."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from flask import url_for
from flask_babel import gettext

from app.core.db.ids import to_public
from app.core.guard.permissions import Actor, covers
from app.sales.models import Deal
from app.sales.rules.sheet import Sheet
from app.sales.rules.status import ENDED


@dataclass(frozen=True)
class NextStep:
    """A button: a link to a page, or a form of its own that is posted with `fields`."""

    label: str
    url: str
    icon: str = "arrow-right"
    method: Literal["get", "post"] = "get"
    fields: Mapping[str, str] = field(default_factory=dict)


def delivery(actor: Actor, deal: Deal) -> NextStep | None:
    """Handing the vehicle over."""
    if deal.status in ENDED or deal.delivered_on is not None:
        return None
    if not covers(actor, "deal.deliver", owner_id=deal.salesperson_id, store_id=deal.store_id):
        return None
    url = url_for("sales.edit_delivery", deal_id=to_public("deal", deal.id))
    return NextStep(gettext("Deliver"), url, "check")


# The first that has something to say to this actor is the one.
NEXT_STEPS: tuple[Callable[[Actor, Deal], NextStep | None], ...] = (delivery,)
# What is said below the discount, as the worksheet stands in the form: what a person may give away alone.
DISCOUNT_HINTS: tuple[Callable[[Actor, Deal, Sheet], str | None], ...] = ()


def next_step(actor: Actor, deal: Deal) -> NextStep | None:
    """The next step of the deal that this actor may take."""
    return next((step for find in NEXT_STEPS if (step := find(actor, deal)) is not None), None)


def discount_hint(actor: Actor, deal: Deal, sheet: Sheet) -> str | None:
    """What is said below the discount."""
    return next((text for hint in DISCOUNT_HINTS if (text := hint(actor, deal, sheet))), None)
