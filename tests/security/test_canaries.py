"""What people type in confidence stands in no log and in no message (checklist 55, 56)."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.db import Tenant, db, tenant
from app.core.errors import N_, DomainError
from app.core.http.access import public
from app.core.http.forms import load_form
from app.core.jobs.models import Job, JobState, Outbox
from app.core.logging import get_logger
from app.tenants.models import Store
from app.tenants.schemas import SignInForm
from tests.fixtures.browsing import cookie, send, token_of

Clients = Callable[..., FlaskClient]
PATIENCE = 60.0
CANARIES = {
    "name": "Canaria Fringilla",
    "phone": "+12025550177",
    "email": "canaria.fringilla@example.com",
    "password": "canary sings in the coal mine 77",
    "note": "owes money to her brother canary",
    "imported": "Imported Serinus",
    "imported_phone": "+12025550178",
    "imported_email": "serinus@example.com",
    "id_number": "81343620000320718X",
    "imported_id": "LICENCE-SERINUS-8",
}


def found_in(text: str, *more: str) -> list[str]:
    """The canaries that stand in a text, however it escapes them; phones by their digits too."""
    wanted = {**CANARIES, **{f"token {at}": value for at, value in enumerate(more)}}
    bare = text.replace("\\", "")
    return sorted(
        kind for kind, value in wanted.items() if value in bare or json.dumps(value)[1:-1] in text or value[2:] in bare
    )


def test_nothing_told_in_confidence_is_logged_or_sent(
    app: Flask, alpha: Tenant, client_for: Clients, watched: list[list[str]], logged: io.StringIO, worker: Path
) -> None:
    client = client_for(alpha)
    visitor = client_for(alpha, None)
    send(visitor, "/sign-in", page="/sign-in", email=CANARIES["email"], password=CANARIES["password"])
    send(visitor, "/forgotten-password", page="/forgotten-password", email=CANARIES["email"])
    with app.app_context(), tenant(alpha.id):
        store = str(db.session.scalars(select(Store.id).order_by(Store.code)).first())
    person = {"kind": "individual", "name": CANARIES["name"], "store_id": store, "email": CANARIES["email"],
              "notes": CANARIES["note"], "id_number": CANARIES["id_number"]}  # fmt: skip
    made = send(client, "/customers", page="/customers/new", phone=CANARIES["phone"], **person)
    assert made.status_code == 303
    assert CANARIES["note"] in client.get(made.location).text
    send(client, f"{made.location}/activities", type="call", body=CANARIES["note"])
    send(client, "/find", q=CANARIES["phone"])
    send(client, "/customers/filter", page="/customers", id_number=CANARIES["id_number"])
    refused = send(client, "/customers", page="/customers/new", **{**person, "name": ""})
    assert refused.status_code == 422
    job_id = _import(app, alpha, client)
    deadline = time.monotonic() + PATIENCE
    while not _is_over(app, alpha, job_id):
        assert time.monotonic() < deadline, worker.read_text()[-3000:]
        time.sleep(0.1)
    assert CANARIES["imported"] in client.get("/customers").text
    token = str(cookie(client, alpha))
    assert found_in(logged.getvalue(), token) == []
    assert found_in(worker.read_text(), token) == []
    assert found_in("\n".join(" ".join(command) for command in list(watched)), token) == []
    with app.app_context(), tenant(alpha.id):
        payloads = [json.dumps(row.payload) + str(row.last_error) for row in db.session.query(Outbox)]
        params = [json.dumps(row.params) + json.dumps(row.result) for row in db.session.query(Job)]
    assert found_in("\n".join(payloads)) == []
    assert found_in("\n".join(params)) == []
    # The watchers saw something.
    assert len(logged.getvalue()) > 100
    assert len(watched) > 10


def _import(app: Flask, of: Tenant, client: FlaskClient) -> object:
    imported = [CANARIES["imported"], CANARIES["imported_phone"], CANARIES["imported_email"],
                CANARIES["imported_id"], "S1"]  # fmt: skip
    rows = "Name,Phone,E-Mail,ID number,Store\n" + ",".join(imported) + "\n"
    form = {"csrf_token": token_of(client, "/imports/new"), "kind": "customers",
            "file": (io.BytesIO(rows.encode()), f"{CANARIES['name']}.csv")}  # fmt: skip
    answer = client.post("/imports", data=form, content_type="multipart/form-data")
    assert answer.status_code == 303
    columns, address = answer.location, answer.location.removesuffix("/columns")
    version = re.search(r'name="version" value="(\d+)"', client.get(columns).text)
    assert version
    chosen = {"column.name": "Name", "column.phone": "Phone", "column.email": "E-Mail",
              "column.id_number": "ID number", "column.store": "Store"}  # fmt: skip
    assert send(client, columns, version=version[1], **chosen).status_code == 303
    assert send(client, f"{address}/run").status_code == 303
    with app.app_context(), tenant(of.id):
        return db.session.query(Job).order_by(Job.id.desc()).first().id  # type: ignore[union-attr]


def _is_over(app: Flask, of: Tenant, job_id: object) -> bool:
    with app.app_context(), tenant(of.id):
        job = db.session.get(Job, job_id)
        return job is not None and job.state in (JobState.SUCCEEDED, JobState.PARTLY_FAILED, JobState.FAILED)


class Refusal(DomainError):
    code = "told_too_much"
    message = N_("Not {what}.")


@pytest.mark.parametrize("error", [RuntimeError, KeyError, Refusal])
def test_a_fault_in_a_form_logs_no_value_of_it(
    another_app: Callable[..., Flask], alpha: Tenant, logged: io.StringIO, error: type[Exception]
) -> None:
    app = another_app()

    @public("a test")
    def fail() -> str:
        load_form(SignInForm)
        raise error("planted") if error is not Refusal else Refusal(what=CANARIES["note"])

    app.add_url_rule("/fail", "fail", fail, methods=["POST"])
    client, base = app.test_client(), f"http://{alpha.hosts[0]}"
    data = {"csrf_token": token_of(client, "/sign-in", base_url=base), "email": CANARIES["email"],
            "password": CANARIES["password"]}  # fmt: skip
    assert client.post("/fail", data=data, base_url=base).status_code in (400, 409, 422, 500)
    assert found_in(logged.getvalue()) == []


def test_a_line_of_the_log_stays_one(logged: io.StringIO) -> None:
    get_logger("test").warning("said", what='two\nlines\x1b[31m", "planted": "yes')
    (line,) = [line for line in logged.getvalue().splitlines() if "said" in line]
    entry = json.loads(line)
    assert "planted" not in entry
    assert "\x1b" not in line
    assert entry["timestamp"].endswith("Z")
