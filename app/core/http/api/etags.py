"""Entity tags: the version of a record and a keyed mark of each field that can be edited.

The marks say which fields changed since the tag was given, without the tag holding a value: so a patch that is late
can be merged where the two changes are about different fields.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.core.http.marks import mark, marks

MARK_BYTES = 6
_encode = json.JSONEncoder(ensure_ascii=False).encode
TAG = re.compile(r'"([0-9]{1,9})(?:-([A-Za-z0-9_-]*))?"', re.ASCII)


def etag_of(name: str, record_id: uuid.UUID, version: int, values: Mapping[str, Any]) -> str:
    """The strong tag of a record at `version` with these values of its editable fields, in their order."""
    made = b"".join(marks(_kind(name, record_id), map(_text, values, values.values()), MARK_BYTES))
    return f'"{version}-{base64.urlsafe_b64encode(made).rstrip(b"=").decode("ascii")}"'


def mark_of(name: str, record_id: uuid.UUID, field: str, value: Any) -> bytes:
    """The mark of one value."""
    return mark(_kind(name, record_id), _text(field, value), MARK_BYTES)


def _kind(name: str, record_id: uuid.UUID) -> str:
    return f"etag:{name}:{record_id}"


def _text(field: str, value: Any) -> str:
    return _encode([field, plain(value)])


def read_etag(text: str, fields: Sequence[str]) -> tuple[int, dict[str, bytes] | None] | None:
    """Version and marks in one tag; no marks where the tag bears none; None for what is no tag of ours."""
    found = TAG.fullmatch(text.strip())
    if found is None:
        return None
    version, tail = int(found.group(1)), found.group(2)
    if not tail:
        return version, None
    try:
        raw = base64.urlsafe_b64decode(tail + "=" * (-len(tail) % 4))
    except ValueError:
        return None
    if len(raw) != MARK_BYTES * len(fields):
        # A tag from before a field was added: nobody knows what it says.
        return version, None
    parts = [raw[at : at + MARK_BYTES] for at in range(0, len(raw), MARK_BYTES)]
    return version, dict(zip(fields, parts, strict=True))


def plain(value: Any) -> Any:
    """A value in the one form that is compared: empty is null, as everywhere in the audit."""
    if value is None or value == "":
        return None
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in sorted(value.items())}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if isinstance(value, bool | int) else str(value)
