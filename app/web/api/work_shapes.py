"""What goes in and out of the API of long work: jobs, files and imports."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import Length, Range, Regexp

from app.core.db.ids import to_public
from app.core.http.api.fields import Flag, Instant, PublicId, Text, Whole
from app.core.http.api.records import PREFIX
from app.core.http.api.schemas import OPEN, BodySchema, RecordSchema
from app.core.http.forms import one_of
from app.core.jobs.imports.models import ImportState, Outcome
from app.core.jobs.models import JobState
from app.core.jobs.uploads.operations import MOST_PARTS, PART_BYTES, PURPOSES

# The rows of these lists are a caller's own, or all of them: no field of them is kept from who sees the row.
FREE = {"guard": OPEN}
SHA256 = r"^[0-9a-f]{64}\Z"
MOST_NAMED = 500


class Address(fields.String):
    """An address of this API out of `path prefix uuid [rest]`, as the source of a list puts it together."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        path, prefix, key, *rest = value.split()
        return "/".join([PREFIX, path, to_public(prefix, uuid.UUID(key)), *rest])


class Figures(fields.Dict):
    """The numbers among what a job left behind."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> dict[str, int]:
        return {name: number for name, number in (value or {}).items() if type(number) is int}


class ProgressSchema(Schema):
    """How far it is; a total of 0 is not known yet."""

    done = Whole(required=True)
    total = Whole(required=True)


class JobSchema(RecordSchema):
    """Long work. Ask again until `state` is neither `queued` nor `running`; `stalled` may still go on."""

    record = "job"

    id = PublicId("job", required=True, metadata=FREE)
    kind = fields.String(metadata={**FREE, "example": "import_run"})
    state = fields.String(metadata={**FREE, "enum": [*JobState]})
    progress = fields.Nested(ProgressSchema, metadata=FREE)
    counts = Figures(
        attribute="result", keys=fields.String(), values=fields.Integer(),
        metadata={**FREE, "description": "What came of it, by the names of the kind of work"},
    )  # fmt: skip
    error = fields.String(allow_none=True, metadata={**FREE, "example": "rights_changed"})
    cancel_requested = Flag(metadata=FREE)
    result_url = Address(allow_none=True, metadata={**FREE, "description": "What it made"})
    errors_url = Address(allow_none=True, metadata={**FREE, "description": "What was left out, and why"})
    cancel_url = Address(allow_none=True, metadata={**FREE, "description": "Where a POST stops it"})
    user_id = PublicId("usr", allow_none=True, metadata=FREE)
    api_key_id = PublicId("apk", attribute="key_id", allow_none=True, metadata=FREE)
    created_at = Instant(metadata=FREE)
    finished_at = Instant(allow_none=True, metadata=FREE)


class SkippedSchema(Schema):
    """A record that was left as it is, and why."""

    id = fields.String(required=True)
    detail = fields.String(required=True)


class SkippedListSchema(Schema):
    """The first of them; `counts` of the job says how many there are."""

    data = fields.List(fields.Nested(SkippedSchema), required=True)


class NewFile(BodySchema):
    """The file that is to come: its size in bytes, and the SHA-256 of all of it in hex."""

    name = Text(longest=255, required=True)
    size = Whole(required=True, validate=Range(1))
    sha256 = fields.String(required=True, validate=Regexp(SHA256), metadata={"pattern": "^[0-9a-f]{64}$"})
    purpose = fields.String(required=True, validate=one_of(*PURPOSES))


class FileSchema(RecordSchema):
    """A file on its way in. It goes at `expires_at`, complete or not; what fetched it has its own copy."""

    record = "file"

    id = PublicId("file", required=True, metadata=FREE)
    name = fields.String(metadata=FREE)
    size = Whole(metadata=FREE)
    purpose = fields.String(metadata={**FREE, "enum": [*PURPOSES]})
    state = fields.String(metadata={**FREE, "enum": ["open", "complete"]})
    received = Whole(metadata={**FREE, "description": "Bytes that are here"})
    parts = fields.List(Whole(), metadata={**FREE, "description": "Numbers of the parts that are here"})
    part_size = Whole(
        metadata={**FREE, "description": f"The most bytes of a part: {PART_BYTES}; {MOST_PARTS} parts"}
    )
    created_at = Instant(metadata=FREE)
    completed_at = Instant(allow_none=True, metadata=FREE)
    expires_at = Instant(metadata=FREE)


class MappingSchema(Schema):
    """`columns`: field → header; `defaults`: field → text; `values`: field → text in the file → choice."""

    columns = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    defaults = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    values = fields.Dict(
        keys=fields.String(), values=fields.Dict(keys=fields.String(), values=fields.String()), required=True
    )

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Of what is stored, never a method of it: a mapping that was not made yet is empty."""
        return obj.get(attr, {})


class ImportSchema(RecordSchema):
    """A table on its way in. `counts` are of the last dry run, or of the run."""

    record = "import"

    id = PublicId("imp", required=True, metadata=FREE)
    version = Whole(metadata=FREE)
    kind = fields.String(metadata={**FREE, "example": "customers"})
    state = fields.String(metadata={**FREE, "enum": [*ImportState]})
    file_name = fields.String(metadata=FREE)
    rows = Whole(attribute="row_count", metadata=FREE)
    counts = fields.Dict(
        keys=fields.String(), values=fields.Integer(),
        metadata={**FREE, "description": f"Rows by outcome: {', '.join(Outcome)}"},
    )  # fmt: skip
    headers = fields.List(fields.String(), metadata=FREE)
    mapping = fields.Nested(MappingSchema, metadata=FREE)
    job_id = PublicId("job", allow_none=True, metadata=FREE)
    errors_url = Address(allow_none=True, metadata=FREE)
    user_id = PublicId("usr", allow_none=True, metadata=FREE)
    api_key_id = PublicId("apk", attribute="key_id", allow_none=True, metadata=FREE)
    created_at = Instant(metadata=FREE)
    updated_at = Instant(metadata=FREE)


class NewImport(BodySchema):
    """A complete file, and what its rows are."""

    file_id = PublicId("file", required=True)
    kind = fields.String(required=True, validate=Length(1, 30))


class NewMapping(BodySchema):
    """The mapping as a whole, in the place of the one of `version`; texts of `values` are compared in any case."""

    version = Whole(required=True)
    columns = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)
    defaults = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)
    values = fields.Dict(
        keys=fields.String(), values=fields.Dict(keys=fields.String(), values=fields.String()), load_default=dict
    )


class ChoiceSchema(Schema):
    """A value a field may take."""

    value = fields.String(required=True)
    label = fields.String(required=True)


class FoundValueSchema(Schema):
    """A text of the column, how often it stands there, and which choice it means; "" for none."""

    text = fields.String(required=True)
    count = Whole(required=True)
    value = fields.String(required=True)


class ImportFieldSchema(Schema):
    """A field the kind has, and what feeds it now."""

    key = fields.String(required=True)
    label = fields.String(required=True)
    required = Flag(required=True)
    column = fields.String(required=True, allow_none=True)
    default = fields.String(required=True, allow_none=True)
    choices = fields.List(fields.Nested(ChoiceSchema), required=True, allow_none=True)
    found = fields.List(fields.Nested(FoundValueSchema), required=True)


class ImportColumnSchema(Schema):
    """A column of the file with the first texts below its header."""

    header = fields.String(required=True)
    examples = fields.List(fields.String(), required=True)


class ImportColumnsSchema(Schema):
    """What a mapping is made from."""

    columns = fields.List(fields.Nested(ImportColumnSchema), required=True)
    fields_ = fields.List(fields.Nested(ImportFieldSchema), data_key="fields", required=True)


class NamedSchema(Schema):
    """Something by its name here, and what people call it."""

    key = fields.String(required=True)
    label = fields.String(required=True)


class KindsSchema(Schema):
    """What the caller may import."""

    data = fields.List(fields.Nested(NamedSchema), required=True)


def named(pairs: Mapping[str, str]) -> list[dict[str, str]]:
    """Keys and labels as `NamedSchema` has them."""
    return [{"key": key, "label": label} for key, label in pairs.items()]
