"""How many statements the API sends: of a request with a key, the key's own and one more, whatever it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Engine

from app.core import clock
from app.core.db import Tenant, db, transaction
from app.core.db.bulk import adopt, insert_together
from app.core.db.columns import new_id
from app.core.db.ids import to_public
from app.core.db.tenancy import entering
from app.core.guard.permissions import Actor
from app.core.http.api.operations import listed_records
from app.crm.models import ContactPoint, Customer
from app.tenants.models import Store
from tests.factories.sales import make_customer
from tests.fixtures import people
from tests.fixtures.audited import by_hand, writes_of
from tests.fixtures.programs import Program, make_key


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> Program:
    """A program whose key has been used a moment ago."""
    made = Program(client_for(alpha, None), make_key("gm"))
    assert made.get("/customers?limit=1").status_code == 200
    return made


@pytest.fixture
def store(in_alpha: Tenant) -> Store:
    """The dealership's first store."""
    return db.session.scalars(select(Store).order_by(Store.created_at, Store.id)).first()  # type: ignore[return-value]


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is sent to the database within the body, but for BEGIN and COMMIT."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_a_page_is_one_statement_however_many_rows(program: Program, store: Store) -> None:
    for _ in range(4):
        make_customer(store)
    rows = []
    for limit in (1, 3, 200):
        with statements() as sent:
            answer = program.get(f"/customers?limit={limit}&sort=-created_at")
        assert (answer.status_code, len(sent)) == (200, 2)
        rows.append(len(answer.get_json()["data"]))
    assert rows[0] == 1
    assert rows[1] == 3
    assert rows[2] > 3


def test_the_pages_behind_are_one_statement_each_and_the_same_rows(program: Program, store: Store) -> None:
    for _ in range(5):
        make_customer(store)
    for sort in ("-created_at", "name", "-last_activity_at"):
        whole = [row["id"] for row in program.get(f"/customers?limit=200&sort={sort}").get_json()["data"]]
        for _ in range(2):  # The second time what was made for the first is used again.
            walked, cursor = [], ""
            while cursor is not None and len(walked) < 6:
                with statements() as sent:
                    page = program.get(f"/customers?limit=2&sort={sort}&cursor={cursor}").get_json()
                assert len(sent) == 2
                walked += [row["id"] for row in page["data"]]
                cursor = page["page"]["next_cursor"]
            assert walked == whole[: len(walked)]
            assert len(walked) >= 5


def test_a_record_is_one_statement(program: Program, store: Store) -> None:
    made = to_public("cus", make_customer(store).id)
    with statements() as sent:
        answer = program.get(f"/customers/{made}")
    assert (answer.status_code, len(sent)) == (200, 2)


@pytest.mark.parametrize("contacts", [0, 1, 7])
def test_a_creation_is_written_by_one_statement(program: Program, store: Store, contacts: int) -> None:
    points = [{"kind": "email", "value": f"ada.{number}@example.com"} for number in range(contacts)]
    body = {"kind": "individual", "given_name": "Ada", "store_id": to_public("store", store.id), "contacts": points}
    with statements() as sent:
        answer = program.post("/customers", body)
    assert answer.status_code == 201, answer.text
    # The key, the rows, the relay's hint, the answer.
    assert len(sent) == 4
    tables = [table for _, table, _ in writes_of(sent[1])]
    assert sorted(set(tables)) == sorted(
        {"crm_customers", "core_subject_keys", "core_audit", "core_search_entries"}
        | ({"crm_contact_points"} if contacts else set())
    )
    assert tables.count("crm_contact_points") == contacts


def test_rows_written_together_may_refer_to_each_other(store: Store) -> None:
    customer = Customer(id=new_id(), store_id=store.id, kind="business", name="Page", name_key="page")
    point = ContactPoint(
        id=new_id(), customer_id=customer.id, kind="email", status="valid", value_enc=b"e", value_index=b"i",
        value_masked="p***@example.com",
    )  # fmt: skip
    with by_hand(), transaction():
        insert_together([point, customer])
        adopt(customer)
        assert customer in db.session
        assert (customer.version, customer.notes) == (1, "")
        assert customer.created_at <= clock.now() + timedelta(minutes=1)
        customer.notes = "Later"
    assert db.session.scalar(select(Customer.notes).where(Customer.id == customer.id)) == "Later"
    assert customer.version == 2


def test_a_steady_source_asks_neither_the_day_nor_the_dealership(
    app: Flask, in_alpha: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    steady = [record for record in listed_records(app).values() if record.steady]
    assert {record.name for record in steady} >= {"customer"}
    actors = [people.actor_of(role) for role in ("gm", "bdc_agent", "salesperson")]

    def asked() -> list[tuple[str, dict[str, Any]]]:
        found = []
        for record in steady:
            for actor in actors:
                made = record.listed.source(actor).compile(dialect=postgresql.dialect())
                found.append((str(made), dict(made.params)))
        return found

    here, now = asked(), clock.now() + timedelta(days=400)
    monkeypatch.setattr(clock, "now", lambda: now)
    elsewhere = replace(in_alpha, currency="CNY", timezone="Asia/Shanghai", country="CN", locale="zh")
    with entering(elsewhere):
        assert asked() == here


def test_what_was_worked_out_for_an_actor_is_not_anothers() -> None:
    one = Actor(user_id=None, name="one", grants={"customer.see": "all"})
    one.worked_out["kept"] = "statement"
    assert replace(one, grants={}).worked_out == {}
    assert Actor(user_id=None, name="one", grants={"customer.see": "all"}).worked_out == {}
    assert replace(one, name="two") != one
