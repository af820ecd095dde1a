"""Deals over the API happen once: repeats, requests at the same moment, and changes that were cut off."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.core import clock
from app.core.db import Tenant, db
from app.core.db.ids import from_public, to_public
from app.core.guard import once
from app.core.guard.models import AuditEntry, OnceRow
from app.inventory.models import StockUnit
from app.sales.models import Deal
from app.tenants.models import Store
from tests.factories.inventory import make_unit
from tests.factories.sales import make_deal, pay
from tests.fixtures.programs import Program, make_key

TODAY = clock.today("America/New_York")


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> Program:
    """A program that may what an administrator's key may."""
    return Program(client_for(alpha, None), make_key("tenant_admin"))


@pytest.fixture
def unit_id(stores: list[Store]) -> str:
    """A unit in stock, as addresses carry it."""
    return to_public("unit", make_unit(stores[0]).id)


def count(statement: Any) -> int:
    db.session.rollback()
    return db.session.scalar(statement) or 0


def test_a_repeated_delivery_does_nothing_twice_and_answers_anew(program: Program, stores: list[Store]) -> None:
    deal = pay(make_deal(stores[0]))
    key, path = deal.id, f"/deals/{to_public('deal', deal.id)}"
    deliveries = select(func.count()).where(AuditEntry.record_id == key, AuditEntry.action == "deal.deliver")
    first = program.post(f"{path}/deliver", {}, Idempotency_Key="handed over")
    assert (first.status_code, "Idempotency-Replayed" in first.headers) == (200, False)
    again = program.post(f"{path}/deliver", {}, Idempotency_Key="handed over")
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
    assert again.get_json() == first.get_json()
    assert count(deliveries) == 1
    assert program.post(f"{path}/unwind", {"reason": "Wrong car"}, Idempotency_Key="back").status_code == 200
    late = program.post(f"{path}/deliver", {}, Idempotency_Key="handed over")
    assert (late.status_code, late.get_json()["status"]) == (200, "unwound")
    assert count(deliveries) == 1
    other = program.post(f"{path}/deliver", {"delivered_on": "2026-01-20"}, Idempotency_Key="handed over")
    assert (other.status_code, other.get_json()["code"]) == (422, "idempotency_key_reused")
    fresh = program.post(f"{path}/deliver", {}, Idempotency_Key="once more")
    assert (fresh.status_code, fresh.get_json()["code"]) == (409, "deal_is_ended")


def test_a_repeat_shows_no_more_than_the_caller_may_see_now(
    client_for: Callable[..., FlaskClient], alpha: Tenant, program: Program, unit_id: str
) -> None:
    sent = {"stock_unit_id": unit_id, "price": usd("1.00"), "status": "pending"}
    first = program.post("/deals", sent, Idempotency_Key=f"mine {unit_id}")
    stranger = Program(client_for(alpha, None), make_key("tenant_admin", ("deal.create", "deal.see", "stock.see")))
    theirs = stranger.post("/deals", sent, Idempotency_Key=f"mine {unit_id}")
    # Another caller's key of the same text is another key.
    assert (first.status_code, theirs.status_code, theirs.get_json()["code"]) == (201, 409, "unit_has_deal")
    assert program.delete(f"/deals/{first.get_json()['id']}").status_code == 204
    assert program.post("/deals", sent, Idempotency_Key=f"mine {unit_id}").status_code == 404


def cut(monkeypatch: pytest.MonkeyPatch, admin_url: str, how: str) -> None:
    """Let changes end in a fault of ours, or with their connection killed, when all is written but the commit."""
    real = once.note

    def fail(asked: once.Asked, effect: once.Effect) -> None:
        real(asked, effect)
        if how == "failed":
            raise RuntimeError("fault")
        backend = db.session.scalar(select(func.pg_backend_pid()))
        with psycopg.connect(admin_url, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(%s)", [backend])

    monkeypatch.setattr(once, "note", fail)


@pytest.mark.parametrize(("how", "status"), [("failed", 500), ("killed", 503)])
def test_a_change_that_did_not_end_leaves_no_note(
    program: Program, unit_id: str, monkeypatch: pytest.MonkeyPatch, admin_url: str, how: str, status: int
) -> None:
    sent, notes = {"stock_unit_id": unit_id, "price": usd("1.00"), "status": "sold"}, select(func.count(OnceRow.id))
    made = select(func.count(Deal.id)).where(Deal.stock_unit_id == from_public("unit", unit_id))
    before = count(notes)
    with monkeypatch.context() as patch:
        cut(patch, admin_url, how)
        assert program.post("/deals", sent, Idempotency_Key=f"cut {unit_id}").status_code == status
    assert (count(notes), count(made)) == (before, 0)
    again = program.post("/deals", sent, Idempotency_Key=f"cut {unit_id}")
    assert (again.status_code, "Idempotency-Replayed" in again.headers) == (201, False)
    assert (count(notes), count(made)) == (before + 1, 1)


def at_once(asks: list[Callable[[], TestResponse]]) -> list[TestResponse]:
    """The answers to requests that leave at the same moment."""
    start, found = Barrier(len(asks)), dict[int, TestResponse]()

    def run(number: int) -> None:
        start.wait(timeout=20)
        found[number] = asks[number]()

    threads = [Thread(target=run, args=(number,)) for number in range(len(asks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return [found[number] for number in range(len(asks))]


@pytest.fixture
def programs(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> list[Program]:
    """Two programs, each with a key of its own."""
    return [Program(client_for(alpha, None), make_key("tenant_admin")) for _ in range(2)]


@pytest.mark.parametrize("status", ["pending", "sold"])
def test_of_two_programs_that_sell_one_unit_one_is_told_of_the_other(
    programs: list[Program], unit_id: str, status: str
) -> None:
    sent = {"stock_unit_id": unit_id, "price": usd("12000.00"), "status": status}
    answers = at_once(
        [lambda one=one: one.post("/deals", sent, Idempotency_Key=f"sell {unit_id}") for one in programs]  # type: ignore[misc]
    )
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert (won.status_code, lost.status_code, lost.get_json()["code"]) == (201, 409, "unit_has_deal")
    assert won.get_json()["deal_number"] in lost.get_json()["detail"]
    found = select(func.count(Deal.id)).where(Deal.stock_unit_id == from_public("unit", unit_id))
    assert count(found) == 1


def test_of_two_programs_that_deliver_one_deal_one_is_told(
    programs: list[Program], stores: list[Store], app: Flask
) -> None:
    deal = pay(make_deal(stores[0]))
    path, unit = f"/deals/{to_public('deal', deal.id)}/deliver", deal.stock_unit_id
    answers = at_once([lambda one=one: one.post(path, {}, Idempotency_Key="now") for one in programs])  # type: ignore[misc]
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.get_json()["code"] == "deal_already_delivered"
    assert count(select(func.count()).where(AuditEntry.record_id == unit, AuditEntry.action == "stock.close")) == 1
    assert count(select(func.count(StockUnit.id)).where(StockUnit.id == unit, StockUnit.closed_on == TODAY)) == 1


def test_a_request_sent_twice_at_once_sells_once(program: Program, programs: list[Program], unit_id: str) -> None:
    twin = Program(programs[0].client, program.key)
    sent = {"stock_unit_id": unit_id, "price": usd("12000.00")}
    answers = at_once(
        [lambda one=one: one.post("/deals", sent, Idempotency_Key=f"twice {unit_id}") for one in (program, twin)]  # type: ignore[misc]
    )
    codes = sorted(answer.status_code for answer in answers)
    # The second waits for nobody: it is told that the first is at work, or finds what it did.
    assert codes in ([201, 201], [201, 409])
    if codes == [201, 201]:
        assert len({answer.get_json()["id"] for answer in answers}) == 1
    else:
        assert next(one for one in answers if one.status_code == 409).get_json()["code"] == "request_in_flight"
    assert count(select(func.count(Deal.id)).where(Deal.stock_unit_id == from_public("unit", unit_id))) == 1
