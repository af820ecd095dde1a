"""Which policy holds at a store on a day, and the versions there have been."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.core import clock
from app.core.db import current_tenant, db
from app.core.db.reads import kept
from app.sales.models import SalesPolicy
from app.sales.rules.policies import Policy, PolicyKind
from app.tenants import queries as tenants


@dataclass(frozen=True)
class Version:
    """A version of a policy with who set it, for the page that lists them."""

    policy: Policy
    made_at: datetime
    made_by: str | None


def in_force(store_id: uuid.UUID | None, kind: PolicyKind, on: date | None = None) -> Policy | None:
    """The policy of this kind that holds at the store on that day (today there where none is given), or None.

    A store's own goes before the one of all stores; without a store only the latter is asked for.
    """
    return _holding(store_id, on or today_at(store_id)).get(kind)


@kept
def _holding(store_id: uuid.UUID | None, on: date) -> Mapping[PolicyKind, Policy]:
    """The policies that hold there on that day: whoever asks for one soon asks for another, and they are few."""
    place: ColumnElement[bool] = SalesPolicy.store_id.is_(None)
    if store_id is not None:
        place = or_(place, SalesPolicy.store_id == store_id)
    statement = (
        select(SalesPolicy)
        .ext(distinct_on(SalesPolicy.kind))
        .where(place, SalesPolicy.effective_from <= on)
        .order_by(
            SalesPolicy.kind,
            SalesPolicy.store_id.is_(None),
            SalesPolicy.effective_from.desc(),
            SalesPolicy.number.desc(),
        )
    )
    return {PolicyKind(row.kind): _policy(row) for row in db.session.scalars(statement)}


def today_at(store_id: uuid.UUID | None) -> date:
    """The day it is at the store, or where the dealership has its seat."""
    zone = current_tenant().timezone if store_id is None else tenants.get_store(store_id).timezone
    return clock.today(zone)


def last_number(store_id: uuid.UUID | None, kind: PolicyKind) -> int:
    """The number of the last version set for exactly this store (None: for all stores); 0 where there is none."""
    statement = (
        select(SalesPolicy.number)
        .where(SalesPolicy.kind == kind.value, SalesPolicy.store_id.is_not_distinct_from(store_id))
        .order_by(SalesPolicy.number.desc())
        .limit(1)
    )
    return db.session.scalar(statement) or 0


def versions(kind: PolicyKind, store_id: uuid.UUID | None = None) -> Sequence[Version]:
    """The versions set for exactly this store, the last on top."""
    users = tenants.user_facts()
    rows = db.session.execute(
        select(SalesPolicy, users.c.name)
        .outerjoin(users, users.c.user_id == SalesPolicy.made_by)
        .where(SalesPolicy.kind == kind.value, SalesPolicy.store_id.is_not_distinct_from(store_id))
        .order_by(SalesPolicy.number.desc())
        .limit(50)
    )
    return [Version(_policy(row.SalesPolicy), row.SalesPolicy.made_at, row.name) for row in rows]


def _policy(row: SalesPolicy) -> Policy:
    return Policy(row.id, PolicyKind(row.kind), row.store_id, row.number, row.effective_from, row.body)
