"""What a key did: reads counted beside the database and fetched once a minute, writes from the audit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from app.core import clock
from app.core.db import Tenant, db, tenant, transaction
from app.core.db.columns import new_id
from app.core.db.ids import to_public
from app.core.guard import key_reads
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import system_actor
from app.tenants.models import ApiKeyRead, Role
from app.tenants.operations import api_keys, roles
from app.tenants.queries.key_usage import usage_of
from tests.fixtures.factors import Clock

SYSTEM = system_actor("test")
ME = "/api/v1/me"
Key = tuple[UUID, str]


@pytest.fixture
def key(in_alpha: Tenant) -> Key:
    with transaction():
        role_id = db.session.scalars(select(Role.id).where(Role.key == "gm")).one()
        made, text = api_keys.create_key(
            SYSTEM, name="Feed", role_id=role_id, store_id=None, permissions=["stock.see"], days=365
        )
        return made.id, text


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant) -> FlaskClient:
    return client_for(alpha, None)


def read(client: FlaskClient, key: Key, path: str = ME) -> int:
    return client.get(path, headers={"Authorization": f"Bearer {key[1]}"}).status_code


def kept(key_id: UUID) -> dict[tuple[date, str], int]:
    db.session.expire_all()
    rows = db.session.scalars(select(ApiKeyRead).where(ApiKeyRead.key_id == key_id)).all()
    return {(row.day, row.resource): row.count for row in rows}


def wrote(key_id: UUID, action: str, at: datetime) -> None:
    with transaction():
        db.session.add(
            AuditEntry(id=new_id(), at=at, actor_name="Feed", action=action, record_type="customer", key_id=key_id)
        )


@contextmanager
def statements() -> Iterator[list[str]]:
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_reads_wait_in_redis_and_are_written_down_with_the_keys_use(
    in_alpha: Tenant, program: FlaskClient, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    time, today = Clock(monkeypatch), clock.today(in_alpha.timezone)
    assert [read(program, key) for _ in range(3)] == [200] * 3
    with statements() as sent:
        assert read(program, key) == 200
    assert [text for text in sent if not text.lstrip().upper().startswith(("SELECT", "SET", "BEGIN"))] == []
    assert (kept(key[0]), key_reads.waiting_reads(key[0])) == ({}, {(today, "me"): 4})
    assert usage_of(key[0], 7).reads == {"me": 4}
    db.session.rollback()
    later = time.move(seconds=61)
    day = clock.business_date(later, in_alpha.timezone)
    assert read(program, key) == 200
    assert kept(key[0]) == {(today, "me"): 4}
    assert key_reads.waiting_reads(key[0]) == {(day, "me"): 1}
    assert usage_of(key[0], 7).reads == {"me": 5}


def test_what_was_refused_or_is_no_route_is_no_read(in_alpha: Tenant, program: FlaskClient, key: Key) -> None:
    assert read(program, key, "/api/v1/nothing/here") == 404
    # A route there is, but nothing it would answer: it was counted when it came, and is no more.
    assert read(program, key, "/api/v1/customers/none") in (403, 404)
    assert key_reads.waiting_reads(key[0]) == {}
    assert read(program, (key[0], key[1][:-1] + "_")) == 401
    assert program.get("/sign-in").status_code == 200
    assert usage_of(key[0], 7).reads == {}


def test_a_redis_that_is_lost_takes_the_last_minute_alone(
    in_alpha: Tenant, program: FlaskClient, key: Key, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = Clock(monkeypatch)
    for _ in range(2):
        assert read(program, key) == 200
        time.move(seconds=61)
    with redis.Redis.from_url(redis_url) as client:
        names = [name.decode() for name in client.scan_iter(f"*{key[0]}*") if b"reads" in name]
        assert names == [f"t:{in_alpha.id}:reads:{key[0]}"]
        assert 0 < client.ttl(names[0]) <= key_reads.KEPT_SECONDS
        client.delete(*names)
    assert usage_of(key[0], 7).reads == {"me": 1}


def test_without_redis_reads_are_answered_and_not_counted(
    another_app: Callable[..., Flask], alpha: Tenant, key: Key
) -> None:
    app = another_app(REDIS_URL="redis://127.0.0.1:1/0")
    answer = app.test_client().get(
        ME, base_url=f"http://{alpha.hosts[0]}", headers={"Authorization": f"Bearer {key[1]}"}
    )
    assert answer.status_code == 200
    with app.app_context(), tenant(alpha.id):
        assert key_reads.waiting_reads(key[0]) == {}
        assert usage_of(key[0], 7).reads == {}


def test_writes_are_told_by_the_dealerships_day(in_alpha: Tenant, key: Key, monkeypatch: pytest.MonkeyPatch) -> None:
    time = Clock(monkeypatch)
    time.now = datetime(2026, 7, 15, 16, 0, tzinfo=UTC)
    # Two in the morning of London is ten in the evening of the day before in New York.
    wrote(key[0], "customer.create", datetime(2026, 7, 15, 2, 0, tzinfo=UTC))
    wrote(key[0], "customer.edit", datetime(2026, 7, 15, 14, 0, tzinfo=UTC))
    wrote(key[0], "customer.edit", datetime(2026, 7, 15, 15, 0, tzinfo=UTC))
    wrote(key[0], "access.deny", datetime(2026, 7, 15, 15, 0, tzinfo=UTC))
    wrote(key[0], "customer.edit", datetime(2026, 7, 9, 3, 59, tzinfo=UTC))
    wrote(new_id(), "customer.edit", datetime(2026, 7, 15, 15, 0, tzinfo=UTC))
    found = usage_of(key[0], 7)
    assert [day.day for day in found.days] == [date(2026, 7, 9) + timedelta(days=n) for n in range(7)]
    assert [day.written for day in found.days] == [0, 0, 0, 0, 0, 1, 2]
    assert (found.writes, found.refused) == ({"customer.create": 1, "customer.edit": 2}, 1)
    assert usage_of(key[0], 30).writes.total() == 4


def test_the_night_fetches_what_waits_and_drops_what_is_old(in_alpha: Tenant, program: FlaskClient, key: Key) -> None:
    today = clock.today(in_alpha.timezone)
    assert read(program, key) == 200
    with transaction():
        for days in (396, 394):
            db.session.add(ApiKeyRead(key_id=key[0], day=today - timedelta(days=days), resource="me", count=1))
    with transaction():
        api_keys.tend_reads()
    assert kept(key[0]) == {(today - timedelta(days=394), "me"): 1, (today, "me"): 1}
    assert key_reads.waiting_reads(key[0]) == {}


def test_a_role_goes_with_its_dead_keys_and_what_they_read(in_alpha: Tenant) -> None:
    with transaction():
        role = roles.create_role(SYSTEM, name="For reads", grants={"stock.see": "all"})
        made, _ = api_keys.create_key(
            SYSTEM, name="k", role_id=role.id, store_id=None, permissions=["stock.see"], days=30
        )
        db.session.add(ApiKeyRead(key_id=made.id, day=clock.today(in_alpha.timezone), resource="me", count=1))
        api_keys.revoke_key(SYSTEM, made.id)
        db.session.flush()
        roles.delete_role(SYSTEM, role.id, version=role.version)
    assert kept(made.id) == {}


def test_another_dealership_counts_apart(
    app: Flask, in_alpha: Tenant, beta: Tenant, program: FlaskClient, key: Key
) -> None:
    assert read(program, key) == 200
    assert key_reads.waiting_reads(key[0]) == {(clock.today(in_alpha.timezone), "me"): 1}
    with app.app_context(), tenant(beta.id):
        assert key_reads.waiting_reads(key[0]) == {}
        assert usage_of(key[0], 7).reads == {}


def test_the_page_says_what_was_read_and_written_and_leads_to_the_entries(
    in_alpha: Tenant, alpha: Tenant, program: FlaskClient, key: Key, client_for: Callable[..., FlaskClient]
) -> None:
    admin, public = client_for(alpha), to_public("apk", key[0])
    page = f"/api-keys/{public}/usage"
    assert "Nothing in this time." in admin.get(page).text
    assert read(program, key) == 200
    wrote(key[0], "customer.edit", clock.now())
    wrote(key[0], "stock.price", clock.now() - timedelta(days=10))
    shown = admin.get(page).text
    assert page in admin.get(f"/api-keys/{public}").text
    assert '<span class="mono" translate="no">me</span>' in shown
    for words in ("Customer changed", "Day by day", f"/audit?key={public}"):
        assert words in shown
    assert "30 days" in admin.get(f"{page}?days=nonsense").text
    week = admin.get(f"{page}?days=7").text
    assert "Customer changed" in week
    assert week.count("<b>1</b>") < shown.count("<b>1</b>")
    assert "Customer changed" in admin.get(f"/audit?key={public}").text
    assert client_for(alpha, "salesperson").get(page).status_code == 403
