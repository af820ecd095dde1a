"""What goes in and out of the API of exports."""

from __future__ import annotations

import uuid
from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import Length

from app.core.guard import vault
from app.core.http.api.fields import Beside, Flag, Instant, PublicId, Text, Whole
from app.core.http.api.schemas import BodySchema, RecordSchema
from app.core.http.forms import one_of
from app.core.lists.exports.states import ExportState, Format
from app.web.api.work_shapes import FREE, NamedSchema


class ExportWords(Beside):
    """What somebody wrote about an export, opened; `column` is where it lies."""

    beside = "id"

    def __init__(self, column: str, **kwargs: Any) -> None:
        self.column = column
        super().__init__(**kwargs)

    def write(self, value: bytes, beside: uuid.UUID) -> str:
        """The words."""
        return str(vault.unseal_json("core_exports", self.column, beside, value))


class NewExport(BodySchema):
    """A question to a list, as in `POST …/query`, and what the file is for. `fields` are columns of the list."""

    list_ = fields.String(data_key="list", required=True, validate=Length(1, 60))
    filter = fields.Dict(keys=fields.String(), load_default=dict)
    sort = Text(longest=60, load_default=None, allow_none=True)
    view = Text(longest=60, load_default=None, allow_none=True)
    fields_ = fields.List(Text(longest=60), data_key="fields", load_default=None, allow_none=True, validate=Length(1))
    format = fields.String(required=True, validate=one_of(*Format))
    purpose = Text(longest=200, required=True)
    recipient = Text(longest=200, load_default="", allow_none=True)


class ExportSchema(RecordSchema):
    """A list on its way out. `columns` says what is done to each: as seen, masked, a code in its place, left out."""

    record = "export"

    id = PublicId("exp", required=True, metadata=FREE)
    list_ = fields.String(attribute="list_name", data_key="list", metadata=FREE)
    format = fields.String(metadata={**FREE, "enum": [*Format]})
    state = fields.String(metadata={**FREE, "enum": [*ExportState]})
    purpose = ExportWords("purpose_enc", attribute="purpose_enc", allow_none=True, metadata=FREE)
    recipient = ExportWords("recipient_enc", attribute="recipient_enc", allow_none=True, metadata=FREE)
    in_full = Flag(attribute="unmasked", metadata=FREE)
    columns = fields.Dict(
        attribute="treated", keys=fields.String(), values=fields.String(), metadata=FREE
    )
    rows = Whole(allow_none=True, metadata=FREE)
    size = Whole(allow_none=True, metadata=FREE)
    job_id = PublicId("job", allow_none=True, metadata=FREE)
    user_id = PublicId("usr", allow_none=True, metadata=FREE)
    api_key_id = PublicId("apk", attribute="key_id", allow_none=True, metadata=FREE)
    created_at = Instant(metadata=FREE)
    expires_at = Instant(allow_none=True, metadata=FREE)


class LinkSchema(Schema):
    """Where the file is, for whoever asked for this link alone."""

    url = fields.String(required=True)
    expires_at = fields.String(required=True, metadata={"format": "date-time"})
    uses = Whole(required=True)


class LeavingListSchema(Schema):
    """A list the caller may export, with the columns he may ask for and the filters that may choose its rows."""

    list_ = fields.String(data_key="list", required=True)
    label = fields.String(required=True)
    columns = fields.List(fields.Nested(NamedSchema), required=True)
    filters = fields.List(fields.String(), required=True)


class LeavingListsSchema(Schema):
    """All of them."""

    data = fields.List(fields.Nested(LeavingListSchema), required=True)
