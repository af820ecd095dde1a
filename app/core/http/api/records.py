"""A kind of record as the API gives it: its list, its shape, what its parameters are called, what may come along."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import orjson
from flask import Response
from marshmallow import Schema, fields
from sqlalchemy import Row, Select, bindparam

from app.core.db.ids import from_public
from app.core.db.session import read_columns
from app.core.errors import NotFound
from app.core.guard.permissions import Actor, allows, worked_out
from app.core.guard.policy import Sight, policy_for
from app.core.http.api.dumping import dump_fields, plan_for, sight_of
from app.core.http.api.etags import etag_of
from app.core.http.api.schemas import PageInfo, RecordSchema
from app.core.http.sessions import current_actor
from app.core.http.surface import API_PATH
from app.core.lists.spec import ListSpec

PREFIX = f"{API_PATH}v1"
# All rows of a page -> what comes along with each, by the value of the `key` column.
Load = Callable[[Actor, Sequence[Any]], Mapping[Any, Any]]


@dataclass(frozen=True)
class Expand:
    """What may come along with a record: found for a whole page in one statement, by the row's column `key`.

    `empty` stands where nothing is found; `permission` is asked before, and without it nothing comes along.
    """

    key: str
    load: Load
    empty: Any = None
    permission: str | None = None


@dataclass(frozen=True)
class ApiRecord:
    """A kind of record: `spec` says who may see which and how they are found, `schema` how they look.

    `path` is where the API has them, `customers` for instance. `source` selects what the schema needs and joins what
    the list's conditions name; the list's own when absent.
    `steady`: what the source gives depends on the actor alone, so that statements are made once for each (`ListSpec`).
    `names` are parameters that are called otherwise here than in the list. `edits` are the fields a patch may name.
    """

    name: str
    path: str
    spec: ListSpec
    schema: type[RecordSchema]
    source: Callable[[Actor], Select[Any]] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    expands: Mapping[str, Expand] = field(default_factory=dict)
    edits: tuple[str, ...] = ()
    steady: bool = False

    @cached_property
    def listed(self) -> ListSpec:
        """The list with the API's own source."""
        return replace(self.spec, source=self.source or self.spec.source, steady=self.steady)

    @cached_property
    def page_schema(self) -> type[Schema]:
        """How a page of them looks."""
        named = self.schema.__name__.removesuffix("Schema")
        rows = fields.List(fields.Nested(self.schema), required=True)
        parts = {"data": rows, "page": fields.Nested(PageInfo, required=True)}
        return type(f"{named}PageSchema", (Schema,), parts)

    @property
    def prefix(self) -> str:
        """The prefix of its identifiers."""
        return self.spec.id_prefix

    @property
    def field_names(self) -> Collection[str]:
        """What `fields` may name."""
        return dump_fields(self.schema).keys()

    def key_of(self, public_id: str) -> uuid.UUID:
        """The record's id; raises NotFound for one of another shape."""
        return from_public(self.prefix, public_id)

    def reach(self, public_id: str) -> uuid.UUID:
        """The id of a record the caller may see; raises NotFound before anything of the request is read."""
        key = self.key_of(public_id)
        self.find(current_actor(), key)
        return key

    def find(self, actor: Actor, key: uuid.UUID) -> Row[Any]:
        """The row of one record; raises NotFound for one the actor may not see, as for none."""
        self.spec.check(actor)
        one = (
            worked_out(actor, ("one", self.listed.source), lambda: self._one(actor))
            if self.steady
            else self._one(actor)
        )
        row = read_columns(one, {"record_id": key}).one_or_none()
        if row is None:
            raise NotFound
        return row

    def _one(self, actor: Actor) -> Select[Any]:
        """The source with the condition that picks one record."""
        statement = self.listed.statement(actor)
        return statement.where(statement.selected_columns[self.spec.key] == bindparam("record_id"))

    def dump(
        self, actor: Actor, rows: Sequence[Row[Any]], *, only: Collection[str] | None = None, expand: Iterable[str] = ()
    ) -> list[dict[str, Any]]:
        """Rows as JSON values, with what was asked to come along: one statement for each kind of that."""
        if not rows:
            return []
        keys = rows[0]._fields
        if only is None:
            plan = worked_out(actor, (self.schema, keys), lambda: plan_for(self.schema, keys, policy_for(actor)))
        else:
            plan = plan_for(self.schema, keys, policy_for(actor), only)
        found = [plan.dump(row) for row in rows]
        for name in expand:
            wanted = self.expands[name]
            may = wanted.permission is None or allows(actor, wanted.permission)
            loaded = wanted.load(actor, rows) if may else {}
            for row, body in zip(rows, found, strict=True):
                body[name] = loaded.get(getattr(row, wanted.key), wanted.empty)
        return found

    def closed(self, actor: Actor) -> Collection[str]:
        """The editable fields that the caller does not see in full; of those no row holds the module itself says."""
        policy, known = policy_for(actor), dump_fields(self.schema)
        return {
            name
            for name in self.edits
            if name in known and sight_of(self.schema, known[name], name, policy) is not Sight.VISIBLE
        }

    def etag(self, actor: Actor, row: Row[Any]) -> str:
        """The entity tag of one record; of what the caller does not see in full it tells nothing, not even a change."""
        closed = worked_out(actor, ("closed", self.path), lambda: self.closed(actor))
        marked = {name: None if name in closed else getattr(row, name) for name in self.edits}
        return etag_of(self.name, row.id, row.version, marked)


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    response = Response(orjson.dumps(body), status, mimetype="application/json")
    if headers:
        response.headers.update(headers)
    return response


def answer_record(
    record: ApiRecord,
    key: uuid.UUID,
    status: int = 200,
    *,
    only: Collection[str] | None = None,
    expand: Iterable[str] = (),
    headers: Mapping[str, str] | None = None,
    row: Row[Any] | None = None,
) -> Response:
    """One record as it is now, with its entity tag where it can be edited; `row` is what was found of it already."""
    actor = current_actor()
    row = record.find(actor, key) if row is None else row
    response = answer(record.dump(actor, [row], only=only, expand=expand)[0], status, headers)
    if record.edits:
        response.headers["ETag"] = record.etag(actor, row)
    return response
