"""The receipt of a payment or refund, set anew of its row, which never changes, whenever it is asked for."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import Any

from flask_babel import gettext

from app.core import printing
from app.core.db import current_tenant
from app.core.errors import FieldError, Invalid, NotFound
from app.core.guard.permissions import Actor
from app.core.languages import LANGUAGES
from app.crm import queries as crm
from app.sales import errors, queries
from app.sales.documents import making, papers
from app.sales.documents.writing import Hand
from app.sales.models import Deal, Payment
from app.sales.queries import payments, policies
from app.sales.rules.chinese_amounts import chinese_amount
from app.sales.rules.documents import policy_from
from app.sales.rules.policies import PolicyKind
from app.sales.rules.receivables import KIND_LABELS, METHOD_LABELS, Direction, Party, PaymentKind
from app.tenants import queries as tenants


def set_receipt(*, actor: Actor, payment_id: uuid.UUID, locale: str | None = None) -> tuple[bytes, str]:
    """The receipt as a PDF and what its file is called, in this language or the one of the deal's papers.

    The figures are the row's for ever; the logo is that of the day. Asked again it is the same bytes, as long as store
    and customer are called the same. Raises NotFound, Invalid and PrintFailed.
    """
    paid = payments.get_payment(actor, payment_id)
    deal = queries.get_deal(actor, paid.deal_id)
    if locale is not None and locale not in LANGUAGES:
        raise Invalid([FieldError("locale", "not_offered", errors.UNKNOWN_CHOICE)])
    hand = making.hand_of(deal, locale or papers.language_for(actor, deal, list(LANGUAGES)))
    found = policies.in_force(paid.store_id, PolicyKind.DOCUMENTS, paid.received_on)
    pictures = making.logo_of(policy_from(found.body if found else None))
    paper = compose(actor, deal, paid, hand)
    paper["logo"] = next(iter(pictures), None)
    return printing.render(paper, pictures=pictures), f"receipt-{paid.receipt_number}-{hand.locale}.pdf"


def compose(actor: Actor, deal: Deal, paid: Payment, hand: Hand) -> dict[str, Any]:
    """The receipt as `app.core.printing` takes it, in the language of `hand`."""
    store, came_in = tenants.get_store(paid.store_id), paid.direction == Direction.IN
    with hand.speaking():
        title = gettext("Refund receipt") if paid.kind == PaymentKind.REFUND else gettext("Receipt")
        number, day = gettext("No. %(number)s", number=paid.receipt_number), hand.day(paid.received_on)
        ours = [[gettext("Name"), current_tenant().name], [gettext("Store"), store.name]]
        if paid.received_by is not None:
            ours.append([gettext("Written down by"), tenants.get_user_name(paid.received_by)])
        theirs = {"title": gettext("Received from") if came_in else gettext("Paid to"), "rows": [_other(actor, paid)]}
        return {
            "locale": hand.locale,
            "title": title,
            "number": number,
            "edition": day,
            "mark": None,
            "logo": None,
            "from": {"name": current_tenant().name, "lines": [line for line in (store.name, store.address) if line]},
            "parties": [
                {"title": gettext("Received by") if came_in else gettext("Paid by"), "rows": ours},
                theirs,
            ],
            "blocks": [_amount(paid, hand), _facts(actor, deal, paid, hand)],
            "signatures": [],
            "footer": f"{paid.receipt_number} · {title} · {day}",
            "page_of": gettext("Page {page} of {pages}"),
            "stamp": None,
        }


def _other(actor: Actor, paid: Payment) -> list[str]:
    """Who paid or was paid: the customer as far as `actor` sees him, else what he is to the deal."""
    if paid.party == Party.LENDER:
        return [gettext("Name"), gettext("Lender")]
    if paid.party == Party.PAYEE:
        return [gettext("Name"), gettext("Holder of the trade-in's loan")]
    name = "–"
    with suppress(NotFound):
        name = crm.get_customer(actor, paid.customer_id).name if paid.customer_id else name
    return [gettext("Name"), name]


def _amount(paid: Payment, hand: Hand) -> dict[str, Any]:
    words = None
    if paid.currency == "CNY" and hand.locale.startswith("zh") and paid.amount < 10**12:
        words = gettext("In capitals: %(words)s", words=chinese_amount(paid.amount))
    rows = [[gettext(KIND_LABELS[paid.kind]), hand.money(paid.amount, paid.currency), "sum"]]
    return {"kind": "amounts", "title": gettext("Amount"), "rows": rows, "words": words}


def _facts(actor: Actor, deal: Deal, paid: Payment, hand: Hand) -> dict[str, Any]:
    rows = [
        [gettext("Receipt"), paid.receipt_number],
        [gettext("Day"), hand.day(paid.received_on)],
        [gettext("Method"), gettext(METHOD_LABELS[paid.method])],
        [gettext("Reference"), paid.reference],
        [gettext("Deal"), deal.deal_number],
        [gettext("Written down at"), hand.instant(paid.received_at)],
    ]
    if paid.reverses_id is not None:
        rows.append([gettext("Takes back"), payments.get_payment(actor, paid.reverses_id).receipt_number])
    return {"kind": "facts", "title": None, "rows": [row for row in rows if row[1]]}
