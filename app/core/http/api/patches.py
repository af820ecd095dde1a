"""Merge patches (RFC 7396) that overwrite nobody: a late one is merged where it concerns other fields.

The entity tag says what each field was when the record was read. A field somebody else changed since, to something
else than the patch wants, is answered with 412 and the three values.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import Response, request
from marshmallow import Schema, fields
from sqlalchemy import Row
from sqlalchemy.orm.exc import StaleDataError

from app.core.db import transaction
from app.core.errors import N_, DomainError, FieldClosed, Stale
from app.core.guard import audit
from app.core.guard.policy import policy_for
from app.core.http.api.bodies import load_body, settled
from app.core.http.api.dumping import dump_fields, plan_for
from app.core.http.api.etags import mark_of, plain, read_etag
from app.core.http.api.fields import Instant, Money, Number, PublicId
from app.core.http.api.records import ApiRecord, answer_record
from app.core.http.sessions import current_actor

TRIES = 3
# (the record's id, its version, all its editable values with the patch in them, the patch) -> None; raises Stale.
Edit = Callable[[uuid.UUID, int, dict[str, Any], Mapping[str, Any]], Any]
# (the record's id, the version it must have, where the caller said so) -> None.
Delete = Callable[[uuid.UUID, int | None], Any]


class TagMissing(DomainError):
    """A change does not say which state of the record it is about."""

    code = "precondition_required"
    message = N_("Send If-Match with the ETag of the record as you read it.")
    status = 428


class Overtaken(Stale):
    """Somebody changed the same field since the record was read; the answer holds the three values."""

    code = "precondition_failed"
    message = N_("Somebody changed the same field since you read this record.")
    status = 412

    def __init__(self, sides: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__()
        self.extensions = sides


def patch_record(record: ApiRecord, public_id: str, schema: type[Schema], edit: Edit) -> Response:
    """Apply the patch that was sent; the record as it is then. `edit` gets every field of `record.edits`.

    Raises FieldClosed, TagMissing, Overtaken, and whatever the schema and the operation refuse.
    """
    actor, key = current_actor(), record.key_of(public_id)
    row = record.find(actor, key)
    patch = settled(schema, load_body(schema, partial=True))
    refuse_closed(record, patch)
    version, marks = _sent_tag(record)
    for _ in range(TRIES):
        merged = row.version != version
        if merged:
            _refuse_clashes(record, row, patch, marks)
        values = settled(schema, {name: getattr(row, name) for name in record.edits})
        try:
            with transaction():
                edit(key, row.version, values | patch, patch)
        except (Stale, StaleDataError):
            row = record.find(actor, key)
            continue
        headers = {"X-Merged-From": str(version)} if merged else {}
        return answer_record(record, key, headers=headers)
    raise Stale


def delete_record(record: ApiRecord, public_id: str, delete: Delete) -> Response:
    """Delete, if the record is still as `If-Match` says, where that is sent. Raises Overtaken."""
    key = record.key_of(public_id)
    row = record.find(current_actor(), key)
    version = None
    if "If-Match" in request.headers:
        version, _ = _sent_tag(record)
        if version != row.version:
            raise Overtaken({})
    with transaction():
        delete(key, version)
    return Response(status=204)


def refuse_closed(record: ApiRecord, patch: Mapping[str, Any]) -> None:
    """Raise FieldClosed for a field the caller does not see in full: neither a change nor a clash may tell of it."""
    for name in sorted(record.closed(current_actor()) & patch.keys()):
        raise FieldClosed(field=name)


def sent_version(*, required: bool = True) -> int | None:
    """The version `If-Match` says, of a record whose tag is that alone; None where none is sent and none is required.

    Raises TagMissing, and Overtaken for what is no tag of ours.
    """
    sent = request.headers.get("If-Match", "")
    if not sent.strip():
        if required:
            raise TagMissing
        return None
    found = read_etag(sent, ())
    if found is None:
        raise Overtaken({})
    return found[0]


def merge_patch(base: Any, patch: Any) -> Any:
    """`base` with `patch` in it as RFC 7396 has it: objects are merged, null takes a member away, all else replaces."""
    if not isinstance(patch, Mapping):
        return patch
    found = dict(base) if isinstance(base, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merge_patch(found.get(name), value)
    return found


def _sent_tag(record: ApiRecord) -> tuple[int, dict[str, bytes] | None]:
    sent = request.headers.get("If-Match", "")
    if not sent.strip():
        raise TagMissing
    found = read_etag(sent, record.edits)
    if found is None:
        raise Overtaken({})
    return found


def _refuse_clashes(record: ApiRecord, row: Row[Any], patch: Mapping[str, Any], marks: dict[str, bytes] | None) -> None:
    """Raise Overtaken where the patch is about a field that changed since the tag was given, to another value.

    What a tag does not mark, such as a value kept sealed, counts as changed.
    """
    unmarked = {name: value for name, value in patch.items() if name not in record.edits}
    differing = {name: value for name, value in patch.items() if name in record.edits and _differs(row, name, value)}
    clashing = {name: value for name, value in differing.items() if not _is_as_read(record, row, name, marks)}
    if clashing or unmarked:
        raise Overtaken(_sides(record, row, clashing, marks))


def _differs(row: Row[Any], name: str, value: Any) -> bool:
    return bool(plain(value) != plain(getattr(row, name)))


def _is_as_read(record: ApiRecord, row: Row[Any], name: str, marks: dict[str, bytes] | None) -> bool:
    return marks is not None and mark_of(record.name, row.id, name, getattr(row, name)) == marks[name]


def _sides(
    record: ApiRecord, row: Row[Any], mine: Mapping[str, Any], marks: dict[str, bytes] | None
) -> dict[str, dict[str, Any]]:
    """What the record holds, what was sent, and what it held when it was read, by field."""
    actor = current_actor()
    keys = list(row._fields)
    plan = plan_for(record.schema, keys, policy_for(actor), mine.keys())

    def shown(values: Mapping[str, Any]) -> dict[str, Any]:
        wanted = [values.get(key, value) for key, value in zip(keys, row, strict=True)]
        return {name: value for name, value in plan.dump(wanted).items() if name in values}

    base: dict[str, Any] = {}
    if marks is not None:
        known = dump_fields(record.schema)
        for line in audit.list_history(actor, record.name, row.id):
            for name, (kept, _) in line.changes.items():
                if name in mine and name not in base:
                    before = _read_kept(known.get(name), kept)
                    if mark_of(record.name, row.id, name, before) == marks[name]:
                        base[name] = before
    current = {name: getattr(row, name) for name in mine}
    return {"current": shown(current), "yours": shown(mine), "base": shown(base)}


def _read_kept(field: fields.Field[Any] | None, kept: Any) -> Any:
    """A value as a row would hold it, out of what the audit kept of it."""
    if isinstance(kept, list) and isinstance(field, fields.List):
        return [_read_kept(field.inner, one) for one in kept]
    read = next((read for kinds, read in _KEPT_AS_TEXT if isinstance(field, kinds)), None)
    if read is None or not isinstance(kept, str):
        return kept
    try:
        return read(kept)
    except (ValueError, ArithmeticError):
        # A mask, or a value from before the field was what it is now.
        return None


# What the audit keeps as text, and how it is read.
_KEPT_AS_TEXT: tuple[tuple[tuple[type, ...], Callable[[str], Any]], ...] = (
    ((Money, Number), Decimal),
    ((PublicId,), uuid.UUID),
    ((Instant,), datetime.fromisoformat),
    ((fields.Date,), date.fromisoformat),
)
