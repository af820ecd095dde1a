"""Pages of payments: the list, a day's till, one receipt, taking money and giving it back."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.core import clock
from app.core.db import current_tenant
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError, NotFound
from app.core.guard import once
from app.core.guard.permissions import covers
from app.core.http.access import require
from app.core.http.forms import load_form, render_form
from app.core.http.lists import list_view
from app.core.http.once_forms import fresh_key, post_once
from app.core.http.sessions import current_actor
from app.core.languages import language_choices
from app.core.lists import figures
from app.core.money import plain_amount
from app.sales import lists, queries
from app.sales.documents import receipts
from app.sales.models import Payment
from app.sales.operations import payments
from app.sales.queries import payments as asked
from app.sales.rules.receivables import KIND_LABELS, METHOD_LABELS, ZERO, PaymentKind
from app.sales.schemas.payments import PaymentForm, RefundForm
from app.sales.views.pages import bp, deal_page, find_customer_name, list_choices, to_deal, translated
from app.tenants import queries as tenants


@bp.get("/payments")
@require("payment.see")
def list_payments():
    found = list_choices()
    return list_view(
        lists.PAYMENTS, "sales/payments.html", choices={"store": found["store"], "user": found["salesperson"]}
    )


@bp.get("/payments/day")
@require("payment.see")
def show_day():
    """The till of one day: what came and went by method, each figure opening exactly its rows."""
    actor, zone = current_actor(), current_tenant().timezone
    day = _day(request.args.get("day")) or clock.today(zone)
    args: dict[str, list[str]] = {"day_from": [day.isoformat()], "day_to": [day.isoformat()]}
    for name in ("store", "user"):
        if request.args.get(name):
            args[name] = [request.args[name]]
    query = figures.question(lists.PAYMENTS, actor, args)
    if query is None:
        raise NotFound
    currency = current_tenant().currency
    groups = figures.count_groups(
        actor, query, ("method", "direction"), sum_of="signed_amount", currency=currency, timezone=zone
    )
    rows: dict[str, dict[str, Any]] = {}
    for group in groups:
        method, direction = group.keys
        row = rows.setdefault(method, {"count": 0, "in": ZERO, "out": ZERO})
        row["count"] += group.count
        row[direction] += group.total or ZERO
    lines = [
        (gettext(label), rows[key], url_for("sales.list_payments", **args, method=key))
        for key, label in METHOD_LABELS.items()
        if key in rows
    ]
    return render_template(
        "sales/payments_day.html",
        day=day,
        currency=currency,
        lines=lines,
        total={name: sum((row[name] for row in rows.values()), start=type_) for name, type_ in _TOTALS.items()},
        rows_url=url_for("sales.list_payments", **args),
        stores=list_choices()["store"],
        people=list_choices()["salesperson"],
        asked={name: request.args.get(name, "") for name in ("store", "user")},
    )


_TOTALS: dict[str, Any] = {"count": 0, "in": ZERO, "out": ZERO}


@bp.get("/payments/<payment_id>")
@require("payment.see")
def show_payment(payment_id: str):
    """The receipt, made to be printed."""
    actor = current_actor()
    paid = asked.get_payment(actor, from_public("pay", payment_id))
    deal, store = queries.get_deal(actor, paid.deal_id), tenants.get_store(paid.store_id)
    rest = paid.amount - asked.taken_back_of([paid.id]).get(paid.id, ZERO)
    refundable = paid.kind != PaymentKind.REFUND and rest > 0
    back = asked.get_payment(actor, paid.reverses_id) if paid.reverses_id else None
    return render_template(
        "sales/payment.html",
        paid=paid,
        public_id=payment_id,
        deal=deal,
        deal_url=url_for("sales.show_deal", deal_id=to_public("deal", deal.id)),
        store=store,
        customer=find_customer_name(paid.customer_id),
        kind=gettext(KIND_LABELS[paid.kind]),
        method=gettext(METHOD_LABELS[paid.method]),
        received_by=tenants.get_user_name(paid.received_by) if paid.received_by else None,
        rest=rest,
        languages=language_choices(),
        back=back,
        back_url=url_for("sales.show_payment", payment_id=to_public("pay", back.id)) if back else None,
        may_refund=refundable and covers(actor, "payment.refund", owner_id=deal.salesperson_id, store_id=deal.store_id),
    )


@bp.get("/payments/<payment_id>/receipt")
@require("payment.see")
def download_receipt(payment_id: str):
    """The receipt as a PDF, in the language asked for or that of the deal's papers."""
    data, name = receipts.set_receipt(
        actor=current_actor(), payment_id=from_public("pay", payment_id), locale=request.args.get("locale") or None
    )
    response = Response(data, content_type="application/pdf")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.post("/deals/<deal_id>/payments")
@require("payment.create")
def take_payment(deal_id: str):
    key = from_public("deal", deal_id)
    try:
        data = load_form(PaymentForm)
        effect, _ = post_once(data.pop("once"), lambda: _taken(key, data))
    except DomainError as error:
        return deal_page(key, error)
    _flash_receipt(effect, gettext("Payment taken."))
    return to_deal(key)


@bp.get("/payments/<payment_id>/refund")
@require("payment.refund")
def edit_refund(payment_id: str):
    return _refund_form(from_public("pay", payment_id))


@bp.post("/payments/<payment_id>/refund")
@require("payment.refund")
def refund_payment(payment_id: str):
    key = from_public("pay", payment_id)
    try:
        data = load_form(RefundForm)
        effect, _ = post_once(data.pop("once"), lambda: _refunded(key, data))
    except DomainError as error:
        return _refund_form(key, error)
    flash(gettext("The money was given back."))
    return redirect(url_for("sales.show_payment", payment_id=to_public("pay", effect.record_id or key)), 303)


def _taken(deal_id: uuid.UUID, data: dict[str, Any]) -> once.Effect:
    made = payments.take_payment(actor=current_actor(), deal_id=deal_id, **data)
    return once.Effect(303, "payment", made.id)


def _refunded(payment_id: uuid.UUID, data: dict[str, Any]) -> once.Effect:
    made = payments.refund_payment(actor=current_actor(), payment_id=payment_id, **data)
    return once.Effect(303, "payment", made.id)


def _refund_form(payment_id: uuid.UUID, error: DomainError | None = None) -> Any:
    paid: Payment = asked.get_payment(current_actor(), payment_id)
    rest = paid.amount - asked.taken_back_of([paid.id]).get(paid.id, ZERO)
    return render_form(
        "sales/refund_form.html",
        error,
        values={"amount": plain_amount(rest, paid.currency), "method": paid.method},
        paid=paid,
        rest=rest,
        public_id=to_public("pay", paid.id),
        methods=translated(METHOD_LABELS),
        once=fresh_key(),
    )


def _flash_receipt(effect: once.Effect, text: str) -> None:
    if effect.record_id is not None:
        number = asked.get_payment(current_actor(), effect.record_id).receipt_number
        text = f"{text} {gettext('Receipt %(number)s', number=number)}"
    flash(text)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
