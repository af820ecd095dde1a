"""What often comes along with a record: the name behind an id."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields

from app.core.db.ids import to_public
from app.core.guard.permissions import Actor
from app.core.guard.policy import policy_for
from app.core.http.api.dumping import plan_for
from app.core.http.api.fields import PublicId
from app.core.http.api.records import Expand
from app.core.http.api.schemas import RecordSchema

# Ids -> (id, name) of those that are there.
NamesOf = Callable[[Collection[uuid.UUID]], Iterable[Any]]


def named(key: str, prefix: str, names_of: NamesOf) -> Expand:
    """`{id, name}` of what the row's column `key` refers to; null where it refers to nothing."""

    def load(_actor: Actor, rows: Sequence[Any]) -> Mapping[uuid.UUID, Any]:
        ids = {getattr(row, key) for row in rows} - {None}
        if not ids:
            return {}
        return {found: {"id": to_public(prefix, found), "name": name} for found, name in names_of(ids)}

    return Expand(key, load)


def in_row(key: str, prefix: str, name_of: Callable[[Any], str | None]) -> Expand:
    """As `named`, with a name that the row holds already; null where it holds none, as for whoever may not know it."""

    def load(_actor: Actor, rows: Sequence[Any]) -> Mapping[uuid.UUID, Any]:
        found = {getattr(row, key): name_of(row) for row in rows}
        return {one: {"id": to_public(prefix, one), "name": name} for one, name in found.items() if one and name}

    return Expand(key, load)


def part_of_row(key: str, schema: type[RecordSchema]) -> Expand:
    """What the row itself tells of the record its column `key` refers to, as `schema` shows it; null for none."""

    def load(actor: Actor, rows: Sequence[Any]) -> Mapping[uuid.UUID, Any]:
        plan = plan_for(schema, list(rows[0]._fields), policy_for(actor))
        return {one: plan.dump(row) for row in rows if (one := getattr(row, key)) is not None}

    return Expand(key, load)


def named_field(prefix: str, name: str) -> fields.Nested:
    """The field of a schema that documents such an expansion."""
    parts = {"id": PublicId(prefix, required=True), "name": fields.String(required=True)}
    shape = type(f"{name}NamedSchema", (Schema,), parts)
    return fields.Nested(shape, allow_none=True, metadata={"expand": True})
