"""Sending a paper to the customer: a mail with a link to it alone, which works for two weeks, and when it was opened.

No file goes by mail: what lies in mailboxes can be neither voided nor erased.
"""

from __future__ import annotations

import hmac
import uuid
from datetime import timedelta
from typing import Final

from flask_babel import force_locale, format_date, gettext

from app.core import clock
from app.core.db import current_tenant, db
from app.core.db.ids import from_public, to_public
from app.core.errors import NotFound
from app.core.guard.masks import MaskKind, mask
from app.core.guard.permissions import Actor, system_actor
from app.core.jobs.outbox import enqueue
from app.core.jobs.queues import QueueName
from app.core.jobs.registry import current_run
from app.crm import queries as crm
from app.sales import errors
from app.sales.models import DealDocument, DocumentEvent
from app.sales.operations import documents
from app.sales.queries import documents as stored
from app.sales.queries.documents import Paper
from app.sales.rules.documents import KIND_LABELS, SENDABLE, DocumentEventKind, DocumentState
from app.tenants import ports
from app.tenants import queries as tenants
from app.tenants.errors import LinkInvalid
from app.tenants.operations.mailing import send_letter
from app.tenants.rules.signing import link_token

MAIL: Final = "sales.mail_document"
PREFIX: Final = "sent"
LIVES: Final = timedelta(days=14)
# How often one link's opening is noted: it says that somebody reads, and need not fill a table.
MOST_OPENINGS: Final = 50
READER: Final = "customer's link"


def send_document(*, actor: Actor, document_id: uuid.UUID) -> None:
    """Owe the customer a mail with a link to the paper; raises NotFound, PermissionDenied and DocumentNotSendable."""
    deal, paper = stored.get_paper(actor, document_id, documents.CREATE)
    email = _email(deal.customer_id) if deal.customer_id else None
    can_go = paper.document.kind in SENDABLE and paper.state is not DocumentState.VOIDED and actor.user_id is not None
    if email is None or not can_go:
        raise errors.DocumentNotSendable
    detail = {"to": mask(MaskKind.EMAIL, email), "customer_id": str(deal.customer_id)}
    event_id = documents.note_event(actor, paper.document, DocumentEventKind.SENT, detail)
    enqueue(MAIL, queue=QueueName.NOTIFY, payload={"event_id": str(event_id)})


def mail_document(event_id: uuid.UUID) -> None:
    """Write and send the mail of one sending; nothing where its document or its person is gone meanwhile."""
    event = db.session.get(DocumentEvent, event_id)
    document = db.session.get(DealDocument, event.document_id) if event else None
    if event is None or document is None or event.by_id is None:
        return
    customer_id = uuid.UUID(stored.detail_of(event)["customer_id"])
    email = _email(customer_id)
    if email is None:
        return
    name, dealership = crm.get_customer(system_actor("mail"), customer_id).name, current_tenant().name
    with force_locale(document.locale or current_tenant().locale):
        kind = gettext(KIND_LABELS[document.kind])
        body = gettext(
            "Hello %(name)s,\n\n%(sender)s of %(dealership)s has sent you a document: %(kind)s.\n\nOpen it here:\n\n"
            "%(url)s\n\nThe address works until %(until)s, and shows this document alone.",
            name=name,
            sender=tenants.get_user_name(event.by_id),
            dealership=dealership,
            kind=kind,
            url=link_of(event),
            until=format_date(event.at + LIVES),
        )
        subject = gettext("%(kind)s from %(dealership)s", kind=kind, dealership=dealership)
    run = current_run().outbox_id
    send_letter(event.by_id, name=name, email=email, subject=subject, body=body, message_id=run)


def link_of(event: DocumentEvent) -> str:
    """The address in the mail."""
    return f"{ports.base_url()}/papers/{to_public(PREFIX, event.id)}/{_token(event)}"


def open_link(public_id: str, token: str) -> Paper:
    """The paper a mailed link leads to; raises LinkInvalid for anything else, without telling why."""
    return _by_link(public_id, token)[0]


def read_by_link(public_id: str, token: str) -> tuple[Paper, bytes]:
    """The paper and its bytes, for whoever has the mail; that it was opened is noted. Raises LinkInvalid."""
    paper, event = _by_link(public_id, token)
    data = stored.bytes_of(paper)
    opened = [found for found in paper.events if found.kind == DocumentEventKind.OPENED]
    if len(opened) < MOST_OPENINGS:
        documents.note_event(system_actor(READER), paper.document, DocumentEventKind.OPENED, {"by": str(event.id)})
    return paper, data


def _by_link(public_id: str, token: str) -> tuple[Paper, DocumentEvent]:
    try:
        event = db.session.get(DocumentEvent, from_public(PREFIX, public_id))
    except NotFound as error:
        raise LinkInvalid from error
    if event is None or event.kind != DocumentEventKind.SENT or not _is_good(event, token):
        raise LinkInvalid
    document = db.session.get(DealDocument, event.document_id)
    if document is None:
        raise LinkInvalid
    paper = stored.find_paper(document)
    if paper.state is DocumentState.VOIDED:
        raise LinkInvalid
    return paper, event


def _is_good(event: DocumentEvent, token: str) -> bool:
    return hmac.compare_digest(_token(event).encode(), token.encode()) and event.at + LIVES > clock.now()


def _token(event: DocumentEvent) -> str:
    tenant = current_tenant()
    return link_token(ports.settings().secret_key, tenant.id, event.id, event.at, ports.home_host(tenant))


def _email(customer_id: uuid.UUID) -> str | None:
    found = crm.contacts_in_the_clear([customer_id]).get(customer_id, [])
    return next((value for kind, value in found if kind == "email"), None)
