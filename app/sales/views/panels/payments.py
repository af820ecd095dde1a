"""The card of a deal's money: who owes what, what came and went, and taking money in one press."""

from __future__ import annotations

import uuid
from collections import defaultdict
from decimal import Decimal
from typing import Any

from flask_babel import gettext

from app.core.db.ids import to_public
from app.core.guard.permissions import Actor, covers
from app.core.http.once_forms import fresh_key
from app.core.money import plain_amount
from app.sales.models import Deal
from app.sales.queries import payments, receivables
from app.sales.rules.receivables import KIND_LABELS, METHOD_LABELS, ZERO, PaymentKind, Row
from app.sales.rules.status import AGREED, ENDED
from app.sales.schemas.payments import TAKEN
from app.sales.views.panels.parts import Panel


def _fill(actor: Actor, deal: Deal) -> dict[str, Any] | None:
    """The deal's balance and ledger; nothing for who may not see payments here."""

    def allowed(permission: str) -> bool:
        return covers(actor, permission, owner_id=deal.salesperson_id, store_id=deal.store_id)

    if not allowed("payment.see"):
        return None
    rows = payments.list_payments(deal.id)
    ledger = [Row(row.kind, row.direction, row.party, row.amount) for row in rows]
    balance = receivables.balance_of(deal, ledger)
    taken_back: defaultdict[uuid.UUID | None, Decimal] = defaultdict(Decimal)
    for row in rows:
        taken_back[row.reverses_id] += row.amount
    may_refund = allowed("payment.refund")
    begun = deal.status in AGREED or any(row.kind == PaymentKind.DEPOSIT for row in rows)
    return {
        "balance": balance,
        "currency": deal.currency,
        "rows": [
            {
                "paid": row,
                "id": to_public("pay", row.id),
                "kind": gettext(KIND_LABELS[row.kind]),
                "method": gettext(METHOD_LABELS[row.method]),
                "may_refund": may_refund
                and row.kind != PaymentKind.REFUND
                and row.amount > taken_back[row.id],
            }
            for row in rows
        ],
        "may_take": deal.status not in ENDED and allowed("payment.create"),
        "deal_id": to_public("deal", deal.id),
        "amount": plain_amount(max(balance.from_buyer, ZERO), deal.currency) if begun else "",
        "kind": (PaymentKind.PAYMENT if begun else PaymentKind.DEPOSIT).value,
        "kinds": [(kind.value, gettext(KIND_LABELS[kind])) for kind in TAKEN],
        "methods": [(key, gettext(label)) for key, label in METHOD_LABELS.items()],
        "once": fresh_key(),
    }


PANEL = Panel("sales/panels/payments.html", "work", _fill)
