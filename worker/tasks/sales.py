"""Tasks of deals: the talk with lenders and insurers, the end of reservations, and mails with papers."""

from __future__ import annotations

import uuid

from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, task
from app.sales.documents import sending
from app.sales.operations import applications, partners, reservations


@task(applications.TALK, queue=QueueName.DEFAULT, own_transactions=True)
def talk_to_partner(payload: Payload) -> None:
    """Tell the partner what he is owed."""
    partners.talk(uuid.UUID(payload["application_id"]))


@task(reservations.EXPIRE, queue=QueueName.DEFAULT)
def expire_reservation(payload: Payload) -> None:
    """Let a unit go that was kept until now."""
    reservations.expire(uuid.UUID(payload["reservation"]))


@task(sending.MAIL, queue=QueueName.NOTIFY)
def mail_document(payload: Payload) -> None:
    """Mail a customer the link to a paper of his deal."""
    sending.mail_document(uuid.UUID(payload["event_id"]))
