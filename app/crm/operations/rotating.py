"""Whose turn it is: a store's rules for its leads, and the rotation that hands them out fairly, however many come."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from app.core.db import db
from app.core.errors import FieldError, Invalid, NotFound, PermissionDenied, Stale
from app.core.guard import audit
from app.core.guard.permissions import Actor, check
from app.crm import errors
from app.crm.models import Lead, LeadRules, Rotation
from app.crm.queries.leads import assignable, hours_of
from app.crm.rules.leads import OPEN
from app.crm.rules.waiting import DAYS
from app.tenants import queries as tenants
from app.tenants.queries.recipients import active_ids

_SET = ("target_minutes", "reassign_minutes", "most_open", "hours")


def next_in_turn(store_id: uuid.UUID, most_open: int | None, *, but: uuid.UUID | None = None) -> uuid.UUID | None:
    """Whose turn it is at the store, who has had it by that; None where nobody is there to take one.

    The rows of the rotation are locked until the transaction ends: two leads at once never count as one turn. Whoever
    is away, may not sign in or has `most_open` open leads is passed by and keeps his place.
    """
    rows = db.session.execute(
        select(Rotation.user_id, Rotation.last_turn, Rotation.is_away)
        .where(Rotation.store_id == store_id)
        .order_by(Rotation.user_id)
        .with_for_update()
    ).all()
    present = {row.user_id: row.last_turn for row in rows if not row.is_away and row.user_id != but}
    ready = active_ids(list(present)) if present else []
    if most_open is not None and ready:
        counts = db.session.execute(
            select(Lead.assignee_id, func.count())
            .where(Lead.assignee_id.in_(ready), Lead.store_id == store_id, Lead.status.in_(sorted(OPEN)))
            .group_by(Lead.assignee_id)
        ).all()
        full = {user_id for user_id, count in counts if count >= most_open}
        ready = [user_id for user_id in ready if user_id not in full]
    if not ready:
        return None
    chosen = min(ready, key=lambda user_id: (present[user_id], user_id))
    turn = max(row.last_turn for row in rows) + 1
    place = Rotation.store_id == store_id, Rotation.user_id == chosen
    db.session.execute(update(Rotation).where(*place).values(last_turn=turn))
    return chosen


def set_lead_rules(
    *,
    actor: Actor,
    store_id: uuid.UUID,
    version: int,
    target_minutes: int,
    reassign_minutes: int | None = None,
    most_open: int | None = None,
    hours: Mapping[str, Collection[str]] | None = None,
    member_ids: Collection[uuid.UUID] = (),
    away_ids: Collection[uuid.UUID] = (),
) -> LeadRules:
    """Say how a store answers its leads; `version` 0 where it had no rules of its own. Raises Stale and Invalid.

    Whoever joins the rotation begins at its end, so that nobody gets all the leads of a morning.
    """
    store = tenants.get_store(store_id)
    try:
        check(actor, "lead.setup", store_id=store.id)
    except PermissionDenied as error:
        raise NotFound from error
    rules = db.session.scalar(select(LeadRules).where(LeadRules.store_id == store_id).with_for_update())
    if (rules.version if rules else 0) != version:
        raise Stale
    calendar = None if hours is None else {day: list(hours[day]) for day in DAYS if day in hours}
    _check(store_id, calendar, set(member_ids) | set(away_ids))
    before: dict[str, Any] = {name: getattr(rules, name) if rules else None for name in _SET}
    rules = rules or LeadRules(store_id=store_id)
    rules.target_minutes, rules.reassign_minutes = target_minutes, reassign_minutes
    rules.most_open, rules.hours = most_open, calendar
    db.session.add(rules)
    try:
        db.session.flush()
    except IntegrityError as error:
        raise Stale from error
    told = _set_members(store_id, set(member_ids), set(away_ids) & set(member_ids))
    changes = {name: (before[name], getattr(rules, name)) for name in _SET} | told
    audit.record(actor, "lead.setup", "lead_rules", rules.id, changes=changes)
    return rules


def _check(store_id: uuid.UUID, calendar: Mapping[str, list[str]] | None, user_ids: set[uuid.UUID]) -> None:
    problems = []
    for day, (opens, closes) in (hours_of(calendar) or {}).items():
        if opens >= closes:
            problems.append(FieldError(day, "not_a_span", errors.NOT_A_SPAN))
    if not user_ids <= {key for key, _ in assignable(store_id)}:
        problems.append(FieldError("member_ids", "unknown_choice", errors.UNKNOWN_CHOICE))
    if problems:
        raise Invalid(problems)


def _set_members(store_id: uuid.UUID, wanted: set[uuid.UUID], away: set[uuid.UUID]) -> dict[str, Any]:
    """Exactly these members, those of `away` not in turn; what changed."""
    here = Rotation.store_id == store_id
    rows = {row.user_id: row for row in db.session.scalars(select(Rotation).where(here).with_for_update())}
    before_away = {key for key, row in rows.items() if row.is_away}
    db.session.execute(delete(Rotation).where(here, Rotation.user_id.not_in(sorted(wanted))))
    turn = max((row.last_turn for row in rows.values()), default=0)
    for user_id in sorted(wanted):
        if user_id in rows:
            rows[user_id].is_away = user_id in away
        else:
            db.session.add(Rotation(store_id=store_id, user_id=user_id, last_turn=turn, is_away=user_id in away))
    db.session.flush()
    return {"member_ids": (set(rows), wanted), "away_ids": (before_away, away)}
