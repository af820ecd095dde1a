"""What attackers send to every operation: fields nobody offered, and the corpus through every sort and filter."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core.db import Tenant, db, tenant
from app.core.db.ids import from_public
from app.core.db.platform import platform_metadata, shared_metadata
from app.core.db.session import Base, dispose_engines
from app.core.http.api import api_document
from app.core.http.api.finishing import operations_of, resolve, template_of
from app.factory import create_app
from app.sales.models import DealDocument
from app.tenants.models import Store
from tests.core.http.test_api_examples import PLACE, examples, filled
from tests.core.lists.samples import CORPUS
from tests.fixtures.dealerships import HostClient
from tests.fixtures.examples import SECOND
from tests.fixtures.listed import add_listed_rows
from tests.fixtures.programs import Program, make_key
from tests.fixtures.records import make_records

ROOT = Path(__file__).parents[3]
for _path in sorted((ROOT / "app").rglob("models*/*.py")) + sorted((ROOT / "app").rglob("models.py")):
    importlib.import_module(".".join(_path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
METADATA = (Base.metadata, platform_metadata, shared_metadata)
COLUMNS = {column.name for metadata in METADATA for table in metadata.tables.values() for column in table.columns}

ROUTES = json.loads((ROOT / "tests" / "architecture" / "route_list.json").read_text())
CHANGES = sorted(
    template_of(route) for route in ROUTES if " /api/v1/" in route and route.split(" ")[0] in ("POST", "PATCH", "PUT")
)
# A list has an address of its own, and what is asked of it by POST.
LISTS = sorted(route.removeprefix("GET ") for route in ROUTES if re.fullmatch(r"GET /api/v1/[a-z-]+", route))
# Half a character cannot stand in an address.
SENDABLE = [text for text in CORPUS if "\ud800" not in text]
# What an example moves on, so that the next one could no longer be sent.
FRESH = {"deal_id", "worksheet_id", "trade_id", "scenario_id", "document_id"}
ABSURD = {"API_PER_KEY": "1000000", "API_PER_TENANT": "1000000"}


class Target:
    """One dealership's API with records, asked by its administrator's program."""

    def __init__(self, app: Flask, of: Tenant) -> None:
        self.sent, self.app, self.of = 0, app, of
        client = HostClient(app, app.response_class)
        client.host = of.hosts[0]
        with app.app_context():
            self.document = json.loads(json.dumps(api_document()))
        self.operations = {f"{method.upper()} {path}": said for path, method, said in operations_of(self.document)}
        self.examples = {f"{method.upper()} {path}": body for path, method, _, body in examples(self.document)}
        with app.app_context(), tenant(of.id):
            store = db.session.scalars(select(Store).order_by(Store.created_at, Store.id)).first()
            assert store is not None
            self.ids = make_records(store)
            add_listed_rows(4)
            self.program = Program(client, make_key("tenant_admin"))

    def known(self) -> dict[str, str]:
        """The ids for the places of bodies by prefix, and a deal in work: examples sent before have moved others on."""
        with self.app.app_context(), tenant(self.of.id):
            store = db.session.scalars(select(Store).order_by(Store.created_at, Store.id)).first()
            assert store is not None
            self.ids |= {name: text for name, text in make_records(store).items() if name in FRESH}
            paper = from_public("doc", self.ids["document_id"])
            digest = db.session.get_one(DealDocument, paper).sha256.hex()
        return {
            "digest": digest,
            **{text.partition("_")[0]: text for name, text in self.ids.items() if name not in SECOND},
        }

    def properties(self, label: str) -> set[str] | None:
        """The fields a JSON body of this operation has; None where it takes none, or is no JSON."""
        content = self.operations[label].get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return None
        return set(resolve(self.document, content["application/json"]["schema"]).get("properties", {}))

    def send(self, label: str, body: Mapping[str, Any]) -> TestResponse:
        """Send a body to an operation, about a record that is there."""
        method, _, path = label.partition(" ")
        path = re.sub(r"{(\w+)}", lambda found: self.ids[found[1]], path).removeprefix("/api/v1")
        self.sent += 1
        headers = {"Idempotency_Key": f"{self.sent} {label}"[:200]}
        if method in ("PATCH", "PUT"):
            headers["If_Match"] = self.program.get(path).headers.get("ETag", '"1"')
        return self.program.ask(method, path, dict(body), **headers)

    def parameters(self, path: str) -> list[str]:
        """The sort and the filters of a list; nothing where the address is no list."""
        said = [one["name"] for one in self.operations.get(f"GET {path}", {}).get("parameters", ())]
        return [name for name in said if name == "sort" or name.startswith("filter[")] if "sort" in said else []

    def all_ids(self, path: str) -> set[str]:
        """Every record of the list."""
        found, cursor = set[str](), ""
        while True:
            answer = self.program.get(f"{path.removeprefix('/api/v1')}?limit=200{cursor}").get_json()
            found |= {row["id"] for row in answer["data"]}
            if not answer["page"]["has_more"]:
                return found
            cursor = f"&cursor={answer['page']['next_cursor']}"


@pytest.fixture(scope="module")
def target(environ: dict[str, str], app: Flask, alpha: Tenant) -> Iterator[Target]:
    unlimited = create_app({**environ, **ABSURD})
    yield Target(unlimited, alpha)
    dispose_engines(unlimited, close=True)


def test_columns_and_lists_were_found(target: Target) -> None:
    assert len(COLUMNS) > 200
    assert {"id", "version", "password_hash", "owner_id", "tenant_id"} <= COLUMNS
    assert len([path for path in LISTS if target.parameters(path)]) > 5
    assert len([label for label in CHANGES if target.properties(label) is not None]) > 10


@pytest.mark.parametrize("label", CHANGES)
def test_no_column_is_written_that_is_not_offered(target: Target, label: str) -> None:
    known = target.properties(label)
    if known is None:
        return
    sent = dict.fromkeys(sorted(COLUMNS - known), "1")
    answer = target.send(label, sent)
    if label.endswith("/query") and "search" not in label:
        assert answer.status_code == 400, answer.text
        assert {error["parameter"] for error in answer.get_json()["errors"]} == sent.keys(), answer.text[:600]
        return
    assert answer.status_code == 422, answer.text
    told = {error["pointer"].removeprefix("/") for error in answer.get_json()["errors"]
            if error["code"] == "unknown_field"}  # fmt: skip
    assert sent.keys() - told == set()


@pytest.mark.parametrize("path", ["/customers", "/activities"])
def test_items_of_batches_are_no_way_round(target: Target, path: str) -> None:
    known = target.properties(f"POST /api/v1{path}")
    assert known
    sent = dict.fromkeys(sorted(COLUMNS - known), "1")
    answer = target.program.post(f"{path}/batch", {"items": [{"op": "create", "data": sent}]}, Idempotency_Key=path)
    problem = answer.get_json()["results"][0]["problem"]
    told = {error["pointer"].removeprefix("/") for error in problem["errors"] if error["code"] == "unknown_field"}
    assert (problem["status"], sent.keys() - told) == (422, set())


@pytest.mark.parametrize("path", LISTS)
def test_the_corpus_gets_nothing_out_of_a_list(target: Target, path: str) -> None:
    """Each text in every parameter at once, then in those alone that took it; rows that come are rows of the list."""
    names, short = target.parameters(path), path.removeprefix("/api/v1")
    if not names:
        return
    known = target.all_ids(path)
    ran = 0
    for text in SENDABLE:
        taking = names
        while taking:
            answer = ask(target.program, short, dict.fromkeys(taking, text))
            assert answer.status_code in (200, 400), (text[:40], taking, answer.text[:500])
            if answer.status_code == 200:
                assert {row["id"] for row in answer.get_json()["data"]} <= known, (text[:40], taking)
                ran += 1
                break
            refused = {error["parameter"] for error in answer.get_json()["errors"]}
            assert refused & set(taking), (text[:40], refused)
            taking = [name for name in taking if name not in refused]
    assert ran > 0 or names == ["sort"]


@pytest.mark.parametrize("label", [label for label in CHANGES if re.fullmatch(r"POST /api/v1/[a-z-]+/query", label)])
def test_the_corpus_gets_nothing_out_of_a_question(target: Target, label: str) -> None:
    path = label.removeprefix("POST /api/v1").removesuffix("/query")
    if not target.parameters(f"/api/v1{path}"):
        return
    known = target.all_ids(f"/api/v1{path}")
    for name in ("name", "phone", "email", "contact", "id_number"):
        for text in CORPUS:
            answer = target.program.post(f"{path}/query", {"filter": {name: text}})
            assert answer.status_code in (200, 400), (name, text[:40], answer.text[:500])
            if answer.status_code == 200:
                assert {row["id"] for row in answer.get_json()["data"]} <= known, (name, text[:40])


def ask(program: Program, path: str, question: Mapping[str, str]) -> TestResponse:
    """Ask a list; long questions and odd letters as an address carries them."""
    headers = {"Authorization": f"Bearer {program.key}"}
    return program.client.get(f"/api/v1{path}", query_string=dict(question), headers=headers)


# Letters that are in no text: ends of strings, controls of both sets, what turns the direction, half of nothing.
ODD = "\u0099q\u0088\x7f\u202e\ufffe\U0001dd9d"


def variants(value: Any) -> Iterator[Any]:
    """A body with one thing in it that is off: odd letters, nothing, a part left out."""
    if isinstance(value, dict):
        yield {}
        for key, inner in value.items():
            yield {name: other for name, other in value.items() if name != key}
            yield from ({**value, key: changed} for changed in (*variants(inner), None))
    elif isinstance(value, list):
        yield []
        for at, inner in enumerate(value):
            yield from ([*value[:at], changed, *value[at + 1 :]] for changed in variants(inner))
            yield [*value, *value]
    elif isinstance(value, str):
        yield from ("", ODD)


def with_strangers(value: Any) -> Iterator[tuple[str, Any]]:
    """A body with one id in it that is well formed and nobody's, and the pointer to it."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            for pointer, changed in with_strangers(inner):
                copied = value.copy()
                copied[key] = changed
                yield f"/{key}{pointer}", copied
    elif isinstance(value, str) and (found := PLACE.fullmatch(value)):
        yield "", f"{found[1]}_40wgpe0dx5a20fx11kcw1rs7fn"


@pytest.mark.parametrize("label", CHANGES)
def test_what_is_off_in_a_body_is_refused_or_taken(target: Target, label: str) -> None:
    example = target.examples.get(label)
    if example is None:
        return
    known = target.known()
    answers = [(body, target.send(label, body)) for body in (filled(off, known) for off in variants(example))]
    wrong = [(body, answer.status_code, answer.text[:200]) for body, answer in answers
             if str(answer.status_code) not in target.operations[label]["responses"]]  # fmt: skip
    assert answers
    assert wrong == []


@pytest.mark.parametrize("label", CHANGES)
def test_an_id_of_nothing_in_a_body_is_pointed_at(target: Target, label: str) -> None:
    known = target.known()
    for pointer, body in with_strangers(target.examples.get(label)):
        if "email" in body:
            body["email"] = f"{target.sent}.{pointer.rpartition('/')[2]}@example.com"
        answer = target.send(label, filled(body, known))
        refusal = answer.get_json()
        if label.endswith("/batch"):
            refusal, pointer = refusal["results"][0]["problem"], pointer.removeprefix("/items/0/data")
        assert refusal["status"] == 422, (pointer, answer.text)
        told = [error["pointer"] for error in refusal["errors"]]
        assert [one for one in told if pointer.startswith(one)], (pointer, told)
