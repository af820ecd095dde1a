"""What can be asked about leads: one, what a store's rules are, how long leads have waited, whom a page may name."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from sqlalchemy import Subquery, and_, select

from app.core.db import db
from app.core.db.ids import to_public
from app.core.errors import NotFound
from app.core.guard.permissions import Actor, scope_clause
from app.core.jobs.topics import Named, Phrase, verbatim
from app.core.lists.search import among
from app.crm.models import Activity, Customer, Lead, LeadRules, Rotation
from app.crm.rules.leads import CHANNEL_LABELS, OPEN, WAITING_CHANNELS
from app.crm.rules.waiting import TARGET_MINUTES, Deed, Hours, Wait
from app.tenants import queries as tenants

PAGE = "crm.show_lead"


def lead_facts() -> Subquery:
    """Leads for joins: lead_id, customer_id, store_id, assignee_id, status, source, channel, received_at (internal)."""
    return select(
        Lead.id.label("lead_id"), Lead.customer_id, Lead.store_id, Lead.assignee_id, Lead.status, Lead.source,
        Lead.channel, Lead.received_at,
    ).subquery("lead_facts")  # fmt: skip


def get_lead(actor: Actor, lead_id: uuid.UUID, *, lock: bool = False) -> Lead:
    """The lead, if `actor` may see it; raises NotFound otherwise. `lock` keeps others from changing it."""
    visible = scope_clause(actor, "lead.see", owner=Lead.assignee_id, store=Lead.store_id)
    statement = select(Lead).where(Lead.id == lead_id).where(visible)
    if lock:
        # Read anew under the lock: what the session holds may be older than what the lock waited for.
        statement = statement.with_for_update().execution_options(populate_existing=True)
    lead = db.session.scalar(statement)
    if lead is None:
        raise NotFound
    return lead


def leads_of_customer(actor: Actor, customer_id: uuid.UUID, *, only_open: bool = False) -> Sequence[Lead]:
    """The customer's leads that `actor` may see, the latest first."""
    query = select(Lead).where(Lead.customer_id == customer_id)
    if only_open:
        query = query.where(Lead.status.in_(sorted(OPEN)))
    seen = scope_clause(actor, "lead.see", owner=Lead.assignee_id, store=Lead.store_id)
    return db.session.scalars(query.where(seen).order_by(Lead.received_at.desc(), Lead.id).limit(20)).all()


def deeds_since(customer_id: uuid.UUID, since: datetime) -> list[Deed]:
    """What was done with the customer since then, as the clocks see it."""
    rows = db.session.execute(
        select(Activity.at, Activity.type, Activity.direction, Activity.outcome, Activity.user_id)
        .where(Activity.customer_id == customer_id, Activity.at >= since)
    )  # fmt: skip
    return [Deed(row.at, row.type, row.direction, row.outcome, row.user_id is not None) for row in rows]


@dataclass(frozen=True)
class Answering:
    """How a store answers its leads; without rules of its own, as is common."""

    store_id: uuid.UUID
    version: int = 0
    target: timedelta = timedelta(minutes=TARGET_MINUTES)
    reassign: timedelta | None = None
    most_open: int | None = None
    hours: Hours | None = None
    # User -> whether he is away.
    members: Mapping[uuid.UUID, bool] = field(default_factory=dict)


def answering_of(store_id: uuid.UUID, *, members: bool = False) -> Answering:
    """The rules of a store, with who is in its rotation where that is asked."""
    rules = db.session.scalar(select(LeadRules).where(LeadRules.store_id == store_id))
    rotation = select(Rotation.user_id, Rotation.is_away).where(Rotation.store_id == store_id)
    found = {row.user_id: row.is_away for row in db.session.execute(rotation)} if members else {}
    if rules is None:
        return Answering(store_id, members=found)
    reassign = rules.reassign_minutes
    return Answering(
        store_id,
        rules.version,
        timedelta(minutes=rules.target_minutes),
        timedelta(minutes=reassign) if reassign else None,
        rules.most_open,
        hours_of(rules.hours),
        found,
    )


def hours_of(stored: Mapping[str, Sequence[str]] | None) -> Hours | None:
    """Opening hours out of what is stored."""
    if stored is None:
        return None
    return {day: (time.fromisoformat(span[0]), time.fromisoformat(span[1])) for day, span in stored.items()}


def list_waits(actor: Actor, since: datetime, now: datetime, store_id: uuid.UUID | None = None) -> list[Wait]:
    """The waits of the leads that came by themselves since then; one that nobody tried to answer goes on until it
    ends or until now, and never leaves the figures."""
    query = (
        select(Lead.received_at, Lead.first_attempt_at, Lead.ended_at)
        .where(Lead.received_at >= since, Lead.channel.in_(sorted(WAITING_CHANNELS)))
        .where(scope_clause(actor, "lead.see", owner=Lead.assignee_id, store=Lead.store_id))
    )
    if store_id is not None:
        query = query.where(Lead.store_id == store_id)
    return [
        Wait((row.first_attempt_at or row.ended_at or now) - row.received_at, row.first_attempt_at is not None)
        for row in db.session.execute(query)
    ]


def name_leads(actor: Actor, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Named]:
    """Leads by their customer's name where the actor may see that, else by how they came."""
    may_see = scope_clause(actor, "customer.see", owner=Customer.owner_id, store=Customer.store_id)
    rows = db.session.execute(
        select(Lead.id, Lead.channel, Customer.name)
        .outerjoin(Customer, and_(Customer.id == Lead.customer_id, may_see))
        .where(among(Lead.id, list(ids)))
        .where(scope_clause(actor, "lead.see", owner=Lead.assignee_id, store=Lead.store_id))
    )
    found = {}
    for row in rows:
        channel = Phrase(CHANNEL_LABELS[row.channel])
        args = {"lead_id": to_public("lead", row.id)}
        title, detail = (verbatim(row.name), channel) if row.name else (channel, None)
        found[row.id] = Named(title, detail, PAGE, args)
    return found


def assignable(store_id: uuid.UUID) -> Sequence[tuple[uuid.UUID, str]]:
    """Who can be given a lead of the store: the people who work there."""
    return [(row.id, row.name) for row in tenants.list_active_users(store_id)]
