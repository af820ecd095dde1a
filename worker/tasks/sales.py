"""Tasks of deals: the talk with lenders and insurers."""

from __future__ import annotations

import uuid

from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, task
from app.sales.operations import applications, partners


@task(applications.TALK, queue=QueueName.DEFAULT, own_transactions=True)
def talk_to_partner(payload: Payload) -> None:
    """Tell the partner what he is owed."""
    partners.talk(uuid.UUID(payload["application_id"]))
