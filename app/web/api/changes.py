"""The feed of what changed: read on from a cursor, stop, and take it up again without a gap or a repeat."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import current_app
from marshmallow import Schema, fields

from app.core.db import current_tenant
from app.core.db.ids import to_public
from app.core.errors import FieldError, Invalid
from app.core.guard import changes as feed
from app.core.http.access import ANY_USER, require
from app.core.http.api import ApiBlueprint, BadQuestion, BodySchema, answer, documented, parameter, read_parameters
from app.core.http.api.fields import Instant, write_instant
from app.core.http.api.operations import CURSOR, LIMIT, OF_LISTS
from app.core.http.forms import NOT_OFFERED, Text
from app.core.http.sessions import current_actor
from app.core.lists.cursors import Cursor, CursorCodec
from app.core.lists.query import DEFAULT_PAGE, LARGEST_PAGE
from app.web.audit_words import PREFIXES

bp = ApiBlueprint("changes", "What changed, in the order it was committed.")

LIST = "changes"
START, NOW = "start", "now"


class ChangesQuestion(BodySchema):
    """Where to read on, and of which types."""

    cursor = Text(longest=4096, load_default=None)
    types = Text(longest=400, load_default=None)
    since = Text(load_default=START, longest=5)
    limit = fields.Integer(load_default=DEFAULT_PAGE)


class ChangeSchema(Schema):
    """One change of a record. What the record is now is read under its own address; a deleted one is gone there."""

    type = fields.String(required=True)
    id = fields.String(required=True)
    action = fields.String(required=True, metadata={"example": "customer.edit"})
    at = Instant(required=True)


class ChangesSchema(Schema):
    """A part of the feed. `next_cursor` is always there: what comes later is read from it."""

    data = fields.List(fields.Nested(ChangeSchema), required=True)
    next_cursor = fields.String(required=True)
    has_more = fields.Boolean(required=True)


@bp.route("/changes", methods=["GET"])
@require(ANY_USER)
@documented(
    parameters=[
        parameter("cursor", CURSOR, "From the part before; good for the same types only"),
        parameter("since", {"type": "string", "enum": [START, NOW]}, "Where to begin without a cursor"),
        parameter("types", {"type": "string", "pattern": "^[a-z_]+(,[a-z_]+)*$"}, f"Of {', '.join(sorted(PREFIXES))}"),
        parameter("limit", LIMIT),
    ],
    gives={200: ChangesSchema},
    problems=OF_LISTS,
)
def follow_changes():
    """Follow changes of the records the caller may see"""
    actor, asked = current_actor(), read_parameters(ChangesQuestion)
    kinds = _kinds(feed.kinds_for(actor, PREFIXES), asked["types"])
    _check(asked)
    cursors = CursorCodec(current_app.config["SECRET_KEY"], current_tenant().id)
    fingerprint = hashlib.sha256(",".join(sorted(kinds)).encode()).digest()
    after = 0 if asked["since"] == START else feed.last_number()
    if asked["cursor"]:
        try:
            after = cursors.unseal(LIST, asked["cursor"], fingerprint).keys[0]
        except Invalid as refusal:
            raise BadQuestion(refusal.errors) from refusal
    found = feed.read_feed(actor, kinds, after, asked["limit"])
    return answer(
        {
            "data": [_told(change) for change in found.changes],
            "next_cursor": cursors.seal(LIST, Cursor((found.reached,)), fingerprint),
            "has_more": found.has_more,
        }
    )


def _told(change: feed.ChangedRecord) -> dict[str, Any]:
    public = to_public(PREFIXES[change.kind], change.record_id)
    return {"type": change.kind, "id": public, "action": change.action, "at": write_instant(change.at)}


def _kinds(known: dict[str, Any], wanted: str | None) -> dict[str, Any]:
    if wanted is None:
        return known
    names = {name.strip() for name in wanted.split(",") if name.strip()}
    if not names or names - PREFIXES.keys():
        raise BadQuestion([FieldError("types", "not_offered", NOT_OFFERED)])
    return {name: kind for name, kind in known.items() if name in names}


def _check(asked: dict[str, Any]) -> None:
    if asked["since"] not in (START, NOW):
        raise BadQuestion([FieldError("since", "not_offered", NOT_OFFERED)])
    if not 1 <= asked["limit"] <= LARGEST_PAGE:
        raise BadQuestion([FieldError("limit", "not_offered", NOT_OFFERED)])
