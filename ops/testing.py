"""`test`: runs the whole suite on throw-away servers, away from any installation."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time

from ops import assets, secrets
from ops.accounts import scratch_folder
from ops.catalogues import compile_catalogues
from ops.errors import OpsError
from ops.layout import ROOT
from ops.postgres import EmbeddedPostgres
from ops.postgres_binaries import major_version
from ops.valkey import EmbeddedValkey

# A test's data need not outlive a power cut.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "300"}


def main(arguments: list[str]) -> int:
    """Run pytest with `arguments` (two processes unless they say otherwise) and return its exit code."""
    begun = time.monotonic()
    folder = scratch_folder("forecourt-test-")
    if shutil.disk_usage(folder).free < 300_000_000:
        raise OpsError(f"The disk is nearly full: the tests need 300 MB in {folder.parent}.")
    postgres = EmbeddedPostgres(folder / "postgres", password=secrets.readable_password(), settings=FORGETFUL)
    valkey = EmbeddedValkey(folder / "valkey", password=secrets.readable_password())
    try:
        building = assets.begin()
        compile_catalogues()
        print("Starting throw-away servers …", flush=True)
        valkey.launch()
        admin, redis_url = postgres.start(), valkey.wait_until_ready()
        assets.finish(building)
        print(f"The tests run on PostgreSQL {major_version(postgres.bin_dir)}.", flush=True)
        spread = [] if any(argument.startswith(("-n", "--numprocesses")) for argument in arguments) else ["-n", "2"]
        # Settings of a real installation must not leak into the tests.
        foreign = ("DATABASE_URL", "REDIS_URL", "MIGRATOR_DATABASE_URL", "RELAY_DATABASE_URL", "ADMIN_DATABASE_URL")
        environment = {name: value for name, value in os.environ.items() if name not in foreign}
        environment |= {"FORECOURT_TEST_ADMIN_URL": admin, "FORECOURT_TEST_REDIS_URL": redis_url,
                        "FORECOURT_DATA": str(folder / "var"), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "pytest", *spread, *arguments]
        ran = subprocess.run(command, cwd=ROOT, env=environment, check=False)
        print(f"The tests took {time.monotonic() - begun:.0f} s, servers included.", flush=True)
        return ran.returncode
    finally:
        valkey.stop()
        postgres.stop()
        postgres.wipe()
        shutil.rmtree(folder, ignore_errors=True)
