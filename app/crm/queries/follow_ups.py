"""What can be asked about follow-ups: one, those of a customer, and how they are called in an inbox."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import and_, select

from app.core.db import db
from app.core.db.ids import to_public
from app.core.errors import NotFound
from app.core.guard.permissions import Actor, allows, scope_clause
from app.core.jobs.topics import Named, Phrase, verbatim
from app.core.lists.search import among
from app.crm.models import Customer, FollowUp
from app.crm.rules.follow_ups import FOLLOW_UP_LABELS


def get_follow_up(actor: Actor, follow_up_id: uuid.UUID, *, lock: bool = False) -> FollowUp:
    """The follow-up, if `actor` may see it; raises NotFound otherwise. `lock` keeps others from changing it."""
    visible = scope_clause(actor, "follow_up.see", owner=FollowUp.assignee_id, store=FollowUp.store_id)
    statement = select(FollowUp).where(FollowUp.id == follow_up_id).where(visible)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(statement)
    if found is None:
        raise NotFound
    return found


def open_of_customer(actor: Actor, customer_id: uuid.UUID) -> Sequence[FollowUp]:
    """What is still to be done with the customer, as far as `actor` may see it, the first due first."""
    if not allows(actor, "follow_up.see"):
        return []
    seen = scope_clause(actor, "follow_up.see", owner=FollowUp.assignee_id, store=FollowUp.store_id)
    query = select(FollowUp).where(FollowUp.customer_id == customer_id, FollowUp.done_at.is_(None), seen)
    return db.session.scalars(query.order_by(FollowUp.due_at, FollowUp.id).limit(20)).all()


def name_follow_ups(actor: Actor, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Named]:
    """Follow-ups by their customer where the actor may see him, whose page they lead to, else by what is to be done."""
    may_see = scope_clause(actor, "customer.see", owner=Customer.owner_id, store=Customer.store_id)
    rows = db.session.execute(
        select(FollowUp.id, FollowUp.kind, FollowUp.customer_id, Customer.name)
        .outerjoin(Customer, and_(Customer.id == FollowUp.customer_id, may_see))
        .where(among(FollowUp.id, list(ids)))
        .where(scope_clause(actor, "follow_up.see", owner=FollowUp.assignee_id, store=FollowUp.store_id))
    )
    found = {}
    for row in rows:
        kind = Phrase(FOLLOW_UP_LABELS[row.kind])
        if row.name:
            page = {"customer_id": to_public("cus", row.customer_id)}
            found[row.id] = Named(verbatim(row.name), kind, "crm.show_customer", page)
        else:
            found[row.id] = Named(kind, None, "crm.list_follow_ups")
    return found
