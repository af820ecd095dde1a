"""Exports over the API: a question becomes a file for the key that asked, as far as that key may take things away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.core import clock
from app.core.db import Tenant, db, tenant, transaction
from app.tenants.models import ApiKey, Store
from tests.factories.sales import make_customer
from tests.fixtures.exporting import rows_of, work_off
from tests.fixtures.programs import Program, make_key

RIGHTS = ("customer.see", "customer.export")
WANTED: dict[str, Any] = {"list": "customers", "fields": ["kind", "store"], "format": "csv", "purpose": "A test"}


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> Program:
    """A program that may see and export customers."""
    store = db.session.scalars(select(Store).order_by(Store.created_at, Store.id)).first()
    assert store is not None
    for number in range(3):
        make_customer(store, f"Leaving {number}")
    return Program(client_for(alpha, None), make_key("tenant_admin", RIGHTS))


def made(app: Flask, of: Tenant, program: Program, **further: Any) -> str:
    """An export of customers, its job worked off; the export's address."""
    begun = program.post("/exports", {**WANTED, **further})
    assert begun.status_code == 202, begun.text
    assert begun.headers["Location"] == f"/api/v1/jobs/{begun.get_json()['id']}"
    work_off(app, of, queue="exports")
    job = program.get(f"/jobs/{begun.get_json()['id']}").get_json()
    assert (job["state"], job["error"]) == ("succeeded", None)
    return str(job["result_url"]).removeprefix("/api/v1")


def test_a_question_becomes_a_file(app: Flask, alpha: Tenant, program: Program) -> None:
    address = made(app, alpha, program, filter={"name": "Leaving"}, sort="-created_at")
    told = program.get(address).get_json()
    assert (told["list"], told["state"], told["rows"], told["purpose"]) == ("customers", "ready", 3, "A test")
    assert set(told["columns"]) >= {"name", "kind", "store"}
    link = program.post(f"{address}/link").get_json()
    path = link["url"].removeprefix("/api/v1")
    answer = program.get(path)
    assert answer.mimetype == "text/csv"
    assert len(rows_of(answer.data)) == 3
    assert program.get(path).status_code == program.get(path).status_code == 200
    assert program.get(path).status_code == 404
    assert program.delete(f"{address}/file").status_code == 204
    assert program.get(address).get_json()["state"] == "gone"


def test_a_link_is_of_the_key_that_asked(app: Flask, alpha: Tenant, program: Program) -> None:
    address = made(app, alpha, program)
    path = program.post(f"{address}/link").get_json()["url"].removeprefix("/api/v1")
    other = Program(program.client, make_key("tenant_admin", (*RIGHTS, "export.see")))
    assert other.get(address).status_code == 200
    assert other.get(path).status_code == other.post(f"{address}/link").status_code == 404
    without = Program(program.client, make_key("tenant_admin", RIGHTS))
    assert without.get(address).status_code == without.delete(f"{address}/file").status_code == 404


def test_the_right_to_export_decides(app: Flask, alpha: Tenant, program: Program) -> None:
    looking = Program(program.client, make_key("tenant_admin", ("customer.see",)))
    refused = looking.post("/exports", WANTED)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "permission_denied")
    assert looking.get("/exports/lists").get_json()["data"] == []
    (offered,) = program.get("/exports/lists").get_json()["data"]
    assert offered["list"] == "customers"
    assert {"kind", "store"} <= {column["key"] for column in offered["columns"]}
    assert "store_id" in offered["filters"]


def test_a_key_that_is_revoked_on_the_way_takes_nothing(app: Flask, alpha: Tenant, program: Program) -> None:
    watcher = Program(program.client, make_key("tenant_admin", ("job.see",)))
    job = program.post("/exports", WANTED).get_json()["id"]
    with app.app_context(), tenant(alpha.id), transaction():
        db.session.execute(update(ApiKey).where(ApiKey.name == "Program").values(revoked_at=clock.now()))
        db.session.execute(
            update(ApiKey).where(ApiKey.permissions.contains(["job.see"])).values(revoked_at=None)
        )
    work_off(app, alpha, queue="exports")
    told = watcher.get(f"/jobs/{job}").get_json()
    assert (told["state"], told["error"]) == ("failed", "rights_changed")


@pytest.mark.parametrize(
    ("wrong", "status", "names"),
    [
        ({"list": "jobs"}, 422, {"/list"}),
        ({"list": "nothing"}, 422, {"/list"}),
        ({"fields": ["name", "secret"]}, 422, {"/fields/1"}),
        ({"filter": {"colour": "red"}}, 400, {"filter[colour]"}),
        ({"sort": "colour"}, 400, {"sort"}),
        ({"format": "pdf"}, 422, {"/format"}),
        ({"unmasked": True}, 422, {"/unmasked"}),
        ({"purpose": "x"}, 422, {"/purpose"}),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(
    program: Program, wrong: dict[str, Any], status: int, names: set[str]
) -> None:
    answer = program.post("/exports", {**WANTED, **wrong})
    assert answer.status_code == status
    assert {error.get("pointer") or error["parameter"] for error in answer.get_json()["errors"]} == names


def test_a_repeat_makes_one_file(program: Program) -> None:
    first = program.post("/exports", WANTED, Idempotency_Key="e1")
    again = program.post("/exports", WANTED, Idempotency_Key="e1")
    assert first.get_json()["id"] == again.get_json()["id"]
    assert len(program.get("/exports").get_json()["data"]) == 1
