"""What a press does after the worksheet was saved by it: the quote goes out, an approval is asked for, the deal is
agreed, or a product is put on the worksheet."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash
from flask_babel import gettext

from app.core.db import transaction
from app.core.db.ids import from_public
from app.core.errors import DomainError, NotFound, PermissionDenied
from app.core.guard.permissions import Actor, check
from app.core.http.sessions import current_actor
from app.sales import queries
from app.sales.documents import making, sending
from app.sales.errors import DealMoveNotAllowed, DocumentNotSendable
from app.sales.lists import STATUS_LABELS
from app.sales.operations import agreeing, approvals, catalogue
from app.sales.operations.documents import CREATE
from app.sales.rules.documents import DocumentKind
from app.sales.views.pages import deal_page, to_deal


def follow(deal_id: uuid.UUID, then: str) -> Any:
    """Do what the press was for and show the deal; refused, its page says why, and what was typed is saved."""
    verb, _, rest = then.partition(":")
    try:
        if verb == "offer":
            said = _offer(current_actor(), deal_id, rest)
        elif verb in _VERBS:
            said = _VERBS[verb](current_actor(), deal_id)
        else:
            raise NotFound
    except (NotFound, PermissionDenied):
        raise
    except DomainError as error:
        if isinstance(error, DealMoveNotAllowed):
            error.params = {name: gettext(STATUS_LABELS.get(label, label)) for name, label in error.params.items()}
        return deal_page(deal_id, error)
    flash(said)
    return to_deal(deal_id)


def _quote(actor: Actor, deal_id: uuid.UUID) -> str:
    deal = queries.get_deal(actor, deal_id)
    check(actor, CREATE, owner_id=deal.salesperson_id, store_id=deal.store_id)
    with transaction():
        made = making.make_document(actor=actor, deal_id=deal_id, kind=DocumentKind.QUOTE.value).id
    try:
        with transaction():
            sending.send_document(actor=actor, document_id=made)
    except DocumentNotSendable:
        return gettext("The quote is in the jacket; without an e-mail address of the customer it is not sent.")
    return gettext("The customer gets a mail with a link to the quote.")


def _ask(actor: Actor, deal_id: uuid.UUID) -> str:
    with transaction():
        approvals.ask_approval(actor=actor, deal_id=deal_id)
    return gettext("The approval is asked for.")


def _agree(actor: Actor, deal_id: uuid.UUID) -> str:
    with transaction():
        agreeing.agree(actor, deal_id)
    return gettext("The deal is agreed.")


def _offer(actor: Actor, deal_id: uuid.UUID, what: str) -> str:
    product, _, months = what.partition(":")
    with transaction():
        catalogue.offer_product(
            actor=actor,
            deal_id=deal_id,
            product_id=from_public("fip", product),
            months=int(months) if months.isascii() and months.isdigit() and len(months) < 4 else None,
        )
    return gettext("It is on the worksheet.")


_VERBS = {"quote": _quote, "ask": _ask, "agree": _agree}
