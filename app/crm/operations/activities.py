"""Logging, correcting and taking back activities; the time of an activity is when it happened."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id, values_of
from app.core.errors import Stale
from app.core.guard import audit, undo
from app.core.guard.permissions import Actor, check
from app.core.jobs.events import publish
from app.crm import queries
from app.crm.errors import ActivityInFuture
from app.crm.events import ActivitiesLogged, ActivityChanged, ActivityDeleted, ActivityLogged
from app.crm.models import Activity
from app.crm.operations.pipeline import follow_activities
from app.crm.rules.customers import ActivityType, Direction, Outcome, is_too_late

_PERSONAL = ("subject", "body")
_PLAIN = ("type", "direction", "outcome", "at")


class PastActivity(NamedTuple):
    """Something that happened before anybody entered it here."""

    type: str
    at: datetime
    user_id: uuid.UUID | None
    direction: str | None = None
    subject: str = ""
    body: str = ""


def log_activity(
    *,
    actor: Actor,
    customer_id: uuid.UUID,
    type: str,
    direction: str | None = None,
    outcome: str | None = None,
    at: datetime | None = None,
    user_id: uuid.UUID | None = None,
    store_id: uuid.UUID | None = None,
    subject: str = "",
    body: str = "",
) -> Activity:
    """Log what happened with a customer, now or at `at`; raises ActivityInFuture, publishes ActivityLogged.

    It is the actor's and the customer's store's, unless `user_id` and `store_id` say otherwise.
    """
    customer = queries.get_customer(actor, customer_id)
    activity = Activity(
        customer_id=customer.id, user_id=user_id or actor.user_id, store_id=store_id or customer.store_id
    )
    check(actor, "activity.create", owner_id=activity.user_id, store_id=activity.store_id)
    _fill(activity, type, direction, at or clock.now(), subject, body, outcome)
    return _log(actor, activity)


def note_deed(
    actor: Actor, customer_id: uuid.UUID, type: str, at: datetime, user_id: uuid.UUID | None, store_id: uuid.UUID
) -> Activity:
    """The same under a right of the caller's own: what another record of the CRM says was done with the customer."""
    activity = Activity(customer_id=customer_id, user_id=user_id, store_id=store_id)
    _fill(activity, type, None, at, "", "", None)
    return _log(actor, activity)


def _log(actor: Actor, activity: Activity) -> Activity:
    db.session.add(activity)
    db.session.flush()
    _audit(actor, "activity.create", activity, {}, _state(activity))
    follow_activities(actor, activity.customer_id, activity)
    publish(ActivityLogged(activity.id, activity.customer_id))
    return activity


def log_history(*, actor: Actor, customer_id: uuid.UUID, entries: Sequence[PastActivity]) -> list[uuid.UUID]:
    """Log many activities of one customer at once, each at its own time; publishes ActivitiesLogged.

    As log_activity otherwise; raises ActivityInFuture.
    """
    customer = queries.get_customer(actor, customer_id)
    for user_id in {entry.user_id for entry in entries}:
        check(actor, "activity.create", owner_id=user_id, store_id=customer.store_id)
    made = []
    for entry in entries:
        activity = Activity(id=new_id(), customer_id=customer.id, user_id=entry.user_id, store_id=customer.store_id)
        _fill(activity, entry.type, entry.direction, entry.at, entry.subject, entry.body)
        made.append(activity)
    db.session.add_all(made)
    db.session.flush()
    for activity in made:
        _audit(actor, "activity.create", activity, {}, _state(activity))
    if made:
        follow_activities(actor, customer.id)
        publish(ActivitiesLogged(tuple(activity.id for activity in made), customer.id))
    return [activity.id for activity in made]


def edit_activity(
    *,
    actor: Actor,
    activity_id: uuid.UUID,
    version: int,
    type: str,
    at: datetime,
    direction: str | None = None,
    outcome: str | None = None,
    subject: str = "",
    body: str = "",
) -> Activity:
    """Correct an activity, its time and how a call ended too; only calls have an outcome.

    Raises Stale and ActivityInFuture, publishes ActivityChanged.
    """
    activity = queries.get_activity(actor, activity_id)
    check(actor, "activity.edit", owner_id=activity.user_id, store_id=activity.store_id)
    if activity.version != version:
        raise Stale
    before = _state(activity)
    _fill(activity, type, direction, at, subject, body, outcome)
    after = _state(activity)
    if before != after:
        db.session.flush()
        _audit(actor, "activity.edit", activity, before, after)
        name = queries.get_customer(actor, activity.customer_id).name
        kept = {"id": activity.id, "version": activity.version, "before": before, "name": name}
        undo.offer(actor, "activity.edit", kept)
        follow_activities(actor, activity.customer_id)
        publish(ActivityChanged(activity.id, activity.customer_id))
    return activity


def delete_activity(*, actor: Actor, activity_id: uuid.UUID, version: int | None = None) -> uuid.UUID:
    """Take an activity back and return its customer's id; raises Stale, publishes ActivityDeleted."""
    activity = queries.get_activity(actor, activity_id)
    check(actor, "activity.delete", owner_id=activity.user_id, store_id=activity.store_id)
    if version is not None and activity.version != version:
        raise Stale
    customer_id, kept = activity.customer_id, {"row": values_of(activity), "name": ""}
    _audit(actor, "activity.delete", activity, _state(activity), {})
    db.session.delete(activity)
    db.session.flush()
    follow_activities(actor, customer_id)
    publish(ActivityDeleted(activity_id, customer_id))
    undo.offer(actor, "activity.delete", kept)
    return customer_id


def restore_activity(*, actor: Actor, row: Mapping[str, Any]) -> Activity:
    """Bring a deleted activity back with the same id, for whoever may delete it; publishes ActivityLogged."""
    customer = queries.get_customer(actor, row["customer_id"])
    check(actor, "activity.delete", owner_id=row["user_id"], store_id=row["store_id"])
    if db.session.get(Activity, row["id"]) is not None:
        raise Stale
    activity = Activity(**row)
    db.session.add(activity)
    db.session.flush()
    _audit(actor, "activity.restore", activity, {}, _state(activity))
    follow_activities(actor, customer.id)
    publish(ActivityLogged(activity.id, customer.id))
    return activity


def _fill(
    activity: Activity,
    type: str,
    direction: str | None,
    at: datetime,
    subject: str,
    body: str,
    outcome: str | None = None,
) -> None:
    if is_too_late(at, clock.now()):
        raise ActivityInFuture(field="at")
    activity.type = ActivityType(type).value
    # A note is written, not received; asking for its direction would only produce noise.
    has_direction = bool(direction) and activity.type != ActivityType.NOTE
    activity.direction = Direction(str(direction)).value if has_direction else None
    has_outcome = bool(outcome) and activity.type == ActivityType.CALL
    activity.outcome = Outcome(str(outcome)).value if has_outcome else None
    activity.at, activity.subject, activity.body = at, subject.strip(), body.strip()


def _state(activity: Activity) -> dict[str, object]:
    return {name: getattr(activity, name) for name in (*_PLAIN, *_PERSONAL)}


def _audit(actor: Actor, action: str, activity: Activity, before: dict[str, object], after: dict[str, object]) -> None:
    changes, personal = (
        {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}
        for names in (_PLAIN, _PERSONAL)
    )
    audit.record(actor, action, "activity", activity.id, changes, personal, subject_id=activity.customer_id)
