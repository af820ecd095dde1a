"""What each operation of the API takes and gives, said once beside its route: the document is made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Flask
from flask_smorest import Blueprint
from marshmallow import Schema, fields, missing

from app.core.http.api.batches import Batch
from app.core.http.api.questions import parameters_of, record_name
from app.core.http.api.records import ApiRecord
from app.core.http.api.schemas import BatchResults, BodySchema, Problem
from app.core.lists.query import DEFAULT_PAGE, LARGEST_PAGE
from app.core.lists.spec import Filter

View = TypeVar("View", bound=Callable[..., Any])
JSON, PROBLEM, PATCH = "application/json", "application/problem+json", "application/merge-patch+json"

# What any operation may answer: who asks is unknown, may not, asks too often; or a server is away.
ALWAYS = (401, 403, 429, 503)
OF_LISTS, OF_RECORDS = (400, *ALWAYS), (404, *ALWAYS)
OF_BODIES = (400, 409, 415, 422)

LIMIT = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": DEFAULT_PAGE}
OCTETS = "application/octet-stream"
BINARY = {"type": "string", "format": "binary"}
CURSOR = {"type": "string", "maxLength": 4096}
IDEMPOTENCY_KEY = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"}
SCHEMA_OF_KIND: Mapping[str, dict[str, Any]] = {
    "text": {"type": "string", "maxLength": 200},
    "token": {"type": "string", "maxLength": 200},
    "flag": {"type": "string", "enum": ["yes", "no"]},
    "number_range": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"},
    "money_range": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"},
    "date_range": {"type": "string", "format": "date"},
}


class ApiBlueprint(Blueprint):
    """Operations on one kind of record, known by the kind's name in the plural."""

    def __init__(self, name: str, description: str) -> None:
        # Pages may have a blueprint of the same name; what the document calls the kind is its own.
        super().__init__(f"api-{name}", f"app.api.{name}", description=description)
        self.kind = name

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        """As any blueprint's, under the kind's name in the document."""
        found: Callable[[View], View] = super().route(rule, tags=[self.kind], **options)
        return found


def lists(record: ApiRecord) -> Callable[[View], View]:
    """The operation answers pages of `record`, asked by parameters of the address."""
    say = documented(parameters=_list_parameters(record), gives={200: record.page_schema}, problems=OF_LISTS)

    def mark(view: View) -> View:
        said = say(view)
        said.forecourt_lists = record  # type: ignore[attr-defined]
        return said

    return mark


def listed_records(app: Flask) -> dict[str, ApiRecord]:
    """The kinds of records whose lists `app` serves over the API, by the name of the list."""
    marked = (getattr(view, "forecourt_lists", None) for view in app.view_functions.values())
    return {record.spec.name: record for record in marked if record is not None}


def queries(record: ApiRecord) -> Callable[[View], View]:
    """As `lists`, asked by a body, in which personal values may stand."""
    return documented(body=_query_of(record), gives={200: record.page_schema}, problems=(*OF_LISTS, 415))


def shows(record: ApiRecord) -> Callable[[View], View]:
    """The operation answers one record."""
    return documented(parameters=_looks(record), gives={200: record.schema}, problems=(400, *OF_RECORDS), record=record)


def creates(
    record: ApiRecord, body: type[Schema], example: Mapping[str, Any], *, required: bool = False
) -> Callable[[View], View]:
    """The operation makes a record out of `body`; `required`: only with an Idempotency-Key."""
    return documented(
        parameters=[key_parameter(required=required)], body=body, example=example, gives={201: record.schema},
        problems=(*OF_BODIES, *OF_RECORDS), record=record,
    )  # fmt: skip


def acts(
    record: ApiRecord,
    body: type[Schema] | None = None,
    example: Mapping[str, Any] | None = None,
    *,
    required: bool = False,
    status: int = 200,
) -> Callable[[View], View]:
    """The operation does something with one record and answers with it; 202 with the job where it takes long."""
    return documented(
        parameters=[key_parameter(required=required)], body=body, example=example, gives={status: record.schema},
        problems=(*OF_BODIES, *OF_RECORDS), record=record,
    )  # fmt: skip


def patches(record: ApiRecord, body: type[Schema], example: Mapping[str, Any]) -> Callable[[View], View]:
    """The operation takes a merge patch of one record, under the tag it was read with."""
    return documented(
        parameters=[if_match_parameter(required=True)], body=body, example=example, gives={200: record.schema},
        problems=(*OF_BODIES, 412, 428, *OF_RECORDS), record=record, media_type=PATCH,
    )  # fmt: skip


def deletes(record: ApiRecord) -> Callable[[View], View]:
    """The operation deletes one record, if it is as `If-Match` says where that is sent."""
    parameters = [if_match_parameter(required=False)]
    return documented(parameters=parameters, gives={204: None}, problems=(409, 412, *OF_RECORDS))


def batches(record: ApiRecord, example: Mapping[str, Any], op: str = "create") -> Callable[[View], View]:
    """The operation takes many items and says what became of each; `example` is the data of one."""
    items = {"items": [{"op": op, "data": dict(example)}]}
    return documented(
        parameters=[key_parameter(required=True)], body=Batch, example=items, gives={200: BatchResults},
        problems=(*OF_BODIES, *ALWAYS),
    )  # fmt: skip


def documented(
    *,
    gives: Mapping[int, type[Schema] | None],
    parameters: list[dict[str, Any]] | None = None,
    body: type[Schema] | None = None,
    example: Mapping[str, Any] | None = None,
    problems: tuple[int, ...] = ALWAYS,
    record: ApiRecord | None = None,
    media_type: str = JSON,
    takes_bytes: bool = False,
    gives_file: tuple[str, ...] = (),
    gives_tag: bool = False,
) -> Callable[[View], View]:
    """What an operation takes and gives, in full, for those that are none of the usual ones.

    `takes_bytes`: its body is no JSON but bytes as they are; `gives_file`: the types of the file it answers;
    `gives_tag`: its answers bear an ETag.
    """
    responses: dict[str, Any] = {}
    for status, schema in gives.items():
        responses[str(status)] = {"description": HTTPStatus(status).phrase}
        if schema is not None:
            responses[str(status)]["content"] = {JSON: {"schema": schema}}
        if gives_tag or (record is not None and record.edits and schema is record.schema):
            responses[str(status)]["headers"] = {"ETag": {"schema": {"type": "string"}}}
    if gives_file:
        said_of_file = {"description": "The file", "content": {name: {"schema": BINARY} for name in gives_file}}
        responses["200"] = said_of_file
    for status in sorted(set(problems)):
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase, "content": {PROBLEM: {"schema": Problem}},
        }  # fmt: skip
    said: dict[str, Any] = {"responses": responses}
    if parameters:
        said["parameters"] = parameters
    if body is not None:
        content: dict[str, Any] = {"schema": _partial(body) if media_type == PATCH else body}
        if example is not None:
            content["example"] = dict(example)
        # Before 415 there is no telling what a client sends: both names of a patch are taken.
        types = (PATCH, JSON) if media_type == PATCH else (JSON,)
        said["requestBody"] = {"required": True, "content": {name: dict(content) for name in types}}
    if takes_bytes:
        said["requestBody"] = {"required": True, "content": {OCTETS: {"schema": BINARY}}}
    return Blueprint.doc(**said)


def parameter(name: str, schema: Mapping[str, Any], description: str = "", *, where: str = "query") -> dict[str, Any]:
    """One parameter of an operation."""
    said = {"name": name, "in": where, "schema": dict(schema), "required": False}
    return {**said, "description": description} if description else said


def key_parameter(*, required: bool) -> dict[str, Any]:
    """The header that makes a repeat of the request recognisable."""
    text = "A text of your own, the same when you repeat the request; kept for 48 hours"
    return {**parameter("Idempotency-Key", IDEMPOTENCY_KEY, text, where="header"), "required": required}


def if_match_parameter(*, required: bool) -> dict[str, Any]:
    """The header that says which state of a record a change is about."""
    text = "The ETag of the record as you read it"
    return {**parameter("If-Match", {"type": "string", "maxLength": 400}, text, where="header"), "required": required}


def _list_parameters(record: ApiRecord) -> list[dict[str, Any]]:
    filters = [_filter(record, *found) for found in parameters_of(record) if not found[1].personal]
    sorts = [record_name(record, sort.key) for sort in record.spec.sorts]
    order = {"type": "string", "enum": [*sorts, *(f"-{key}" for key in sorts)]}
    return [
        parameter("limit", LIMIT),
        parameter("cursor", CURSOR, "From the page before; good for the same question only"),
        parameter("sort", order, f"{record_name(record, record.spec.default_sort)} unless said"),
        parameter("view", {"type": "string", "maxLength": 60}, "A saved view, or one of the list's own"),
        parameter("include", {"type": "string", "enum": ["total"]}, "Count the rows, up to 10,000"),
        *_looks(record),
        *filters,
    ]


def _looks(record: ApiRecord) -> list[dict[str, Any]]:
    found = [parameter("fields", _some_of(record.field_names), "Only these fields, separated by commas")]
    if record.expands:
        found.append(parameter("expand", _some_of(record.expands), "What comes along, separated by commas"))
    return found


def _some_of(names: Any) -> dict[str, Any]:
    one = "|".join(sorted(names))
    return {"type": "string", "pattern": f"^({one})(,({one}))*$"}


def _filter(record: ApiRecord, name: str, item: Filter, end: str | None) -> dict[str, Any]:
    if item.kind == "id":
        shape: dict[str, Any] = {"type": "string", "example": f"{item.prefix}_…"}
    elif item.kind in ("choice", "choices"):
        known = [key for key, _ in item.choices]
        shape = {"type": "string", "enum": known} if item.kind == "choice" else _some_of(known)
    elif item.kind == "date_range" and end is None:
        shape = {"type": "string", "example": "last_7_days"}
    else:
        shape = dict(SCHEMA_OF_KIND[item.kind])
    return parameter(name, shape, item.label)


class _QuerySchema(Schema):
    """A question in a body; what may stand in `filter` is what the list's address takes, personal values too."""

    filter = fields.Dict(keys=fields.String(), metadata={"example": {}})
    limit = fields.Integer(metadata={"minimum": 1, "maximum": LARGEST_PAGE})
    cursor = fields.String()
    sort = fields.String()
    view = fields.String()
    fields_ = fields.List(fields.String(), data_key="fields")
    expand = fields.List(fields.String())
    include = fields.List(fields.String())


def _query_of(record: ApiRecord) -> type[Schema]:
    named = record.schema.__name__.removesuffix("Schema")
    return type(f"{named}QuerySchema", (_QuerySchema,), {})


def _partial(schema: type[Schema]) -> type[Schema]:
    """The shape of a patch: as the record's own fields, none of them required."""
    parts: dict[str, Any] = {}
    for name, field in schema().load_fields.items():
        parts[name] = copy(field)
        parts[name].required, parts[name].load_default = False, missing
    return type(f"{schema.__name__}Patch", (BodySchema,), parts)
