"""The whole document against the running API: no fault, and no answer that the document does not tell of.

Requests are made from the document, right and wrong ones, and the same in every run. Identifiers in addresses and
bodies are those of real records part of the time. With --full every role asks, and a hundred times instead of ten.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core import NotSet
from schemathesis.generation import GenerationMode
from schemathesis.generation.case import Case
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import select

from app.core.db import Tenant, db, tenant
from app.core.db.session import dispose_engines
from app.core.http.api import api_document
from app.core.http.api.finishing import operations_of, template_of
from app.factory import create_app
from app.tenants.models import Store
from app.tenants.rules.roles import DEFAULT_ROLES
from tests.fixtures.programs import make_key
from tests.fixtures.records import make_records

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ROLES = ("tenant_admin", "salesperson", "lot_staff")
EXAMPLES, MANY_EXAMPLES = 10, 100
# Plenty for a whole run: what is asked here must not be refused for being asked too often.
UNLIMITED = {"API_PER_KEY": "1000000", "API_PER_USER": "1000000", "API_PER_TENANT": "1000000"}
ROUTES = json.loads((Path(__file__).parents[2] / "architecture" / "route_list.json").read_text())
OPERATIONS = sorted(template_of(route) for route in ROUTES if " /api/v1/" in route)
# About the API itself: they take nothing, and are no operations of the document.
NOT_IN_DOCUMENT = {"GET /api/v1/openapi.json"}
ID = re.compile(r"([a-z]+)_[0-9a-hjkmnp-tv-z]{26}")


class Served:
    """The API of one dealership with records, and who asks it."""

    def __init__(self, app: Flask, of: Tenant) -> None:
        self.app, self.of = app, of
        with app.app_context():
            document = json.loads(json.dumps(api_document()))
        self.document = document
        self.schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig())
        self.base_url = f"http://{of.hosts[0]}"
        self.keys: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        self.renew()

    def renew(self) -> None:
        """Have records of every kind, none of them deleted by what was asked before."""
        with self.app.app_context(), tenant(self.of.id):
            store = db.session.scalars(select(Store).order_by(Store.created_at, Store.id)).first()
            assert store is not None
            self.ids = make_records(store)
        self.by_prefix = {found[1]: text for text in self.ids.values() if (found := ID.fullmatch(text))}

    def headers(self, role: str) -> dict[str, str]:
        """What a program sends that acts through `role`."""
        if role not in self.keys:
            with self.app.app_context(), tenant(self.of.id):
                self.keys[role] = make_key(role)
        return {"Authorization": f"Bearer {self.keys[role]}"}

    def ask(self, case: Case, role: str) -> None:
        """Send one request and hold its answer against the document."""
        headers = self.headers(role)
        answer = case.call(base_url=self.base_url, headers=headers, app=self.app)
        if case.method == "DELETE" and answer.status_code == 204:
            self.renew()
        case.validate_response(answer, checks=CHECKS, headers=headers)

    def tag(self, case: Case, role: str) -> str | None:
        """The tag of the record the request is about."""
        path = case.formatted_path
        answer = self.app.test_client().get(path, base_url=self.base_url, headers=self.headers(role))
        return answer.headers.get("ETag")


@pytest.fixture(scope="module")
def served(environ: dict[str, str], app: Flask, alpha: Tenant) -> Iterator[Served]:
    unlimited = create_app({**environ, **UNLIMITED})
    unlimited.config["TESTING"] = True
    yield Served(unlimited, alpha)
    dispose_engines(unlimited, close=True)


def real(value: Any, by_prefix: dict[str, str]) -> Any:
    """`value` with ids of records that are there, and amounts in the dealership's currency."""
    if isinstance(value, dict):
        money = {"currency": "USD"} if value.keys() == {"amount", "currency"} else {}
        return {key: real(item, by_prefix) for key, item in value.items()} | money
    if isinstance(value, list):
        return [real(item, by_prefix) for item in value]
    found = ID.fullmatch(value) if isinstance(value, str) else None
    return by_prefix.get(found[1], value) if found else value


def draw(data: st.DataObject, served: Served, label: str, role: str) -> Case:
    """One request: right or wrong, about records that are there or not."""
    operation = served.schema.find_operation_by_label(label)
    assert operation is not None, label
    takes = bool(list(operation.iter_parameters())) or bool(operation.body)
    mode = GenerationMode.POSITIVE
    if takes and data.draw(st.integers(0, 2)) == 2:
        mode = GenerationMode.NEGATIVE
    case = data.draw(operation.as_strategy(generation_mode=mode))
    if case.path_parameters and data.draw(st.integers(0, 3)):
        case.path_parameters = {name: served.ids[name] for name in case.path_parameters}
        if "If-Match" in case.headers and data.draw(st.booleans()):
            tag = served.tag(case, role)
            if tag is not None:
                case.headers["If-Match"] = tag
    if not isinstance(case.body, NotSet) and data.draw(st.integers(0, 3)):
        case.body = real(case.body, served.by_prefix)
    return case


def ask_as(role: str, served: Served, label: str, examples: int) -> None:
    """Ask for one operation so many times."""

    @settings(max_examples=examples, derandomize=True, deadline=None, database=None, phases=(Phase.generate,),
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        served.ask(draw(data, served, label, role), role)

    ask()


def test_the_document_has_every_operation(served: Served) -> None:
    described = {f"{method.upper()} {path}" for path, method, _ in operations_of(served.document)}
    assert described == set(OPERATIONS) - NOT_IN_DOCUMENT
    assert len(described) > 20


@pytest.mark.parametrize("label", [label for label in OPERATIONS if label not in NOT_IN_DOCUMENT])
def test_answers_are_as_the_document_says(served: Served, label: str, pytestconfig: pytest.Config) -> None:
    full = pytestconfig.getoption("--full")
    for role in DEFAULT_ROLES if full else ROLES:
        ask_as(role, served, label, MANY_EXAMPLES if full else EXAMPLES)
