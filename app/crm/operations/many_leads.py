"""What can be done to many leads at once: each of these does it to one, as its page would."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from app.core.guard.permissions import Actor
from app.core.lists.bulk.changing import Unchanged
from app.crm.operations import pipeline
from app.crm.queries import leads as lead_queries


def assign(actor: Actor, lead_id: uuid.UUID, values: Mapping[str, Any]) -> None:
    """Give the lead to somebody of its store, to whoever is in turn where nobody is named; raises Unchanged."""
    lead = lead_queries.get_lead(actor, lead_id, lock=True)
    if lead.assignee_id is not None and lead.assignee_id == values["assignee_id"]:
        raise Unchanged
    pipeline.assign_lead(actor=actor, lead_id=lead_id, version=lead.version, assignee_id=values["assignee_id"])


def lose(actor: Actor, lead_id: uuid.UUID, values: Mapping[str, Any]) -> None:
    """The enquiry came to nothing, for this reason; raises LeadIsEnded."""
    lead = lead_queries.get_lead(actor, lead_id, lock=True)
    pipeline.lose_lead(actor=actor, lead_id=lead_id, version=lead.version, reason=values["because"])
