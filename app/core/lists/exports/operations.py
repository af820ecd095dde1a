"""Asking for a view as a file, and deciding about one in the clear: by the rights of the moment, on record."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, false, or_, select

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id
from app.core.errors import N_, FieldError, Invalid, NotFound, PermissionDenied
from app.core.guard import audit, vault
from app.core.guard.narrowing import limited
from app.core.guard.permissions import Actor, allows, check, covers, scope_clause
from app.core.guard.policy import policy_for
from app.core.jobs.events import publish
from app.core.jobs.jobs import start_job
from app.core.jobs.models import Job
from app.core.jobs.queues import QueueName
from app.core.lists import pages
from app.core.lists.exports.errors import AlreadyDecided, NothingLeft, OwnRequest
from app.core.lists.exports.models import Export
from app.core.lists.exports.notices import ExportDecided, ExportWaits
from app.core.lists.exports.outgoing import Leaving, leaving, open_rules, told_of
from app.core.lists.exports.purposes import PURPOSE, RECIPIENT, seal_words
from app.core.lists.exports.rules import APPROVE, EDIT, SEE, check_limit, rules_in_force
from app.core.lists.exports.sealing import new_key
from app.core.lists.exports.states import ExportState, Format
from app.core.lists.query import ListQuery
from app.core.lists.saved_filters import save_filter
from app.core.lists.spec import REGISTRY, Column, ListSpec, Policy

KIND: Final = "lists.export"
EXPORT_TASK: Final = "lists.export_rows"
TABLE: Final = "core_exports"
# An export in the clear that nobody decides about is off the table after this long.
PATIENCE: Final = timedelta(days=7)
SHORTEST_PURPOSE, LONGEST_TEXT = 3, 200
# Whoever decides is told how many rows would leave; of so many it is enough to know that they are many.
MOST_COUNTED: Final = 10_000


@dataclass(frozen=True)
class Asked:
    """What somebody who asks for a file has to say beside the question itself."""

    format: str
    purpose: str
    recipient: str = ""
    unmasked: bool = False
    schedule_id: uuid.UUID | None = None


def start_export(actor: Actor, query: ListQuery, asked: Asked, *, locale: str, timezone: str) -> Export:
    """Have a job write what `query` shows, or have a second person decide first when it is to leave in the clear.

    Raises NotFound for a list that never leaves, PermissionDenied, Invalid, ExportLimit, and NothingLeft.
    """
    spec = query.checked().spec
    check_may_take(actor, spec)
    caller_id, purpose, recipient = _checked(actor, asked)
    check_limit(caller_id, rules_in_force())
    found = outgoing(actor, query, unmasked=asked.unmasked)
    if not found:
        raise NothingLeft
    conditions = query.personal_arguments()
    told = sorted(item.key for item, _ in query.conditions)
    key = new_id()
    row = Export(
        id=key,
        list_name=spec.name,
        format=asked.format,
        state=(ExportState.WAITING if asked.unmasked else ExportState.STARTED).value,
        purpose_enc=seal_words(Export, PURPOSE, key, purpose),
        recipient_enc=seal_words(Export, RECIPIENT, key, recipient),
        unmasked=asked.unmasked,
        asked={
            "args": query.to_view(),
            "filter": save_filter(spec.name, caller_id, conditions) if conditions else None,
            "locale": locale,
            "timezone": timezone,
            # For whoever decides: by what the rows are chosen, and how many they are.
            "conditions": told,
            "about": _count(actor, query, timezone) if asked.unmasked else None,
        },
        treated=told_of(found),
        created_by=caller_id,
        schedule_id=asked.schedule_id,
        expires_at=clock.now() + PATIENCE if asked.unmasked else None,
    )
    row.file_key = vault.seal_own(TABLE, "file_key", row.id, new_key().hex())
    db.session.add(row)
    db.session.flush()
    facts = {
        "list": (None, spec.name),
        "format": (None, asked.format),
        "conditions": (None, ", ".join(told) or None),
        "unmasked": (None, asked.unmasked or None),
    }
    why = {"purpose": (None, purpose), "recipient": (None, recipient or None)}
    audit.record(actor, "export", resource_of(spec), row.id, changes=facts, personal=why)
    if asked.unmasked:
        publish(ExportWaits(row.id, caller_id))
    else:
        _begin(row, actor)
    return row


def decide(actor: Actor, export_id: uuid.UUID, *, approved: bool) -> Export:
    """Let an export in the clear go, or not; raises NotFound, OwnRequest and AlreadyDecided.

    Whoever decides must hold the right to export these rows himself: nobody opens for others what is closed to him.
    """
    row = get_export(actor, export_id, for_update=True)
    spec = _spec(row)
    check(actor, APPROVE, owner_id=row.created_by)
    check_may_take(actor, spec)
    if row.created_by == actor.user_id:
        raise OwnRequest
    if row.state != ExportState.WAITING:
        raise AlreadyDecided
    row.decided_by, row.decided_at, row.expires_at = actor.user_id, clock.now(), None
    row.state = (ExportState.STARTED if approved else ExportState.REFUSED).value
    action = "export.approve" if approved else "export.refuse"
    audit.record(actor, action, resource_of(spec), row.id, changes={"list": (None, spec.name)})
    if approved:
        _begin(row, Actor(user_id=row.created_by, name=""))
    else:
        forget_key(row)
    publish(ExportDecided(row.id, row.created_by))
    return row


def outgoing(actor: Actor, query: ListQuery, *, unmasked: bool, policy: Policy | None = None) -> list[Leaving]:
    """The columns of the file that `query` would make now, and what happens to them; by `policy`, or the actor's."""
    policy, spec = policy or policy_for(actor), query.spec
    rules = open_rules() if unmasked else rules_in_force().treatments
    columns = spec.chosen_columns(policy, query.cols)
    return leaving(spec, spec.source(actor), columns, policy, rules, unmasked=unmasked)


def wanted_columns(actor: Actor, query: ListQuery) -> list[Column]:
    """The columns `query` shows the actor."""
    return query.spec.chosen_columns(policy_for(actor), query.cols)


def check_may_take(actor: Actor, spec: ListSpec) -> None:
    """Raise unless the actor may take rows of `spec` away: NotFound where nobody may, else PermissionDenied."""
    permission = export_permission(spec)
    spec.check(actor)
    check(actor, permission)
    # An operator helps inside; what he is let in for is not to carry the dealership's data out.
    if actor.behind is not None:
        raise PermissionDenied(permission)


def get_export(actor: Actor, export_id: uuid.UUID, *, for_update: bool = False) -> Export:
    """An export the actor may see: his own, those `export.see` reaches, those he is to decide about; else NotFound."""
    query: Select[Any] = select(Export).where(Export.id == export_id, visible_to(actor))
    row: Export | None = db.session.scalar(query.with_for_update() if for_update else query)
    if row is None:
        raise NotFound
    return row


def find_exports(actor: Actor, ids: Sequence[uuid.UUID]) -> Sequence[Export]:
    """Those of the exports that the actor may see."""
    return db.session.scalars(select(Export).where(Export.id.in_(ids), visible_to(actor))).all()


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The exports an actor may see."""
    own = Export.created_by == actor.caller_id if actor.caller_id is not None else false()
    to_decide = and_(Export.unmasked, scope_clause(actor, APPROVE, owner=Export.created_by))
    return or_(own, scope_clause(actor, SEE, owner=Export.created_by), to_decide)


def may_decide(actor: Actor, row: Export) -> bool:
    """Whether the actor is the second person this export waits for."""
    spec = REGISTRY.get(row.list_name)
    if row.state != ExportState.WAITING or row.created_by == actor.user_id or spec is None:
        return False
    return covers(actor, APPROVE, owner_id=row.created_by, store_id=None) and may_export(actor, spec)


def may_drop(actor: Actor, row: Export) -> bool:
    """Whether the actor may delete the file: his own, or that of anybody for whom he sets the rules."""
    return row.created_by == actor.caller_id or covers(actor, EDIT, owner_id=row.created_by, store_id=None)


def job_of(row: Export) -> Job | None:
    """The job that makes or made the file."""
    return db.session.get(Job, row.job_id) if row.job_id is not None else None


def export_permission(spec: ListSpec) -> str:
    """The right to take the rows of `spec` away; raises NotFound for a list that never leaves."""
    if spec.export_permission is None:
        raise NotFound
    return spec.export_permission


def may_export(actor: Actor, spec: ListSpec) -> bool:
    """Whether the actor may take anything of this list away."""
    return spec.export_permission is not None and allows(actor, spec.export_permission) and actor.behind is None


def resource_of(spec: ListSpec) -> str:
    """What the rows are, as permissions and the audit call them."""
    return spec.permission.partition(".")[0]


def file_place(row: Export) -> tuple[str, str, uuid.UUID]:
    """Where the key of an export's file is sealed."""
    return TABLE, "file_key", row.id


def forget_key(row: Export) -> None:
    """Take the key of a file away for good: with it gone, a copy of the file from before opens no more."""
    row.file_key = None
    vault.drop_keys([row.id])


def checked_text(field: str, text: str, *, needed: bool) -> str:
    """What people wrote into one line, trimmed; raises Invalid when it is missing, too short or too long."""
    plain = " ".join(text.split())
    if needed and len(plain) < SHORTEST_PURPOSE:
        raise Invalid([FieldError(field, "required", N_("Say in a few words what the file is for."))])
    if len(plain) > LONGEST_TEXT or not plain.isprintable():
        message = N_("Use at most {longest} characters.")
        raise Invalid([FieldError(field, "too_long", message, {"longest": LONGEST_TEXT})])
    return plain


def _checked(actor: Actor, asked: Asked) -> tuple[uuid.UUID, str, str]:
    if asked.format not in tuple(Format) or actor.caller_id is None:
        raise Invalid([FieldError("format", "unknown_choice", N_("Choose CSV or XLSX."))])
    if asked.unmasked and actor.key_id is not None:
        # What somebody else has to agree to is asked for by a person.
        raise PermissionDenied(APPROVE)
    purpose = checked_text("purpose", asked.purpose, needed=True)
    return actor.caller_id, purpose, checked_text("recipient", asked.recipient, needed=False)


def _count(actor: Actor, query: ListQuery, timezone: str) -> int:
    """How many rows would leave, counting no further than MOST_COUNTED."""
    reader = limited(actor, query.spec.permission, by=export_permission(query.spec))
    statement = pages.matching(query.spec, reader, query, timezone=timezone)
    return pages.count_up_to(db.session(), statement, MOST_COUNTED)


def _begin(row: Export, owner: Actor) -> None:
    params = {"export": str(row.id), "list": row.list_name, "format": row.format}
    row.job_id = start_job(owner, KIND, params, EXPORT_TASK, QueueName.EXPORTS).id


def _spec(row: Export) -> ListSpec:
    spec = REGISTRY.get(row.list_name)
    if spec is None:
        raise NotFound
    return spec
