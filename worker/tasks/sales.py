"""Tasks of deals: the talk with lenders, the end of reservations, mails with papers, and what deals pay."""

from __future__ import annotations

import uuid
from datetime import date

from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, task
from app.sales.documents import sending
from app.sales.operations import applications, commission, partners, reservations


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


@task(commission.COUNT_TASK, queue=QueueName.METRICS)
def count_pay(payload: Payload) -> None:
    """Look at what a deal pays its people."""
    commission.count_pay(uuid.UUID(payload["deal_id"]))


@task(commission.MONTH_TASK, queue=QueueName.METRICS)
def count_pay_of_month(payload: Payload) -> None:
    """Look at what every deal of a month pays."""
    commission.count_month(date.fromisoformat(payload["month"]))
