"""The application behind PgBouncer in transaction mode: two server connections, two tenants, never a wrong row."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from app.core.db import Tenant, db, tenant, transaction
from app.core.db.numbering import Counter
from app.factory import create_app
from ops.accounts import own, scratch_folder, server_account
from ops.processes import free_port

STORE = "00000000-0000-7000-8000-000000000003"
READS = 1_200
POOL = 2

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
pytestmark = pytest.mark.skipif(PROGRAM is None and "FORECOURT_REQUIRE_PGBOUNCER" not in os.environ,
                                reason="pgbouncer is not installed")  # fmt: skip


def configuration(folder: Path, server: str, port: int) -> str:
    """Transaction mode with fewer server connections than the application has clients."""
    url = make_url(server)
    return f"""[databases]
{url.database} = host={url.host} port={url.port} dbname={url.database}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {folder / "users"}
pool_mode = transaction
default_pool_size = {POOL}
max_client_conn = 100
logfile = {folder / "pgbouncer.log"}
"""


@pytest.fixture(scope="module")
def bouncer(environ: dict[str, str]) -> Iterator[str]:
    """The application's address through a PgBouncer of our own."""
    url = make_url(environ["DATABASE_URL"])
    folder, port, account = scratch_folder("forecourt-bouncer-"), free_port(), server_account()
    (folder / "pgbouncer.ini").write_text(configuration(folder, environ["DATABASE_URL"], port))
    (folder / "users").write_text(f'"{url.username}" "{url.password}"\n')
    for path in (folder, *folder.iterdir()):
        own(path, account)
    assert PROGRAM is not None
    user = pwd.getpwuid(account.uid if account else os.geteuid()).pw_name
    process = subprocess.Popen([PROGRAM, "-q", *(["-u", user] if account else []), folder / "pgbouncer.ini"])
    through = url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
    try:
        deadline = time.monotonic() + 30
        while not answers(through):
            assert process.poll() is None, (folder / "pgbouncer.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield through
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


def answers(address: str) -> bool:
    """Whether a connection can be made."""
    with suppress(psycopg.OperationalError), psycopg.connect(address, connect_timeout=2):
        return True
    return False


@pytest.fixture(scope="module")
def behind(environ: dict[str, str], bouncer: str) -> Iterator[Flask]:
    """The application with PgBouncer's address."""
    made = create_app({**environ, "DATABASE_URL": bouncer})
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture(scope="module")
def owned(app: Flask, alpha: Tenant, beta: Tenant) -> dict[str, int]:
    """One row in each dealership under the same key: which tenant sees which number."""
    numbers = {alpha.id: 1, beta.id: 2}
    for tenant_id, number in numbers.items():
        with app.app_context(), tenant(tenant_id), transaction():
            db.session.add(Counter(kind="bounced", store_id=STORE, last=number))
    return numbers


def read(app: Flask, tenant_id: str, spoil: bool) -> tuple[int, str]:
    """One request's worth: the tenant's own number and role, now and then after a fault in the same connection."""
    with app.app_context(), tenant(tenant_id):
        if spoil:
            with pytest.raises(DBAPIError):
                db.session.execute(text("SELECT 1 / 0"))
            db.session.rollback()
        query = text("SELECT last, current_user FROM core_counters WHERE kind = 'bounced'")
        row = db.session.execute(query).one()
        return row.last, row.current_user


def test_reads_of_two_tenants_over_two_connections(behind: Flask, owned: dict[str, int]) -> None:
    ids = list(owned)
    with ThreadPoolExecutor(8) as pool:
        calls = [(ids[number % 2], pool.submit(read, behind, ids[number % 2], number % 10 == 0))
                 for number in range(READS)]  # fmt: skip
        seen = [(tenant_id, *call.result()) for tenant_id, call in calls]
    assert len(seen) == READS
    assert set(seen) == {(tenant_id, number, f"t_{tenant_id}") for tenant_id, number in owned.items()}


def test_the_pool_was_really_shared(behind: Flask, owned: dict[str, int], bouncer: str) -> None:
    """Backends were shared by clients: without this the reads above would prove nothing about pooling."""
    ids = list(owned)

    def backend(number: int) -> int:
        with behind.app_context(), tenant(ids[number % 2]):
            return int(db.session.execute(text("SELECT pg_backend_pid() FROM pg_sleep(0.01)")).scalar_one())

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(backend, range(64)))) <= POOL


def test_writes_of_two_tenants_land_where_they_belong(behind: Flask, owned: dict[str, int]) -> None:
    def add(number: int) -> None:
        with behind.app_context(), tenant(list(owned)[number % 2]), transaction():
            statement = text("UPDATE core_counters SET last = last + 10 WHERE kind = 'bounced'")
            assert db.session.execute(statement).rowcount == 1  # type: ignore[attr-defined]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    assert [read(behind, tenant_id, spoil=False)[0] for tenant_id in owned] == [201, 202]
