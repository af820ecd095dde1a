"""The audit over the API: who did what to which record; what was before and after, as far as the caller may see it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from flask import request
from marshmallow import Schema, fields
from sqlalchemy import Select

from app.core.db.ids import to_public
from app.core.guard import audit
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import Actor
from app.core.http.access import require
from app.core.http.api import ApiBlueprint, ApiRecord, Expand, answer_list, answer_record, lists, shows
from app.core.http.api.fields import Instant, PublicId, TypedId, Whole
from app.core.http.api.questions import read_looks
from app.core.http.api.schemas import OPEN, RecordSchema
from app.web.audit_list import AUDIT
from app.web.audit_words import PREFIXES

bp = ApiBlueprint("audit-events", "Who did what to which record, when and from where. Entries are only ever added.")

# Fields that hold ids, and of what.
IDS = {
    "store_id": "store", "owner_id": "usr", "user_id": "usr", "lead_id": "usr", "member_ids": "usr",
    "customer_id": "cus", "vehicle_id": "veh", "stock_unit_id": "unit", "role_id": "role", "team_id": "team",
}  # fmt: skip


class FieldChangeSchema(Schema):
    """One field: stars where the caller sees a mask."""

    before = fields.Raw(allow_none=True)
    after = fields.Raw(allow_none=True)


class AuditEventSchema(RecordSchema):
    """One entry. `changes` come along with one entry, and with a list on demand; hidden fields are left out."""

    record = "audit_event"

    id = PublicId("aud", required=True)
    at = Instant()
    action = fields.String(metadata={"example": "customer.edit"})
    record_type = fields.String(metadata={"example": "customer"})
    record_id = TypedId("record_type", PREFIXES, allow_none=True)
    actor_id = PublicId("usr", allow_none=True)
    actor_name = fields.String()
    key_id = PublicId("apk", allow_none=True)
    behind = fields.String(allow_none=True, metadata={"description": "The operator who acted as this person"})
    origin = fields.String(allow_none=True)
    agent = fields.String(allow_none=True)
    request_id = fields.String(allow_none=True)
    number = Whole(attribute="seq", allow_none=True, metadata={"guard": OPEN})
    changes = fields.Dict(keys=fields.String(), values=fields.Nested(FieldChangeSchema), metadata={"expand": True})


def _whole(actor: Actor) -> Select[Any]:
    return AUDIT.source(actor).add_columns(AuditEntry.actor_id)


def _changes(actor: Actor, rows: Sequence[Any]) -> Mapping[uuid.UUID, dict[str, Any]]:
    found = audit.changes_of(actor, [row.id for row in rows])
    return {
        key: {field: {"before": _value(field, old), "after": _value(field, new)} for field, (old, new) in told.items()}
        for key, told in found.items()
    }


def _value(field: str, value: Any) -> Any:
    """A value as entries keep it, with ids as the API writes them."""
    if isinstance(value, list):
        return [_value(field, item) for item in value]
    if field not in IDS or not isinstance(value, str):
        return value
    try:
        return to_public(IDS[field], uuid.UUID(value))
    except ValueError:
        # Stars, for instance.
        return value


AUDIT_EVENT = ApiRecord(
    name="audit_event",
    path="audit-events",
    spec=AUDIT,
    schema=AuditEventSchema,
    source=_whole,
    names={"actor_id": "person", "record_type": "type", "record_id": "record", "key_id": "key"},
    expands={"changes": Expand("id", _changes, empty={})},
)


@bp.route("/audit-events", methods=["GET"])
@require("audit.see")
@lists(AUDIT_EVENT)
def list_audit_events():
    """List what was done"""
    return answer_list(AUDIT_EVENT)


@bp.route("/audit-events/<entry_id>", methods=["GET"])
@require("audit.see")
@shows(AUDIT_EVENT)
def show_audit_event(entry_id: str):
    """Read what was done, with what was before and after"""
    key = AUDIT_EVENT.key_of(entry_id)
    only, _ = read_looks(AUDIT_EVENT, dict(request.args.lists()))
    return answer_record(AUDIT_EVENT, key, only=only, expand=("changes",))
