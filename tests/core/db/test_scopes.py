"""The three contexts: fail closed, never mixed, right after every kind of accident (cases I2, I4, I5, I7, I20)."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, OperationalError

from app.core.db import NoScope, Tenant, WrongScope, db, directory, platform, tenant, transaction
from app.core.db.numbering import Counter
from app.core.db.owner import owner
from app.core.errors import NotFound

STORE = "00000000-0000-7000-8000-000000000002"
WHO = text("SELECT current_user, current_setting('search_path')")


@pytest.fixture(autouse=True)
def marked(app: Flask, alpha: Tenant, beta: Tenant) -> Iterator[None]:
    """One row in each dealership under the same key, told apart by its number."""
    for number, owned in ((1, alpha), (2, beta)):
        with app.app_context(), tenant(owned.id), transaction():
            db.session.execute(text("DELETE FROM core_counters"))
            db.session.add(Counter(kind="mark", store_id=STORE, last=number))
    with app.app_context():
        yield


def mark() -> int:
    return int(db.session.execute(text("SELECT last FROM core_counters")).scalar_one())


def test_without_a_scope_every_statement_fails() -> None:
    with pytest.raises(NoScope):
        db.session.execute(text("SELECT 1"))
    with pytest.raises(NoScope):
        db.session.get(Counter, ("mark", STORE))
    with pytest.raises(NoScope), transaction():
        pass


def test_role_and_path_are_the_tenants_and_public_is_on_no_path(alpha: Tenant) -> None:
    with tenant(alpha.id):
        role, path = db.session.execute(WHO).one()
    assert role == alpha.schema
    assert path == f"{alpha.schema}, shared, ext, pg_temp"


def test_platform_sees_the_directory_and_no_tenants_rows(alpha: Tenant) -> None:
    with platform():
        assert db.session.execute(text("SELECT count(*) FROM tenants")).scalar_one() >= 2
        with pytest.raises(DBAPIError) as refused:
            db.session.execute(text(f"SELECT * FROM {alpha.schema}.core_counters"))
        assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


def test_nested_tenants_each_see_their_own_rows_and_the_outer_one_afterwards(alpha: Tenant, beta: Tenant) -> None:
    with tenant(alpha.id):
        assert mark() == 1
        with tenant(beta.id):
            assert mark() == 2
        assert mark() == 1
        with pytest.raises(ZeroDivisionError), tenant(beta.id):
            assert mark() == 2
            raise ZeroDivisionError
        assert mark() == 1


def test_a_session_refuses_another_scope_than_its_first(alpha: Tenant, beta: Tenant) -> None:
    with tenant(alpha.id):
        session = db.session()
        row = session.get(Counter, ("mark", STORE))
        with tenant(beta.id):
            for use in (
                lambda: session.execute(text("SELECT 1")),
                lambda: session.get(Counter, ("mark", STORE)),
                lambda: session.refresh(row),
                lambda: session.flush(),
                lambda: session.connection(),
            ):
                with pytest.raises(WrongScope):
                    use()
        assert session.get(Counter, ("mark", STORE)).last == 1


def test_lazy_values_are_not_loaded_in_another_tenant(alpha: Tenant, beta: Tenant) -> None:
    with tenant(alpha.id):
        row = db.session.get(Counter, ("mark", STORE))
        db.session.expire(row)
        with tenant(beta.id), pytest.raises(WrongScope):
            _ = row.last
        assert row.last == 1


@pytest.mark.parametrize("accident", [("SELECT 1/0",), ("SET LOCAL statement_timeout = 20", "SELECT pg_sleep(5)")])
def test_an_idle_connection_is_nobodys(alpha: Tenant, accident: tuple[str, ...]) -> None:
    """Case I2: after an error, a time-out and a plain read the pooled connection has neither role nor path."""
    with tenant(alpha.id), pytest.raises(DBAPIError):
        mark()
        for statement in accident:
            db.session.execute(text(statement))
    pooled = db.engine.raw_connection()
    try:
        row = pooled.driver_connection.execute("SELECT current_user, current_setting('search_path')").fetchone()
    finally:
        pooled.close()
    assert row == ("forecourt_app", '""')


def test_the_context_is_set_at_every_begin(alpha: Tenant) -> None:
    with tenant(alpha.id):
        assert mark() == 1
        db.session.commit()
        assert mark() == 1
        with db.session.begin_nested():
            assert mark() == 1
        with pytest.raises(DBAPIError), db.session.begin_nested():
            db.session.execute(text("SELECT 1/0"))
        assert mark() == 1


def test_a_thread_without_a_context_fails_and_a_copied_context_keeps_its_own(app: Flask, alpha: Tenant) -> None:
    seen: list[object] = []

    def read() -> None:
        with app.app_context():
            try:
                seen.append(mark())
            except NoScope as error:
                seen.append(type(error))

    with tenant(alpha.id):
        bare = threading.Thread(target=read)
        bare.start()
        bare.join()
        copied = threading.Thread(target=contextvars.copy_context().run, args=(read,))
        copied.start()
        copied.join()
    assert seen == [NoScope, 1]


def test_a_missing_table_is_an_error_and_never_somebody_elses(alpha: Tenant) -> None:
    """Case I20: nothing falls through to another schema on the path."""
    with owner() as connection:
        connection.execute(f"ALTER TABLE {alpha.schema}.core_counters RENAME TO set_aside")
    try:
        with tenant(alpha.id), pytest.raises(DBAPIError) as refused:
            mark()
        assert isinstance(refused.value.orig, psycopg.errors.UndefinedTable)
    finally:
        with owner() as connection:
            connection.execute(f"ALTER TABLE {alpha.schema}.set_aside RENAME TO core_counters")


def test_a_vanished_transaction_never_loses_a_write_in_silence(alpha: Tenant) -> None:
    with tenant(alpha.id), pytest.raises(OperationalError), transaction():
        db.session.execute(text("UPDATE core_counters SET last = 99"))
        db.session.connection().connection.driver_connection.execute("ROLLBACK")
    with tenant(alpha.id):
        assert mark() == 1


def test_a_tenant_whose_role_is_missing_is_gone_at_begin(app: Flask, alpha: Tenant) -> None:
    with owner() as connection:
        connection.execute(
            "INSERT INTO tenants (id, slug, name, locale, currency, country, timezone, state) "
            "VALUES ('zzzzzzzzzzzz', 'ghost', 'Ghost', 'en', 'USD', 'US', 'UTC', 'active') ON CONFLICT DO NOTHING"
        )
        connection.execute("UPDATE directory_state SET version = version + 1")
        connection.execute(
            "UPDATE tenants SET directory_version = (SELECT version FROM directory_state) WHERE id = 'zzzzzzzzzzzz'"
        )
    with pytest.raises(DBAPIError) as refused, tenant("zzzzzzzzzzzz"):
        mark()
    assert isinstance(refused.value.orig, psycopg.errors.InvalidParameterValue)
    with tenant(alpha.id):
        assert mark() == 1
    with owner() as connection:
        # Processes hear of an end through the version; a row that merely vanished would live on in their copies.
        connection.execute("UPDATE directory_state SET version = version + 1")
        connection.execute(
            "UPDATE tenants SET state = 'deleted', directory_version = (SELECT version FROM directory_state) "
            "WHERE id = 'zzzzzzzzzzzz'"
        )
    directory.refresh()


def test_an_unknown_tenant_is_not_found() -> None:
    with pytest.raises(NotFound), tenant("000000000000"):
        pass


def test_a_dead_pooled_connection_is_replaced_once(app: Flask, admin_url: str, alpha: Tenant, database: str) -> None:
    with tenant(alpha.id):
        mark()
    with psycopg.connect(admin_url, autocommit=True) as admin:
        # Ours alone: other databases of this server belong to tests that run beside this one.
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'forecourt_app' AND datname = %s",
            [database],
        )
    with tenant(alpha.id), transaction():
        db.session.execute(text("UPDATE core_counters SET last = 5"))
    with tenant(alpha.id):
        assert mark() == 5


def test_one_page_costs_begin_statement_and_end(alpha: Tenant) -> None:
    """No statement is added for the tenant: the BEGIN message carries it."""
    sent: list[str] = []
    with tenant(alpha.id):
        event.listen(db.engine, "before_cursor_execute", lambda *args: sent.append(args[2]))
        mark()
    assert sent == ["SELECT last FROM core_counters"]


def test_nested_transactions_are_refused(alpha: Tenant) -> None:
    with tenant(alpha.id), transaction(), pytest.raises(RuntimeError), transaction():
        pass
