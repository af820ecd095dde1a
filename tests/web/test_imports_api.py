"""Imports and their jobs over the API: from the parts of a file to rows, the errors file, and back."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.core.db import Tenant, db, tenant
from app.crm.models import Customer
from app.tenants.models import Store
from tests.fixtures.importing import work_off
from tests.fixtures.programs import Program, make_key

RIGHTS = ("import.see", "import.create", "import.edit", "customer.create", "customer.see", "customer.delete")


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> Program:
    """A program that may import customers and sees no jobs but its own."""
    return Program(client_for(alpha, None), make_key("tenant_admin", RIGHTS))


@pytest.fixture
def table(in_alpha: Tenant) -> bytes:
    """Four rows, one without a name, one of a store nobody knows."""
    code = db.session.scalars(select(Store.code).order_by(Store.created_at, Store.id)).first()
    rows = [
        "Name,E-Mail,Store",
        f"Ada Novak,ada@example.com,{code}",
        f'"Acme, Inc.",,{code}',
        f",nobody@example.com,{code}",
        "=cmd(),,Nowhere",
    ]
    return "\n".join(rows).encode()


def begin(program: Program, table: bytes) -> str:
    """An import of customers out of a file in three parts; its id."""
    made = program.post("/imports", {"file_id": program.upload(table, parts=3), "kind": "customers"})
    assert made.status_code == 201, made.text
    return str(made.get_json()["id"])


def job_of(answer: TestResponse) -> str:
    """The id of the job that an answer 202 is about."""
    assert answer.status_code == 202, answer.text
    told = answer.get_json()
    assert answer.headers["Location"] == f"/api/v1/jobs/{told['id']}"
    assert (told["state"], told["cancel_url"]) == ("queued", f"{answer.headers['Location']}/cancel")
    return str(told["id"])


def customers(app: Flask, of: Tenant) -> int:
    """How many customers there are."""
    with app.app_context(), tenant(of.id):
        return db.session.scalar(select(func.count()).select_from(Customer)) or 0


def test_from_a_file_to_rows_and_back(app: Flask, alpha: Tenant, program: Program, table: bytes) -> None:
    before = customers(app, alpha)
    import_id = begin(program, table)
    read = program.get(f"/imports/{import_id}").get_json()
    assert (read["state"], read["rows"], read["headers"], read["counts"]) == (
        "uploaded", 4, ["Name", "E-Mail", "Store"], {},
    )  # fmt: skip
    columns = program.get(f"/imports/{import_id}/columns").get_json()
    assert columns["columns"][0] == {"header": "Name", "examples": ["Ada Novak", "Acme, Inc.", "=cmd()"]}
    assert next(one for one in columns["fields"] if one["key"] == "name")["column"] == "Name"
    check = job_of(program.post(f"/imports/{import_id}/check"))
    work_off(app, alpha)
    assert program.get(f"/jobs/{check}").get_json()["state"] == "partly_failed"
    assert customers(app, alpha) == before
    assert program.get(f"/imports/{import_id}").get_json()["counts"] == {"created": 2, "failed": 2}
    assert program.post(f"/imports/{import_id}/run").get_json()["code"] == "idempotency_key_required"
    run = job_of(program.post(f"/imports/{import_id}/run", Idempotency_Key="run 1"))
    again = program.post(f"/imports/{import_id}/run", Idempotency_Key="run 1")
    assert (again.status_code, again.get_json()["id"], again.headers["Idempotency-Replayed"]) == (202, run, "true")
    work_off(app, alpha)
    done = program.get(f"/jobs/{run}").get_json()
    assert (done["state"], done["progress"]) == ("partly_failed", {"done": 4, "total": 4})
    assert done["counts"] == {"created": 2, "failed": 2}
    assert (done["result_url"], done["cancel_url"]) == (f"/api/v1/imports/{import_id}", None)
    assert done["errors_url"] == f"/api/v1/imports/{import_id}/errors"
    assert customers(app, alpha) == before + 2
    kept = program.post(f"/imports/{import_id}/run", Idempotency_Key="run 1")
    assert (kept.status_code, kept.get_json()["state"]) == (202, "partly_failed")
    assert len([job for job in program.get("/jobs").get_json()["data"] if job["kind"] == "import_run"]) == 1
    undone = job_of(program.post(f"/imports/{import_id}/undo", Idempotency_Key="undo 1"))
    work_off(app, alpha)
    assert program.get(f"/jobs/{undone}").get_json()["counts"] == {"undone": 2, "failed": 2}
    assert program.get(f"/imports/{import_id}").get_json()["state"] == "undone"
    assert customers(app, alpha) == before


def test_the_errors_come_as_a_file(app: Flask, alpha: Tenant, program: Program, table: bytes) -> None:
    import_id = begin(program, table)
    program.post(f"/imports/{import_id}/run", Idempotency_Key="r")
    work_off(app, alpha)
    program.headers = {"Accept-Language": "en"}
    answer = program.get(f"/imports/{import_id}/errors")
    assert answer.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0][:3] == ["Name", "E-Mail", "Store"]
    assert [row[0] for row in rows[1:]] == ["", "'=cmd()"]
    assert all(row[3] for row in rows[1:])


def test_a_mapping_is_set_and_its_faults_pointed_at(program: Program, table: bytes) -> None:
    import_id = begin(program, table)
    version = program.get(f"/imports/{import_id}").get_json()["version"]
    wrong = {"version": version, "columns": {"name": "Nowhere"}, "values": {"store": {"Nowhere": "no store"}}}
    refused = program.put(f"/imports/{import_id}/mapping", wrong)
    assert refused.status_code == 422
    assert {error["pointer"] for error in refused.get_json()["errors"]} >= {"/columns/name", "/values/store"}
    store = program.get(f"/imports/{import_id}/columns").get_json()["fields"]
    choice = next(one for one in store if one["key"] == "store")["choices"][0]["value"]
    mapped = {
        "version": version,
        "columns": {"name": "Name", "email": "E-Mail", "store": "Store"},
        "values": {"store": {"NOWHERE": choice}},
    }
    saved = program.put(f"/imports/{import_id}/mapping", mapped)
    assert saved.status_code == 200, saved.text
    assert saved.get_json()["mapping"]["values"] == {"store": {"nowhere": choice}}
    assert program.put(f"/imports/{import_id}/mapping", mapped).status_code == 409


def test_what_is_no_file_of_ones_own_is_not_imported(program: Program, table: bytes) -> None:
    other = Program(program.client, make_key("tenant_admin", RIGHTS))
    file_id = other.upload(table)
    for body, pointer in (
        ({"file_id": file_id, "kind": "customers"}, "/file_id"),
        ({"file_id": file_id, "kind": "vehicles"}, "/kind"),
    ):
        answer = program.post("/imports", body)
        assert (answer.status_code, answer.get_json()["errors"][0]["pointer"]) == (422, pointer)
    kinds = {one["key"] for one in program.get("/imports/kinds").get_json()["data"]}
    assert "customers" in kinds
    assert "vehicles" not in kinds


def test_a_job_is_canceled_and_gone_on_with(app: Flask, alpha: Tenant, program: Program, table: bytes) -> None:
    import_id = begin(program, table)
    job = job_of(program.post(f"/imports/{import_id}/run", Idempotency_Key="r"))
    stopped = program.post(f"/jobs/{job}/cancel")
    assert (stopped.status_code, stopped.get_json()["cancel_requested"]) == (200, True)
    work_off(app, alpha)
    assert program.get(f"/jobs/{job}").get_json()["state"] == "canceled"
    over = program.post(f"/jobs/{job}/cancel")
    assert (over.status_code, over.get_json()["code"]) == (409, "job_over")
    again = program.post(f"/jobs/{job}/retry")
    assert (again.status_code, again.get_json()["id"]) == (202, job)
    work_off(app, alpha)
    assert program.get(f"/jobs/{job}").get_json()["state"] == "partly_failed"


def test_anothers_jobs_are_missing(program: Program, table: bytes) -> None:
    job = job_of(program.post(f"/imports/{begin(program, table)}/check"))
    other = Program(program.client, make_key("tenant_admin", RIGHTS))
    for method, path in (("GET", ""), ("POST", "/cancel"), ("POST", "/retry"), ("GET", "/skipped")):
        assert other.ask(method, f"/jobs/{job}{path}", {}).status_code == 404
    assert other.get("/jobs").get_json()["data"] == []
    overseer = Program(program.client, make_key("tenant_admin", ("job.see",)))
    seen = overseer.get(f"/jobs/{job}").get_json()
    assert (seen["user_id"], seen["cancel_url"]) == (None, None)
    assert seen["api_key_id"] == program.get("/me").get_json()["key"]["id"]
    assert overseer.post(f"/jobs/{job}/cancel").status_code == 404
