"""One login serves so many tenants and no more: the next gets the next login, which can become nobody else's."""

from __future__ import annotations

import psycopg
import pytest
import redis
from sqlalchemy import text

from app.core.db import db, tenant
from app.core.db.owner import NoRelayLogin
from app.tenants.operations import provisioning
from tests.conftest import PASSWORDS, login_url
from tests.core.jobs.test_relay import messages
from tests.fixtures.dealerships import make_dealership


@pytest.fixture
def broker(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture(scope="module")
def full(app, alpha, beta):
    """The first login has no room left."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(provisioning, "LOGIN_CAPACITY", 1)
        patch.setattr(provisioning, "LOGIN_CAPACITY_OLD", 1)
        yield


@pytest.fixture(scope="module")
def second(app, full):
    """A dealership of the second login."""
    return make_dealership(app, "second")


@pytest.fixture(scope="module")
def third(app, second):
    """A dealership of the third login: the second is full as well."""
    return make_dealership(app, "third")


def test_the_next_tenant_gets_the_next_login_and_is_served(app, second, third, client_for):
    assert (second.login, third.login) == (2, 3)
    for made, role in ((second, "gm"), (third, "salesperson")):
        with app.app_context(), tenant(made.id):
            query = "SELECT session_user::text, current_user::text, count(*) FROM tenants_users"
            row = db.session.execute(text(query)).one()
        assert row[:2] == (f"forecourt_app_{made.login}", made.schema)
        assert row[2] > 5
        assert client_for(made, role).get("/customers").status_code == 200


def test_its_rows_are_sent_through_its_own_login(alpha, second, third, enqueued, hurry, relay, broker, root):
    root.execute("DELETE FROM platform.outbox_hint")
    wanted = []
    for made in (alpha, second, third):
        wanted.append([made.id, enqueued(made.id)])
        hurry(made.id)
    relay.tick()
    sent = messages(broker)
    assert [pair for pair in wanted if pair not in sent] == []
    for made in (second, third):
        connection = relay.servers.connection(relay.directory.find(made.schema)[0])
        session = connection.execute("SELECT session_user::text, current_user::text").fetchone()
        assert session == (f"forecourt_relay_{made.login}", f"forecourt_relay_{made.login}")
    # What nobody hinted at is found by the sweep, through the same logins.
    late = enqueued(third.id)
    hurry(third.id)
    root.execute("DELETE FROM platform.outbox_hint")
    relay._sweep = iter([second.schema, third.schema])
    relay.tick()
    assert [third.id, late] in messages(broker)


def test_no_login_may_become_a_tenant_of_another(alpha, second, third, root, admin_url, database):
    logins = root.execute(
        "SELECT rolname FROM pg_roles WHERE rolname ~ '^forecourt_(app|relay)(_[0-9]+)?$' ORDER BY rolname"
    ).fetchall()
    assert {f"forecourt_{base}{end}" for base in ("app", "relay") for end in ("", "_2", "_3")} <= {r[0] for r in logins}
    for made in (alpha, second, third):
        end = "" if made.login == 1 else f"_{made.login}"
        members = {
            login for (login,) in logins
            if root.execute("SELECT pg_has_role(%s, %s, 'MEMBER')", [login, made.schema]).fetchone() == (True,)
        }  # fmt: skip
        assert members == {f"forecourt_app{end}", f"forecourt_relay{end}"}
    for login, password, own, foreign in (
        ("forecourt_app_2", PASSWORDS.app, second, alpha),
        ("forecourt_app_2", PASSWORDS.app, second, third),
        ("forecourt_relay_3", PASSWORDS.relay, third, second),
        ("forecourt_app", PASSWORDS.app, alpha, second),
    ):
        with psycopg.connect(login_url(admin_url, login, password, database), autocommit=True) as connection:
            connection.execute(f"SET ROLE {own.schema}".encode())
            connection.execute("RESET ROLE")
            for role in (foreign.schema, "forecourt_owner", "forecourt_migrator"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(f"SET ROLE {role}".encode())
            for table in ("platform.wrapped_keys", f"{own.schema}.tenants_users", f"{foreign.schema}.tenants_users"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(f"SELECT * FROM {table}".encode())


def test_a_login_with_room_again_is_used_first(app, second, third, monkeypatch):
    monkeypatch.setattr(provisioning, "LOGIN_CAPACITY", 1_000)
    monkeypatch.setattr(provisioning, "LOGIN_CAPACITY_OLD", 1_000)
    assert make_dealership(app, "first").login == 1


def test_without_the_relays_address_no_further_login_is_made(another_app, full):
    poor = another_app(RELAY_DATABASE_URL="")
    with pytest.raises(NoRelayLogin):
        make_dealership(poor, "poor")
