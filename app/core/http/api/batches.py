"""Batches: many items in one request and one transaction, each in a savepoint, each with its own result."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response
from marshmallow import Schema, fields
from marshmallow.validate import Length
from sqlalchemy.orm.exc import StaleDataError

from app.core.db import db
from app.core.db.ids import to_public
from app.core.errors import DomainError, FieldError, Invalid, Stale
from app.core.http.api.bodies import load_body, settled
from app.core.http.api.effects import answered
from app.core.http.api.patches import Delete, Edit, refuse_closed
from app.core.http.api.records import ApiRecord
from app.core.http.api.schemas import BodySchema
from app.core.http.forms import NOT_OFFERED, one_of
from app.core.http.problems import details_of
from app.core.http.sessions import current_actor

MOST_ITEMS = 100
# (the checked body) -> the new record's id.
Create = Callable[[Mapping[str, Any]], uuid.UUID]
CREATE, UPDATE, DELETE = "create", "update", "delete"

STATUS = {CREATE: 201, UPDATE: 200, DELETE: 204}


class BatchItem(BodySchema):
    """One item. `version` is that of the record as it was read; without it the change is made to whatever there is."""

    op = fields.String(required=True, validate=one_of(CREATE, UPDATE, DELETE))
    id = fields.String(load_default=None)
    version = fields.Integer(strict=True, load_default=None)
    data = fields.Dict(keys=fields.String(), load_default=dict)


class Batch(BodySchema):
    """At most 100 items."""

    items = fields.List(fields.Nested(BatchItem), required=True, validate=Length(1, MOST_ITEMS))


@dataclass(frozen=True)
class _Acts:
    """What the items of a batch can ask for; what a kind of record does not know is refused."""

    record: ApiRecord
    new: type[Schema] | None
    edited: type[Schema] | None
    create: Create | None
    edit: Edit | None
    delete: Delete | None

    def do(self, item: Mapping[str, Any]) -> uuid.UUID | None:
        """Do what one item asks for; the record it made or changed."""
        if item["op"] == CREATE and self.create is not None and self.new is not None:
            return self.create(load_body(self.new, item["data"]))
        key = self.record.key_of(item["id"] or "")
        row = self.record.find(current_actor(), key)
        if item["version"] is not None and item["version"] != row.version:
            raise Stale
        if item["op"] == UPDATE and self.edit is not None and self.edited is not None:
            values = settled(self.edited, {name: getattr(row, name) for name in self.record.edits})
            sent = settled(self.edited, load_body(self.edited, item["data"], partial=True))
            refuse_closed(self.record, sent)
            self.edit(key, row.version, values | sent, sent)
            return key
        if item["op"] == DELETE and self.delete is not None:
            self.delete(key, item["version"])
            return key
        raise Invalid([FieldError("op", "not_offered", NOT_OFFERED)])


def answer_batch(
    record: ApiRecord,
    new: type[Schema] | None = None,
    edited: type[Schema] | None = None,
    *,
    create: Create | None = None,
    edit: Edit | None = None,
    delete: Delete | None = None,
) -> Response:
    """Do what each item asks; what one is refused leaves the others as they are. Needs an Idempotency-Key.

    `new` and `edited` are the bodies of one record's own operations, and the functions those behind them: each checks
    the rights of its actor, since items may ask for different things.
    """
    items = load_body(Batch)["items"]
    acts = _Acts(record, new, edited, create, edit, delete)
    return answered(lambda: {"results": [_result(acts, item) for item in items]}, required=True)


def _result(acts: _Acts, item: Mapping[str, Any]) -> dict[str, Any]:
    try:
        with db.session.begin_nested():
            made = acts.do(item)
            # A refusal by the database belongs to this item, so it has to come now.
            db.session.flush()
    except StaleDataError:
        return _refused(Stale(), item)
    except DomainError as error:
        return _refused(error, item)
    found: dict[str, Any] = {"status": STATUS[item["op"]]}
    if made is not None:
        found["id"] = to_public(acts.record.prefix, made)
    return found


def _refused(error: DomainError, item: Mapping[str, Any]) -> dict[str, Any]:
    named = {"id": item["id"]} if item["id"] else {}
    return {"status": error.status, **named, "problem": details_of(error)}
