"""What the reference shows of a document: kinds, values, limits, and requests as commands."""

from __future__ import annotations

from typing import Any

import pytest

from app.web.api_reference import Kind, kind_of, pieces, reference

REF = {"$ref": "#/components/schemas/Car"}


@pytest.mark.parametrize(
    ("schema", "shown"),
    [
        ({}, Kind("any")),
        ({"type": "string"}, Kind("string")),
        ({"type": "string", "format": "date-time"}, Kind("string (date-time)")),
        ({"type": ["string", "null"], "format": "date"}, Kind("string | null (date)")),
        ({"type": "array", "items": {"type": "integer"}}, Kind("integer[]")),
        ({"type": ["array", "null"], "items": {"type": "string"}}, Kind("string[] | null")),
        (REF, Kind(schemas=("Car",))),
        ({"type": "array", "items": REF}, Kind(schemas=("Car",), after="[]")),
        ({"anyOf": [REF, {"type": "null"}]}, Kind(schemas=("Car",), after=" | null")),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, Kind("string | null")),
    ],
)
def test_a_kind_is_said_in_words_and_links(schema: dict[str, Any], shown: Kind) -> None:
    assert kind_of(schema) == shown


def test_code_in_a_text_is_found() -> None:
    assert pieces("named in `_hidden`; or `x`") == [
        (False, "named in "), (True, "_hidden"), (False, "; or "), (True, "x"),
    ]  # fmt: skip


def document() -> dict[str, Any]:
    """One group with one operation that has everything."""
    limit = {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 9, "default": 5}}
    some = {"name": "fields", "in": "query", "schema": {"type": "string", "pattern": "^(a|b)(,(a|b))*$"}}
    key = {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string"}}
    body = {"content": {"application/json": {"schema": REF, "example": {"name": "Wei's"}}}}
    answers = {
        "200": {"description": "OK", "content": {"application/json": {"schema": REF}}, "headers": {"ETag": {}}},
        "404": {"$ref": "#/components/responses/NotFound"},
    }
    said = {
        "operationId": "sell_car", "summary": "Sell", "tags": ["cars"], "x-permission": "car.sell",
        "parameters": [limit, some, key], "requestBody": body, "responses": answers,
    }  # fmt: skip
    state = {"type": "string", "enum": ["new", None, ""]}
    fields = {"id": {"type": "string", "pattern": "^veh_[0-9a-z]{26}$"}, "state": state}
    car = {"type": "object", "description": "A car.", "required": ["id"], "properties": fields}
    named = {"name": "car_id", "in": "path", "required": True, "schema": {"type": "string"}}
    path = {"parameters": [named], "post": said}
    return {
        "info": {"title": "T", "version": "1", "description": ""}, "paths": {"/cars/{car_id}/sell": path},
        "tags": [{"name": "cars", "description": "Cars."}, {"name": "none"}],
        "components": {"schemas": {"Car": car}, "responses": {"NotFound": {"description": "No such"}}},
    }  # fmt: skip


def test_an_operation_is_shown_whole() -> None:
    found = reference(document())
    assert [(group.key, len(group.operations)) for group in found.groups] == [("cars", 1), ("none", 0)]
    shown = found.groups[0].operations[0]
    assert (shown.key, shown.method, shown.permission) == ("sell_car", "POST", "car.sell")
    lines = {line.name: line for line in shown.parameters}
    assert lines["car_id"].where == "path"
    assert lines["limit"].limits == "≥ 1, ≤ 9, = 5"
    assert (lines["fields"].values, lines["fields"].some) == (("a", "b"), True)
    assert [(line.name, line.required, line.limits, line.values) for line in shown.fields] == [
        ("id", True, "veh_…", ()), ("state", False, "", ("new", "null", '""')),
    ]  # fmt: skip
    assert [answer.status for answer in shown.successes] == [200]
    assert [(answer.status, answer.text) for answer in shown.refusals] == [(404, "No such")]
    assert shown.successes[0].headers == ("ETag",)


def test_a_request_is_a_command_with_what_must_be_sent() -> None:
    assert reference(document()).groups[0].operations[0].curl.split(" \\\n  ") == [
        'curl -X POST "https://HOST/cars/CAR_ID/sell"', '-H "Authorization: Bearer $KEY"',
        '-H "Idempotency-Key: IDEMPOTENCY-KEY"', '-H "Content-Type: application/json"',
        """-d '{\n  "name": "Wei'\\''s"\n}'""",
    ]  # fmt: skip
