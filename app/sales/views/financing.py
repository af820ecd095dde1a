"""Pages of applications to lenders and insurers: the list, one of them, asking, and the lender's money."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.core import clock
from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError
from app.core.guard import once
from app.core.guard.permissions import covers
from app.core.guard.policy import policy_for
from app.core.http.access import require
from app.core.http.forms import load_form, render_form
from app.core.http.lists import list_view
from app.core.http.once_forms import fresh_key, post_once
from app.core.http.sessions import current_actor
from app.core.money import plain_amount
from app.sales import lists, queries
from app.sales.operations import applications
from app.sales.ports import BAND_LABELS, PARTNERS, REASON_LABELS, STIPULATION_LABELS, find_partner
from app.sales.queries import applications as asked
from app.sales.queries import receivables
from app.sales.rules import financing
from app.sales.rules.receivables import ZERO
from app.sales.schemas.deals import VersionForm
from app.sales.schemas.payments import ApplicationForm, FundingForm, StipulationForm
from app.sales.views.pages import bp, find_customer_name, list_choices, translated
from app.tenants import queries as tenants

# From so many tries on the task has been laid aside, and somebody has to try again.
LAID_ASIDE = 8


@bp.get("/applications")
@require("application.see")
def list_applications():
    return list_view(lists.APPLICATIONS, "sales/applications.html", choices={"store": list_choices()["store"]})


@bp.get("/deals/<deal_id>/applications/new")
@require("application.create")
def new_application(deal_id: str):
    return _form(from_public("deal", deal_id))


@bp.post("/deals/<deal_id>/applications")
@require("application.create")
def create_application(deal_id: str):
    key = from_public("deal", deal_id)
    try:
        data = load_form(ApplicationForm)
        effect, _ = post_once(data.pop("once"), lambda: _submitted(key, data))
    except DomainError as error:
        return _form(key, error)
    flash(gettext("The application is on its way."))
    return _to(effect.record_id or key)


@bp.get("/applications/<application_id>")
@require("application.see")
def show_application(application_id: str):
    return _page(from_public("app", application_id))


@bp.post("/applications/<application_id>/withdraw")
@require("application.edit")
def withdraw_application(application_id: str):
    return _do(application_id, lambda key: applications.withdraw_application(
        actor=current_actor(), application_id=key, **load_form(VersionForm)
    ))  # fmt: skip


@bp.post("/applications/<application_id>/retry")
@require("application.edit")
def retry_application(application_id: str):
    return _do(application_id, lambda key: applications.retry_application(actor=current_actor(), application_id=key))


@bp.post("/applications/<application_id>/stipulations")
@require("application.edit")
def settle_stipulation(application_id: str):
    return _do(application_id, lambda key: applications.settle_stipulation(
        actor=current_actor(), application_id=key, **load_form(StipulationForm)
    ))  # fmt: skip


@bp.post("/applications/<application_id>/ask-funding")
@require("application.fund")
def ask_for_funding(application_id: str):
    return _do(application_id, lambda key: applications.ask_for_funding(
        actor=current_actor(), application_id=key, **load_form(VersionForm)
    ))  # fmt: skip


@bp.post("/applications/<application_id>/fund")
@require("application.fund")
def fund_deal(application_id: str):
    key = from_public("app", application_id)
    try:
        data = load_form(FundingForm)
        post_once(data.pop("once"), lambda: _funded(key, data))
    except DomainError as error:
        return _page(key, error)
    flash(gettext("The lender's money is written down."))
    return _to(key)


def _submitted(deal_id: uuid.UUID, data: dict[str, Any]) -> once.Effect:
    made = applications.submit_application(actor=current_actor(), deal_id=deal_id, **data)
    return once.Effect(303, "application", made.id)


def _funded(application_id: uuid.UUID, data: dict[str, Any]) -> once.Effect:
    paid = applications.fund_deal(actor=current_actor(), application_id=application_id, **data)
    return once.Effect(303, "payment", paid.id)


def _do(application_id: str, change: Callable[[uuid.UUID], Any]) -> Any:
    key = from_public("app", application_id)
    try:
        with transaction():
            change(key)
    except DomainError as error:
        return _page(key, error)
    flash(gettext("Done."))
    return _to(key)


def _to(application_id: uuid.UUID) -> Response:
    return redirect(url_for("sales.show_application", application_id=to_public("app", application_id)), 303)


def _form(deal_id: uuid.UUID, error: DomainError | None = None) -> Any:
    deal = queries.get_deal(current_actor(), deal_id)
    open_amount = max(receivables.balance_of(deal).from_buyer, ZERO)
    return render_form(
        "sales/application_form.html",
        error,
        values={"amount": plain_amount(open_amount, deal.currency), "band": "good", "term_months": "60"},
        deal=deal,
        public_id=to_public("deal", deal_id),
        customer=find_customer_name(deal.customer_id),
        partners=[(entry.key, gettext(entry.name)) for entry in PARTNERS.values()],
        bands=translated(BAND_LABELS),
        once=fresh_key(),
    )


def _page(application_id: uuid.UUID, error: DomainError | None = None) -> Any:
    actor = current_actor()
    found = asked.get_application(actor, application_id)
    deal = queries.get_deal(actor, found.deal_id)
    decided, entry = found.decided or {}, find_partner(found.partner)
    store = tenants.get_store(found.store_id)

    def allowed(permission: str) -> bool:
        return covers(actor, permission, owner_id=deal.salesperson_id, store_id=deal.store_id)

    agreed = found.status in financing.AGREED
    amount = decided.get("funding", {}).get("amount") or found.decided_amount
    return render_form(
        "sales/application.html",
        error,
        values={
            "amount": plain_amount(Decimal(str(amount)), found.currency) if amount is not None else "",
            "funded_on": clock.today(store.timezone),
            "reference": decided.get("funding", {}).get("reference", ""),
        },
        found=found,
        public_id=to_public("app", found.id),
        deal=deal,
        deal_url=url_for("sales.show_deal", deal_id=to_public("deal", deal.id)),
        partner=gettext(found.partner_name),
        kind=gettext(financing.KIND_LABELS[found.kind]),
        status=gettext(financing.STATUS_LABELS[found.status]),
        customer=find_customer_name(deal.customer_id),
        band=gettext(BAND_LABELS.get(found.requested.get("band", ""), "–")),
        reason=gettext(REASON_LABELS.get(decided.get("reason", ""), decided.get("reason", ""))) or None,
        decided=decided,
        buy_rate=policy_for(actor).show("application", "buy_rate", found.buy_rate, "number"),
        stipulations=[
            (item["name"], gettext(STIPULATION_LABELS.get(item["name"], item["name"])), item["state"])
            for item in found.stipulations
        ],
        told=", ".join(entry.person_fields) if entry else None,
        same_figures=found.figures_hash == asked.hash_of(deal),
        laid_aside=found.failure is not None and found.tries >= LAID_ASIDE,
        asked_by=tenants.get_user_name(found.asked_by) if found.asked_by else None,
        may_edit=allowed("application.edit"),
        may_withdraw=financing.may_withdraw(found.status) and allowed("application.edit"),
        may_fund=found.kind == "lender"
        and financing.may_fund(found.status, found.stipulations)
        and allowed("application.fund"),
        agreed=agreed,
        once=fresh_key(),
    )
