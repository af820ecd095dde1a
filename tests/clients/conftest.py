"""Both clients, made once by the command itself for all processes of a run, and a dealership to call."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from app.core.db import Tenant, db
from app.core.db.ids import to_public
from app.tenants.models import Store
from ops.layout import ROOT
from tests.factories.sales import make_customer
from tests.fixtures.programs import make_key
from tests.fixtures.serving import Served


def make_clients(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-P", "-m", "ops", "clients", str(folder)], cwd=ROOT, check=False, text=True,
                          capture_output=True, timeout=180, env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip


@pytest.fixture(scope="session")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder the command filled; whichever process comes first has it filled."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "clients"
    with (shared / "clients.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            ran = make_clients(folder)
            assert ran.returncode == 0, ran.stderr
    return folder


@dataclass(frozen=True)
class Called:
    """Where a client goes: the address, the host it names, a key that may and one that reads little."""

    url: str
    host: str
    key: str
    narrow: str
    store: str


@pytest.fixture
def called(served: Served, in_alpha: Tenant) -> Called:
    """A dealership with customers of both kinds, at the real server."""
    store = db.session.scalars(select(Store).order_by(Store.created_at, Store.id)).first()
    assert store is not None
    for number in range(3):
        make_customer(store, f"Ada {number}")
    host = f"{in_alpha.hosts[0]}:{served.port}"
    narrow = make_key("tenant_admin", ["stock.see"])
    return Called(f"http://127.0.0.1:{served.port}", host, make_key("tenant_admin"), narrow,
                  to_public("store", store.id))  # fmt: skip
