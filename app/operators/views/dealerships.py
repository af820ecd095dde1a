"""Dealerships: the list, one page each, and what an operator orders about them."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock
from app.core.db import revisions, transaction
from app.core.db.columns import new_id
from app.core.db.tenancy import current_settings
from app.core.errors import DomainError
from app.core.http.access import require
from app.core.http.console import OPERATOR
from app.core.http.forms import load_form, render_form
from app.operators import ports, rules
from app.operators.errors import NoConsent
from app.operators.operations import auditing, fleet, signing
from app.operators.queries import accounts
from app.operators.queries import fleet as queries
from app.operators.schemas import DealershipForm, DeleteForm, EntryForm, HostForm
from app.operators.views.base import bp, present_actor
from app.operators.views.words import STATES
from app.tenants.operations.provisioning import TenantRequest
from app.tenants.rules.admitting import TICKET_LIFE, Ticket, write_ticket

ONE, NEW = "operators/dealership.html", "operators/dealership_new.html"


@bp.get("/dealerships")
@require(OPERATOR)
def list_dealerships() -> str:
    given = {name: rules.printable(text) for name, text in request.args.items()}
    asked = queries.Asked(
        given.get("q", "").strip()[:80], given.get("state", ""), given.get("version", "")[:32], given.get("after", "")
    )
    rows, further = queries.list_dealerships(asked)
    kept = {"q": asked.text or None, "state": asked.state or None, "version": asked.version or None}
    more = url_for("operators.list_dealerships", **kept, after=further) if further else None  # type: ignore[arg-type]
    return render_template(
        "operators/dealerships.html", rows=rows, asked=asked, more=more, states=STATES, head=revisions.head("tenants")
    )


@bp.get("/dealerships/new")
@require(OPERATOR)
def new_dealership() -> str | Response:
    values = {"country": "US", "locale": "en", "currency": "USD", "timezone": "America/New_York"}
    return render_form(NEW, values=values)


@bp.post("/dealerships")
@require(OPERATOR)
def create_dealership() -> str | Response | BaseResponse:
    try:
        form = load_form(DealershipForm)
        form["store_name"] = form["store_name"] or form["name"]
        with transaction():
            tenant_id = fleet.create_dealership(present_actor(), TenantRequest(**form))
    except DomainError as error:
        return render_form(NEW, error)
    flash(gettext("The dealership is being made; its administrator gets an invitation by mail."))
    return redirect(url_for("operators.show_dealership", tenant_id=tenant_id), 303)


@bp.get("/dealerships/<tenant_id>")
@require(OPERATOR)
def show_dealership(tenant_id: str) -> str | Response:
    return render_form(ONE, **_context(tenant_id))


@bp.post("/dealerships/<tenant_id>/suspend")
@require(OPERATOR)
def suspend(tenant_id: str) -> BaseResponse:
    return _ordered(tenant_id, "suspend")


@bp.post("/dealerships/<tenant_id>/resume")
@require(OPERATOR)
def resume(tenant_id: str) -> BaseResponse:
    return _ordered(tenant_id, "resume")


@bp.post("/dealerships/<tenant_id>/delete")
@require(OPERATOR)
def delete(tenant_id: str) -> str | Response | BaseResponse:
    context = _context(tenant_id)
    try:
        form = load_form(DeleteForm)
        confirm(form["code"])
        with transaction():
            fleet.order(present_actor(), tenant_id, "delete", name=form["name"])
    except DomainError as error:
        return render_form(ONE, error, **context)
    if context["row"].state in rules.UNMADE:
        return _back(tenant_id, gettext("The dealership is being erased."))
    return _back(tenant_id, gettext("The dealership is being closed; its data goes after the waiting period."))


@bp.post("/dealerships/<tenant_id>/hosts")
@require(OPERATOR)
def add_host(tenant_id: str) -> str | Response | BaseResponse:
    return _change_host(tenant_id, remove=False)


@bp.post("/dealerships/<tenant_id>/hosts/remove")
@require(OPERATOR)
def remove_host(tenant_id: str) -> str | Response | BaseResponse:
    return _change_host(tenant_id, remove=True)


@bp.post("/dealerships/<tenant_id>/entry")
@require(OPERATOR)
def prepare_entry(tenant_id: str) -> str | Response | BaseResponse:
    context, actor = _context(tenant_id), present_actor()
    try:
        form = load_form(EntryForm)
        consent = context["consent"]
        if consent is None or context["row"].state != "active":
            raise NoConsent
        confirm(form["code"])
        ticket = Ticket(new_id(), tenant_id, consent.id, actor.name, form["reason"], clock.now() + TICKET_LIFE)
        with transaction():
            details = {"reason": form["reason"], "entry": str(ticket.id)}
            auditing.record(actor, "tenant.enter", tenant_id=tenant_id, details=details)
    except DomainError as error:
        return render_form(ONE, error, **context)
    path = f"/operator-entry/{write_ticket(current_settings().secret_key, ticket)}"
    # No redirect: a form of this host leads nowhere else, so the way in is a link.
    return render_template("operators/entry.html", row=context["row"], url=ports.url_at(context["hosts"][0], path))


def confirm(code: str) -> None:
    """Ask for the second factor again, in transactions of its own: the count stands when what follows fails."""
    actor = present_actor()
    with transaction():
        signing.count_attempt("account", f"code:{actor.id}")
    with transaction():
        signing.confirm(actor, code)


def _change_host(tenant_id: str, *, remove: bool) -> str | Response | BaseResponse:
    context = _context(tenant_id)
    try:
        form = load_form(HostForm)
        with transaction():
            fleet.change_host(present_actor(), tenant_id, form["host"], remove=remove)
    except DomainError as error:
        return render_form(ONE, error, **context)
    return _back(tenant_id, gettext("This is being carried out."))


def _ordered(tenant_id: str, action: str) -> BaseResponse:
    with transaction():
        fleet.order(present_actor(), tenant_id, action)
    return _back(tenant_id, gettext("This is being carried out."))


def _back(tenant_id: str, message: str) -> BaseResponse:
    flash(message)
    return redirect(url_for("operators.show_dealership", tenant_id=tenant_id), 303)


def _context(tenant_id: str) -> dict[str, Any]:
    row = queries.get_dealership(tenant_id)
    return {
        "row": row,
        "state": STATES[row.state],
        "actions": rules.ORDERS.get(row.state, ()),
        "unmade": rules.UNMADE,
        "hosts": queries.hosts_of(tenant_id),
        "usage": queries.usage_of(tenant_id),
        "queue": queries.queue_of(tenant_id),
        "dead": queries.list_dead(tenant_id),
        "consent": queries.open_consent(tenant_id),
        "pending": fleet.pending_orders(tenant_id),
        "history_rows": accounts.list_audit(tenant_id)[:10],
        "head": revisions.head("tenants"),
        "base_host": current_settings().base_host,
    }
