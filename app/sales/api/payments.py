"""Payments over the API: each happens once, by its Idempotency-Key, and none is ever changed."""

from __future__ import annotations

from typing import Any

from flask import request
from sqlalchemy import Select
from werkzeug.wrappers import Response

from app.core.db.ids import from_public
from app.core.guard.permissions import Actor
from app.core.http.access import require
from app.core.http.api import (
    ApiBlueprint,
    ApiRecord,
    answer_list,
    answer_one,
    created,
    creates,
    documented,
    lists,
    load_body,
    parameter,
    shows,
)
from app.core.http.api.expansions import in_row
from app.core.http.api.operations import OF_RECORDS
from app.core.http.sessions import current_actor
from app.core.languages import LANGUAGES
from app.sales import queries
from app.sales.api.money_shapes import NewPayment, NewRefund, PaymentSchema
from app.sales.documents import receipts
from app.sales.lists import PAYMENTS
from app.sales.models import Payment
from app.sales.operations import payments

bp = ApiBlueprint("payments", "Money of deals as it came and went.")

LOCALE = parameter("locale", {"type": "string", "enum": sorted(LANGUAGES)}, "Else that of the deal's papers")
EXAMPLE = {"kind": "deposit", "amount": {"amount": "500.00", "currency": "USD"}, "method": "card"}


def _whole(actor: Actor) -> Select[Any]:
    return PAYMENTS.source(actor).add_columns(
        *(Payment.party, Payment.reference, Payment.reason, Payment.application_id, Payment.created_at)
    )


PAYMENT = ApiRecord(
    name="payment",
    path="payments",
    spec=PAYMENTS,
    schema=PaymentSchema,
    source=_whole,
    names={
        "store_id": "store",
        "customer_id": "customer",
        "deal_id": "deal",
        "received_by": "user",
        "receipt_number": "number",
        "signed_amount": "amount",
        "received_on": "day",
        "received_at": "written",
    },
    expands={
        "customer": in_row("customer_id", "cus", lambda row: row.customer),
        "store": in_row("store_id", "store", lambda row: row.store_name),
    },
)


@bp.route("/payments", methods=["GET"])
@require("payment.see")
@lists(PAYMENT)
def list_payments():
    """List payments"""
    return answer_list(PAYMENT)


@bp.route("/payments/<payment_id>", methods=["GET"])
@require("payment.see")
@shows(PAYMENT)
def show_payment(payment_id: str):
    """Read a payment"""
    return answer_one(PAYMENT, payment_id)


@bp.route("/payments/<payment_id>/receipt", methods=["GET"])
@require("payment.see")
@documented(gives={}, gives_file=("application/pdf",), parameters=[LOCALE], problems=(422, 503, *OF_RECORDS))
def download_receipt(payment_id: str):
    """Read the receipt of a payment or refund as a PDF"""
    data, name = receipts.set_receipt(
        actor=current_actor(), payment_id=from_public("pay", payment_id), locale=request.args.get("locale") or None
    )
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Response(data, content_type="application/pdf", headers=headers)


@bp.route("/deals/<deal_id>/payments", methods=["POST"])
@require("payment.create")
@creates(PAYMENT, NewPayment, EXAMPLE, required=True)
def take_payment(deal_id: str):
    """Write down money of a deal: a deposit, a payment or a payoff"""
    actor = current_actor()
    key = queries.get_deal(actor, from_public("deal", deal_id)).id
    data = load_body(NewPayment)
    return created(PAYMENT, lambda: payments.take_payment(actor=actor, deal_id=key, **data).id, required=True)


@bp.route("/payments/<payment_id>/refund", methods=["POST"])
@require("payment.refund")
@creates(PAYMENT, NewRefund, {"reason": "The deal fell through"}, required=True)
def refund_payment(payment_id: str):
    """Give a payment back, whole or in part"""
    actor, key = current_actor(), PAYMENT.reach(payment_id)
    data = load_body(NewRefund)
    return created(PAYMENT, lambda: payments.refund_payment(actor=actor, payment_id=key, **data).id, required=True)
