"""The bases of what goes in and out of the API: who may see a field, and what an unknown one is."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import INCLUDE, Schema, fields

from app.core.db import current_tenant
from app.core.guard.policy import group_of_field
from app.core.http.api.fields import Whole
from app.core.http.forms import FormSchema

# A field outside every policy: a name joined from elsewhere whose own list shows it to everybody who may see the row.
OPEN = "open"


class RecordSchema(Schema):
    """A record as it goes out. `record` is its type for the field policy, asked about each field.

    A field's metadata may say `guard=(record type, column)` where the column is another one, or `guard=OPEN`; and
    `mask=True` where what the row holds is the stored mask itself. Any other field in a group may be null, because it
    is for whoever sees the group masked; no schema has to say so itself.
    """

    record: ClassVar[str] = ""

    class Meta:
        """More fields may come with time; whoever reads must bear that."""

        unknown = INCLUDE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Let the document be true for every role."""
        guard = guard_of(type(self), field_obj, field_obj.attribute or field_name)
        if guard is not None and group_of_field(*guard) is not None and not field_obj.metadata.get("mask"):
            field_obj.allow_none = True

    hidden = fields.List(fields.String(), data_key="_hidden", metadata={"expand": True})
    masked = fields.List(fields.String(), data_key="_masked", metadata={"expand": True})


class BodySchema(FormSchema):
    """What a program sends as JSON: unknown fields are refused, as everywhere."""

    def context_currency(self) -> str:
        """The one currency of the dealership."""
        return current_tenant().currency


class VersionBody(BodySchema):
    """The version of the record as it was read; without it the change is made to whatever there is."""

    version = Whole(load_default=None)


class FieldProblem(Schema):
    """Why one field, or one parameter of the address, was refused."""

    pointer = fields.String(metadata={"description": "JSON pointer (RFC 6901) into the body", "example": "/name"})
    parameter = fields.String(metadata={"description": "Name of the parameter in the address", "example": "sort"})
    code = fields.String(required=True, metadata={"example": "required"})
    detail = fields.String(required=True, metadata={"example": "Enter a value."})


class Problem(Schema):
    """A refusal (RFC 9457). `code` never changes; the texts follow `Accept-Language`."""

    class Meta:
        """Some refusals say more."""

        unknown = INCLUDE

    type = fields.String(required=True, metadata={"example": "urn:forecourt:problem:invalid"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True)
    code = fields.String(required=True, metadata={"example": "invalid"})
    request_id = fields.String(required=True)
    errors = fields.List(fields.Nested(FieldProblem))
    current = fields.Dict(keys=fields.String(), metadata={"description": "Of a clash (412): fields as they are now"})
    yours = fields.Dict(keys=fields.String(), metadata={"description": "Of a clash (412): fields as they were sent"})
    base = fields.Dict(keys=fields.String(), metadata={"description": "Of a clash (412): fields as you read them"})


class PageInfo(Schema):
    """The ways on from a page; a cursor is good for the same question only."""

    next_cursor = fields.String(required=True, allow_none=True)
    prev_cursor = fields.String(required=True, allow_none=True)
    has_more = fields.Boolean(required=True)
    total = fields.Integer(metadata={"description": "With `include=total` only"})
    total_capped = fields.Boolean(metadata={"description": "Whether there are more than `total`"})


class BatchResult(Schema):
    """What became of one item of a batch, in the order they were sent."""

    status = fields.Integer(required=True, metadata={"example": 201})
    id = fields.String(metadata={"description": "The record, where there is one"})
    problem = fields.Nested(Problem)


class BatchResults(Schema):
    """One result for each item."""

    results = fields.List(fields.Nested(BatchResult), required=True)


def guard_of(schema: type[RecordSchema], field: fields.Field[Any], attribute: str) -> tuple[str, str] | None:
    """The type of record and the column that the policy is asked about for a field; None outside every policy."""
    said = field.metadata.get("guard", (schema.record, attribute))
    if said == OPEN:
        return None
    record, column = said
    return record, column
