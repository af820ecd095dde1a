"""Every example in the document is sent to the real application, which takes it and answers as the document says.

Identifiers in examples end in `…`; records of the test's own stand in for them, by the prefix.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from app.core.db import Tenant
from app.core.http.api import api_document
from app.core.http.api.finishing import operations_of, resolve
from tests.fixtures.examples import PREPARED, SECOND
from tests.fixtures.programs import Program, make_key
from tests.fixtures.records import make_records, make_store

PLACE = re.compile(r"([a-z]+)_…")
JSON_TYPES = ("application/json", "application/merge-patch+json")


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    with app.app_context():
        return json.loads(json.dumps(api_document()))


def filled(value: Any, by_prefix: Mapping[str, str]) -> Any:
    """An example with records in the places of its identifiers; raises KeyError where there is no such kind."""
    if isinstance(value, dict):
        return {key: filled(item, by_prefix) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, by_prefix) for item in value]
    found = PLACE.fullmatch(value) if isinstance(value, str) else None
    return by_prefix[found[1]] if found else value


def examples(document: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any], Any]]:
    """(path, method, operation, body) of every operation with an example."""
    found = []
    for path, method, said in operations_of(document):
        body = said.get("requestBody", {}).get("content", {})
        media = next((body[kind] for kind in JSON_TYPES if "example" in body.get(kind, {})), None)
        if media is not None:
            found.append((path, method, said, media["example"]))
    return found


def strict(document: Mapping[str, Any]) -> dict[str, Any]:
    """The components of a document whose objects have no fields but those they name: what is answered, stands there."""
    made = copy.deepcopy(document["components"])
    for schema in made["schemas"].values():
        if "properties" in schema and not isinstance(schema.get("additionalProperties"), dict):
            schema["additionalProperties"] = False
    return {"components": made}


def wrong(document: Mapping[str, Any], said: Mapping[str, Any], answer: TestResponse) -> list[str]:
    """What of an answer is other than the operation says."""
    status = str(answer.status_code)
    if answer.status_code >= 300 or status not in said["responses"]:
        return [f"{status} {answer.text[:300]}"]
    declared = resolve(document, said["responses"][status])
    if "content" not in declared:
        return [f"{status} with {answer.text[:100]}"] if answer.data else []
    schema = declared["content"][answer.mimetype]["schema"]
    check = Draft202012Validator({**strict(document), **schema})
    lacks = [f"no header {name}" for name in declared.get("headers", {}) if name not in answer.headers]
    return lacks + [f"{error.json_path}: {error.message[:200]}" for error in check.iter_errors(answer.get_json())]


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> Program:
    return Program(client_for(alpha, None), make_key("tenant_admin"))


def test_every_example_is_taken_and_answered_as_declared(document: dict[str, Any], program: Program) -> None:
    tried, refused = 0, {}
    for number, (path, method, said, example) in enumerate(examples(document)):
        name = said["operationId"]
        ids = make_records(make_store(f"EX{number}"))
        by_prefix = {text.partition("_")[0]: text for argument, text in ids.items() if argument not in SECOND}
        if name in PREPARED:
            PREPARED[name](program, ids, by_prefix)
        address = re.sub(r"{(\w+)}", lambda found, ids=ids: ids[found[1]], path).removeprefix("/api/v1")
        headers = {"Idempotency_Key": f"example {number}"} if method == "post" else {}
        if any(part["name"] == "If-Match" and part["required"] for part in said.get("parameters", ())):
            headers["If_Match"] = program.get(address).headers["ETag"]
        answer = program.ask(method.upper(), address, filled(example, by_prefix), **headers)
        tried += 1
        if problems := wrong(document, said, answer):
            refused[f"{name} {address}"] = problems
    assert refused == {}
    assert tried > 20


def test_whoever_sends_a_body_finds_an_example(document: dict[str, Any]) -> None:
    """A body without one is a question, which may be empty, or a file."""
    bare = []
    for path, method, said in operations_of(document):
        body = said.get("requestBody", {}).get("content", {})
        if any(kind in body and "example" not in body[kind] for kind in JSON_TYPES) and not path.endswith("/query"):
            bare.append(f"{method} {path}")
    assert bare == []


def test_an_answer_with_a_field_nobody_declared_is_found(document: dict[str, Any], program: Program) -> None:
    said = document["paths"]["/api/v1/me"]["get"]
    answer = program.get("/me")
    assert wrong(document, said, answer) == []
    less = copy.deepcopy(document)
    less["components"]["schemas"]["Me"]["properties"].pop("stores")
    assert wrong(less, said, answer) != []
