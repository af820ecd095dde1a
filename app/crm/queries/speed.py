"""The figures of speed: which leads somebody's figures are about, and what they come to."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, or_, select

from app.core.db import current_tenant, db
from app.core.guard.permissions import Actor, scope_clause
from app.core.lists.search import among
from app.crm.models import Lead, LeadRules
from app.crm.rules.leads import WAITING_CHANNELS
from app.crm.rules.speed import Arrival, Speed, speed_by, speed_of
from app.crm.rules.waiting import TARGET_MINUTES, Wait
from app.tenants import queries as tenants


@dataclass(frozen=True)
class Span:
    """The days that are asked about, both counted, by the dealership's clock; perhaps one store's alone."""

    since: date
    until: date
    store_id: uuid.UUID | None = None

    @property
    def instants(self) -> tuple[datetime, datetime]:
        """From the first day's beginning to before the beginning of the day after the last."""
        zone = ZoneInfo(current_tenant().timezone)
        first, after = (
            datetime.combine(day, time.min, zone).astimezone(UTC)
            for day in (self.since, self.until + timedelta(days=1))
        )
        return first, after


@dataclass(frozen=True)
class Speeds:
    """The figures in all and of each group, those of most leads first, with the names of stores and people."""

    total: Speed
    by_store: Mapping[uuid.UUID, Speed]
    by_source: Mapping[str, Speed]
    by_person: Mapping[uuid.UUID | None, Speed]
    names: Mapping[uuid.UUID, str]


def shown_to(actor: Actor) -> ColumnElement[bool]:
    """The leads whose figures `actor` is shown: those he could take along as a list, and his own."""
    taken_along = scope_clause(actor, "lead.export", owner=Lead.assignee_id, store=Lead.store_id)
    return taken_along if actor.user_id is None else or_(taken_along, Lead.assignee_id == actor.user_id)


def list_arrivals(actor: Actor, span: Span, now: datetime) -> list[Arrival]:
    """The leads of the span that came by themselves, as the figures see them: one statement."""
    first, after = span.instants
    query = (
        select(
            Lead.store_id, Lead.source, Lead.assignee_id, Lead.received_at, Lead.first_attempt_at, Lead.ended_at,
            func.coalesce(LeadRules.target_minutes, TARGET_MINUTES).label("target"),
        )
        .select_from(Lead)
        .outerjoin(LeadRules, LeadRules.store_id == Lead.store_id)
        .where(Lead.received_at >= first, Lead.received_at < after, Lead.channel.in_(sorted(WAITING_CHANNELS)))
        .where(scope_clause(actor, "lead.see", owner=Lead.assignee_id, store=Lead.store_id), shown_to(actor))
    )  # fmt: skip
    if span.store_id is not None:
        query = query.where(Lead.store_id == span.store_id)
    found = []
    for row in db.session.execute(query):
        until = row.first_attempt_at or row.ended_at or now
        wait = Wait(max(until - row.received_at, timedelta(0)), row.first_attempt_at is not None)
        target = timedelta(minutes=row.target)
        found.append(Arrival(row.store_id, row.source, row.assignee_id, wait, target, row.ended_at is None))
    return found


def speeds(actor: Actor, span: Span, now: datetime) -> Speeds:
    """What the page and programs are told."""
    arrivals = list_arrivals(actor, span, now)
    by_store = speed_by(arrivals, lambda one: one.store_id)
    by_person = speed_by(arrivals, lambda one: one.assignee_id)
    names = {**_store_names(list(by_store)), **_user_names([key for key in by_person if key is not None])}
    return Speeds(speed_of(arrivals), by_store, speed_by(arrivals, lambda one: one.source), by_person, names)


def _store_names(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    stores = tenants.store_facts()
    return _named(select(stores.c.store_id, stores.c.store_name).where(among(stores.c.store_id, ids)))


def _user_names(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    users = tenants.user_facts()
    return _named(select(users.c.user_id, users.c.name).where(among(users.c.user_id, ids)))


def _named(query: Select[Any]) -> dict[uuid.UUID, str]:
    return {row[0]: row[1] for row in db.session.execute(query)}
