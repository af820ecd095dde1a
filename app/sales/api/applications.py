"""Applications to lenders and insurers over the API."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select

from app.core.db.ids import from_public
from app.core.guard.permissions import Actor
from app.core.http.access import require
from app.core.http.api import (
    ApiBlueprint,
    ApiRecord,
    acted,
    acts,
    answer_list,
    answer_one,
    created,
    creates,
    lists,
    load_body,
    shows,
)
from app.core.http.api.expansions import in_row
from app.core.http.api.schemas import VersionBody
from app.core.http.sessions import current_actor
from app.sales import queries
from app.sales.api.money_shapes import ApplicationSchema, NewApplication, NewFunding, SettledStipulation
from app.sales.lists import APPLICATIONS
from app.sales.models import Application
from app.sales.operations import applications

bp = ApiBlueprint("applications", "What lenders and insurers are asked about deals, and what they say.")

USD = {"amount": "9000.00", "currency": "USD"}
EXAMPLE = {"partner": "harbour", "amount": USD, "band": "good", "term_months": 60}


def _whole(actor: Actor) -> Select[Any]:
    return APPLICATIONS.source(actor).add_columns(
        *(Application.version, Application.partner, Application.stipulations, Application.external_reference),
        *(Application.owed, Application.tries, Application.created_at, Application.updated_at),
    )


APPLICATION = ApiRecord(
    name="application",
    path="applications",
    spec=APPLICATIONS,
    schema=ApplicationSchema,
    source=_whole,
    names={"store_id": "store", "deal_id": "deal", "asked_at": "asked", "funded_on": "funded"},
    expands={"store": in_row("store_id", "store", lambda row: row.store_name)},
)


@bp.route("/applications", methods=["GET"])
@require("application.see")
@lists(APPLICATION)
def list_applications():
    """List applications to lenders and insurers"""
    return answer_list(APPLICATION)


@bp.route("/applications/<application_id>", methods=["GET"])
@require("application.see")
@shows(APPLICATION)
def show_application(application_id: str):
    """Read an application"""
    return answer_one(APPLICATION, application_id)


@bp.route("/deals/<deal_id>/applications", methods=["POST"])
@require("application.create")
@creates(APPLICATION, NewApplication, EXAMPLE, required=True)
def create_application(deal_id: str):
    """Lay a deal before a lender or an insurer"""
    actor = current_actor()
    key = queries.get_deal(actor, from_public("deal", deal_id)).id
    data = load_body(NewApplication)
    return created(
        APPLICATION,
        lambda: applications.submit_application(actor=actor, deal_id=key, **data).id,
        required=True,
    )


@bp.route("/applications/<application_id>/withdraw", methods=["POST"])
@require("application.edit")
@acts(APPLICATION, VersionBody, {}, required=True)
def withdraw_application(application_id: str):
    """Ask for nothing any more"""
    actor, key = current_actor(), APPLICATION.reach(application_id)
    data = load_body(VersionBody)
    return acted(
        APPLICATION,
        key,
        lambda: applications.withdraw_application(actor=actor, application_id=key, **data),
        required=True,
    )


@bp.route("/applications/<application_id>/stipulations", methods=["POST"])
@require("application.edit")
@acts(APPLICATION, SettledStipulation, {"name": "proof_of_income", "state": "met"}, required=True)
def settle_stipulation(application_id: str):
    """Say what has become of something the partner wants to see"""
    actor, key = current_actor(), APPLICATION.reach(application_id)
    data = load_body(SettledStipulation)
    return acted(
        APPLICATION,
        key,
        lambda: applications.settle_stipulation(actor=actor, application_id=key, **data),
        required=True,
    )


@bp.route("/applications/<application_id>/fund", methods=["POST"])
@require("application.fund")
@acts(APPLICATION, NewFunding, {"amount": USD, "reference": "WIRE 7"}, required=True)
def fund_deal(application_id: str):
    """Write down that the lender's money came"""
    actor, key = current_actor(), APPLICATION.reach(application_id)
    data = load_body(NewFunding)
    return acted(
        APPLICATION, key, lambda: applications.fund_deal(actor=actor, application_id=key, **data), required=True
    )
