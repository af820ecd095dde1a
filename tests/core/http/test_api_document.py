"""The document of the API: valid, short, every operation named, and what needs which right said."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31

from app.core.guard.permissions import declared
from app.core.http.access import ANY_USER
from app.core.http.api import api_document
from app.core.http.api.finishing import Served, finished, operations_of, resolve

REFUSAL = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    with app.app_context():
        return json.loads(json.dumps(api_document()))


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(OPENAPI_31)
    assert [f"{e.json_path}: {e.message[:200]}" for e in Draft202012Validator(OPENAPI_31).iter_errors(document)] == []
    broken = {**document, "paths": {"customers": {}}, "info": {"title": 7}}
    assert len(list(Draft202012Validator(OPENAPI_31).iter_errors(broken))) > 1


def schemas_in(node: Any) -> list[dict[str, Any]]:
    """Every schema in a document, nested ones as parts of theirs."""
    if isinstance(node, list):
        return [found for value in node for found in schemas_in(value)]
    if not isinstance(node, dict):
        return []
    here = [node["schema"]] if isinstance(node.get("schema"), dict) else []
    return here + [found for value in node.values() for found in schemas_in(value)]


def test_every_schema_is_one(document: dict[str, Any]) -> None:
    found = [*document["components"]["schemas"].values(), *schemas_in(document)]
    assert len(found) > 50
    for schema in found:
        Draft202012Validator.check_schema(schema)


def test_operations_have_one_name_each(document: dict[str, Any]) -> None:
    names = Counter(operation["operationId"] for _, _, operation in operations_of(document))
    assert {name: count for name, count in names.items() if count > 1} == {}
    assert [name for name in names if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name)] == []
    assert len(names) > 20


def test_operations_say_what_they_are_and_what_they_need(app: Flask, document: dict[str, Any]) -> None:
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    assert all(tags.values())
    for path, method, operation in operations_of(document):
        where = f"{method} {path}"
        assert operation["summary"].strip(), where
        assert not operation["summary"].endswith("."), where
        assert [tag for tag in operation["tags"] if tag not in tags] == [], where
        assert operation.get("security") == [] or operation["x-permission"] in {*declared(), ANY_USER}, where
        assert any(status.startswith("2") for status in operation["responses"]), where
        assert set(re.findall(r"{(\w+)}", path)) == {
            item["name"] for item in document["paths"][path].get("parameters", ()) if item["in"] == "path"
        }, where


def test_refusals_are_said_once(document: dict[str, Any]) -> None:
    for path, method, operation in operations_of(document):
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert set(answer) == {"$ref"}, (path, method, status)
                assert set(resolve(document, answer)["content"]) == {"application/problem+json"}


def test_what_may_be_null_may_be_so_by_its_values_too(document: dict[str, Any]) -> None:
    wrong, seen = [], 0
    for name, schema in document["components"]["schemas"].items():
        for key, field in schema.get("properties", {}).items():
            if "enum" in field:
                seen += 1
                nullable = isinstance(field.get("type"), list) and "null" in field["type"]
                wrong += [f"{name}.{key}"] if nullable != (None in field["enum"]) else []
    assert wrong == []
    assert seen > 5


def raw(responses: dict[str, Any]) -> dict[str, Any]:
    """What a collector of one operation would give."""
    inner = {"inner": {"$ref": "#/components/schemas/Inner"}}
    problem = {"type": "object", "properties": inner, "additionalProperties": False}
    return {
        "openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "security": [], "tags": [],
        "paths": {"/a/{b}": {"parameters": [], "get": {"summary": "A", "responses": responses}}},
        "components": {"schemas": {"Problem": problem, "Inner": {}, "Unused": {}}, "securitySchemes": {}},
    }  # fmt: skip


def test_finishing_names_shortens_and_drops_what_is_unused() -> None:
    served = {("/a/{b}", "get"): Served("show_a", "a.see")}
    found = finished(raw({"200": {"description": "OK"}, "429": {"description": "", "content": REFUSAL}}), served)
    shown = found["paths"]["/a/{b}"]["get"]
    assert (shown["operationId"], shown["x-permission"]) == ("show_a", "a.see")
    assert shown["responses"]["200"] == {"description": "OK"}
    assert resolve(found, shown["responses"]["429"])["headers"]["Retry-After"]
    assert sorted(found["components"]["schemas"]) == ["Inner", "Problem"]
    assert "additionalProperties" not in found["components"]["schemas"]["Problem"]
    open_to_all = finished(raw({}), {("/a/{b}", "get"): Served("show_a", None)})["paths"]["/a/{b}"]["get"]
    assert open_to_all["security"] == []
    assert "x-permission" not in open_to_all
    with pytest.raises(KeyError):
        finished(raw({}), {})
