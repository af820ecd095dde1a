"""The checklist on Today for whoever sets a dealership up, and its sample data: loaded and taken away by a press."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, current_app, flash, redirect, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.core.db import transaction
from app.core.errors import N_
from app.core.guard.permissions import Actor, allows
from app.core.http.access import require
from app.core.http.sessions import current_actor
from app.core.jobs.models import Job
from app.tenants.operations import samples
from app.tenants.queries import list_open_stores
from app.web.desk import Desk

bp = Blueprint("first_steps", __name__, template_folder="templates")


@dataclass(frozen=True)
class Step:
    """Something a new dealership does once."""

    label: str
    icon: str
    url: str
    done: bool


@dataclass(frozen=True)
class FirstSteps:
    """What is to be done first, and how it stands with the sample data."""

    steps: list[Step]
    samples: samples.Standing

    @property
    def open(self) -> int:
        """How many steps are left."""
        return sum(not step.done for step in self.steps)


# list, kind of sample, label, icon, where it is begun, the right
OWN = (
    ("stock_units", "stock_unit", N_("Add a vehicle"), "car", "inventory.new_vehicle", "vehicle.create"),
    ("customers", "customer", N_("Add a customer"), "user-plus", "crm.new_customer", "customer.create"),
    ("deals", "deal", N_("Record a deal"), "deal", "sales.new_deal", "deal.create"),
)


def first_steps(desk: Desk) -> FirstSteps | None:
    """The checklist for somebody who may load sample data; None for all others, and once there is nothing to do."""
    if desk.store or not allows(desk.actor, samples.RIGHT):
        return None
    standing = samples.standing()
    stores = list_open_stores(desk.actor, "store.see")
    described = any(store.address for store in stores)
    steps = [Step(gettext("Describe your store"), "store", url_for("tenants.list_stores"), described)]
    users = desk.ask("users")
    if users is not None:
        invited = desk.has_more(users, 1)
        steps.append(Step(gettext("Invite colleagues"), "mail", url_for("tenants.new_user"), invited))
    for name, kind, label, icon, endpoint, permission in OWN:
        asked = desk.ask(name)
        if asked is not None and desk.is_open(endpoint, permission):
            own = desk.has_more(asked, standing.counts.get(kind, 0))
            steps.append(Step(gettext(label), icon, current_app.url_for(endpoint), own))
    found = FirstSteps(steps, standing)
    return found if found.open or standing.counts or standing.working else None


@bp.post("/samples/load")
@require(samples.RIGHT)
def load_samples() -> Response:
    return _begin(samples.ask_for_samples)


@bp.post("/samples/remove")
@require(samples.RIGHT)
def remove_samples() -> Response:
    return _begin(samples.ask_for_removal)


def _begin(ask: Callable[[Actor], Job]) -> Response:
    with transaction():
        ask(current_actor())
    flash(gettext("It has begun. You can go on working: it waits among the jobs."), "info")
    return redirect(url_for("web.home"), 303)
