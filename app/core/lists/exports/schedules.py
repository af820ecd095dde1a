"""Views that leave on a schedule: set by who may edit exports, made for each recipient under his own rights."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from app.core import clock
from app.core.db import current_tenant, db
from app.core.db.columns import new_id
from app.core.db.ids import from_public, to_public
from app.core.errors import N_, DomainError, FieldError, Invalid, NotFound, PermissionDenied, Stale
from app.core.guard import audit
from app.core.guard.permissions import Actor, check, system_actor
from app.core.guard.policy import policy_for
from app.core.lists.exports.calendar import LAST_DAY_OF_MONTH, next_run
from app.core.lists.exports.models import ExportSchedule
from app.core.lists.exports.operations import Asked, check_may_take, checked_text, may_export, start_export
from app.core.lists.exports.purposes import PURPOSE, purpose_of_schedule, seal_words
from app.core.lists.exports.rules import EDIT
from app.core.lists.exports.states import Every, Format
from app.core.lists.models import SavedView
from app.core.lists.query import Arguments, read_query
from app.core.lists.spec import REGISTRY, ListSpec
from app.core.lists.view_rules import ViewScope

PREFIX: Final = "sched"
MOST_RECIPIENTS: Final = 50
_DAYS: Final = {
    Every.DAY.value: range(1),
    Every.WEEK.value: range(7),
    Every.MONTH.value: range(1, LAST_DAY_OF_MONTH + 1),
}
Who = Callable[[uuid.UUID], Actor]
LocaleOf = Callable[[uuid.UUID], str | None]


@dataclass(frozen=True)
class Plan:
    """What a schedule is made of."""

    list_name: str
    view_key: str
    format: str
    purpose: str
    recipients: Sequence[uuid.UUID]
    every: str
    day: int
    hour: int


def list_schedules(actor: Actor) -> Sequence[ExportSchedule]:
    """Every schedule of the dealership, those that run first on top."""
    check(actor, EDIT)
    order = (ExportSchedule.next_at.asc().nulls_last(), ExportSchedule.id)
    return db.session.scalars(select(ExportSchedule).order_by(*order)).all()


def get_schedule(actor: Actor, schedule_id: uuid.UUID) -> ExportSchedule:
    """One of them; raises NotFound."""
    check(actor, EDIT)
    row = db.session.get(ExportSchedule, schedule_id)
    if row is None:
        raise NotFound
    return row


def create_schedule(actor: Actor, plan: Plan) -> ExportSchedule:
    """Set a schedule up. Its owner is whoever sets it up: his rights bound what leaves."""
    row = ExportSchedule(id=new_id(), owner_id=_checked(actor, plan))
    _fill(row, plan)
    db.session.add(row)
    db.session.flush()
    audit.record(actor, "schedule.create", "export", row.id, changes={k: (None, v) for k, v in _facts(row).items()})
    return row


def change_schedule(actor: Actor, row: ExportSchedule, plan: Plan, *, version: int) -> None:
    """Set it anew; whoever does owns it from then on, and it runs again if it had stopped. Raises Stale."""
    if row.version != version:
        raise Stale
    owner_id, before = _checked(actor, plan), _facts(row)
    row.owner_id, row.stopped = owner_id, None
    _fill(row, plan)
    db.session.flush()
    after = _facts(row)
    audit.record(actor, "schedule.edit", "export", row.id, changes={k: (before[k], after[k]) for k in after})


def delete_schedule(actor: Actor, row: ExportSchedule) -> None:
    """Take it away; files it made stay until their time is over, those under way fail."""
    check(actor, EDIT)
    audit.record(actor, "schedule.delete", "export", row.id, changes={k: (v, None) for k, v in _facts(row).items()})
    db.session.delete(row)


def choices_of_views(actor: Actor) -> list[tuple[ListSpec, str, str, bool]]:
    """(list, key, name, whether people named it) of what may be scheduled: tabs of lists, views for everybody."""
    found = []
    kept = db.session.scalars(
        select(SavedView)
        .where(SavedView.scope == ViewScope.TENANT.value, SavedView.conditions.is_(None))
        .order_by(SavedView.name, SavedView.id)
    ).all()
    for spec in REGISTRY.values():
        if may_export(actor, spec):
            found += [(spec, view.key, view.label, False) for view in spec.tabs if view.elsewhere is None]
            own = (view for view in kept if view.list_name == spec.name)
            found += [(spec, to_public("view", view.id), view.name, True) for view in own]
    return found


def arguments_of(spec: ListSpec, view_key: str) -> Arguments:
    """What the view of a schedule asks now; raises NotFound for one that is gone, or asks about a person."""
    for view in spec.tabs:
        if view.key == view_key and view.elsewhere is None:
            return {name: list(texts) for name, texts in view.args.items()}
    kept = db.session.get(SavedView, from_public("view", view_key))
    if kept is None or kept.list_name != spec.name or kept.scope != ViewScope.TENANT or kept.conditions is not None:
        raise NotFound
    return kept.args


def fire_due(who: Who, locale_of: LocaleOf) -> int:
    """Begin the exports of every schedule whose time has come; returns how many. The next time is set with them."""
    due = select(ExportSchedule).where(ExportSchedule.next_at <= clock.now()).order_by(ExportSchedule.next_at)
    return sum(_fire(row, who, locale_of) for row in db.session.scalars(due.with_for_update()).all())


def _fire(row: ExportSchedule, who: Who, locale_of: LocaleOf) -> int:
    now = clock.now()
    row.last_at, row.next_at = now, _next(row, now)
    spec, begun = REGISTRY.get(row.list_name), 0
    try:
        if spec is None:
            raise NotFound
        owner = who(row.owner_id)
        check(owner, EDIT)
        check_may_take(owner, spec)
        args = arguments_of(spec, row.view_key)
    except DomainError as error:
        _stop(row, "view_gone" if isinstance(error, NotFound) else "rights_changed")
        return 0
    if row.purpose_enc is None:
        # It told of somebody who was erased.
        _stop(row, "purpose_gone")
        return 0
    for text in row.recipients:
        user_id = uuid.UUID(text)
        try:
            begun += _begin(row, spec, args, who(user_id), locale_of(user_id))
        except DomainError as error:
            # One who may not (any more), or has taken his share of the day, keeps nobody else from his file.
            told = {"recipient": (None, text), "reason": (None, error.code)}
            audit.record(system_actor("schedules"), "schedule.skip", "export", row.id, changes=told)
    return begun


def _begin(row: ExportSchedule, spec: ListSpec, args: Arguments, actor: Actor, locale: str | None) -> int:
    tenant = current_tenant()
    query = read_query(spec, args, policy_for(actor)).checked()
    asked = Asked(row.format, purpose_of_schedule(row), schedule_id=row.id)
    start_export(actor, query, asked, locale=locale or tenant.locale, timezone=tenant.timezone)
    return 1


def _stop(row: ExportSchedule, reason: str) -> None:
    row.stopped, row.next_at = reason, None
    audit.record(system_actor("schedules"), "schedule.stop", "export", row.id, changes={"reason": (None, reason)})


def _checked(actor: Actor, plan: Plan) -> uuid.UUID:
    """The id of whoever plans; raises PermissionDenied, and Invalid for a plan that cannot be."""
    check(actor, EDIT)
    if actor.user_id is None:
        raise PermissionDenied(EDIT)
    spec, errors = REGISTRY.get(plan.list_name), []
    if spec is None or not may_export(actor, spec) or not _is_there(spec, plan.view_key):
        errors.append(FieldError("view", "unknown_choice", N_("Choose one of these.")))
    if plan.format not in tuple(Format):
        errors.append(FieldError("format", "unknown_choice", N_("Choose CSV or XLSX.")))
    if not plan.recipients or len(plan.recipients) > MOST_RECIPIENTS:
        message = N_("Choose from 1 to {most} people.")
        errors.append(FieldError("recipients", "out_of_range", message, {"most": MOST_RECIPIENTS}))
    if plan.every not in tuple(Every):
        errors.append(FieldError("every", "unknown_choice", N_("Choose one of these.")))
    if plan.day not in _DAYS.get(plan.every, range(29)):
        errors.append(FieldError("day", "unknown_choice", N_("Choose one of these.")))
    if plan.hour not in range(24):
        errors.append(FieldError("hour", "unknown_choice", N_("Choose one of these.")))
    if errors:
        raise Invalid(errors)
    checked_text("purpose", plan.purpose, needed=True)
    return actor.user_id


def _is_there(spec: ListSpec, view_key: str) -> bool:
    try:
        arguments_of(spec, view_key)
    except NotFound:
        return False
    return True


def _fill(row: ExportSchedule, plan: Plan) -> None:
    row.list_name, row.view_key, row.format = plan.list_name, plan.view_key, plan.format
    words = checked_text("purpose", plan.purpose, needed=True)
    row.purpose_enc = seal_words(ExportSchedule, PURPOSE, row.id, words)
    row.recipients = sorted({str(user_id) for user_id in plan.recipients})
    row.every, row.day, row.hour = plan.every, plan.day, plan.hour
    row.next_at = _next(row, clock.now())


def _next(row: ExportSchedule, after: datetime) -> datetime:
    return next_run(row.every, row.day, row.hour, current_tenant().timezone, after)


def _facts(row: ExportSchedule) -> dict[str, Any]:
    return {
        "list": row.list_name, "view": row.view_key, "format": row.format, "recipients": list(row.recipients),
        "every": row.every, "day": row.day, "hour": row.hour,
    }  # fmt: skip

