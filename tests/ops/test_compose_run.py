"""The commands of docker-compose.yml, run as plain processes from an empty server to a job that went through."""

from __future__ import annotations

import http.client
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from ops.accounts import scratch_folder
from ops.programs import tool
from tests.fixtures.composed import ROOT, Composed

LONG_RUNNING = ("web1", "web2", "worker", "ops", "relay", "beat1", "beat2")


@pytest.fixture
def composed() -> Iterator[Composed]:
    made = Composed(scratch_folder("forecourt-compose-"), {"DEMO_MAIL": "1", "LOG_LEVEL": "WARNING"})
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(made.folder)


def start_gateway(composed: Composed) -> None:
    """Caddy, with the environment of its service."""
    command = [tool("caddy"), "run", "--adapter", "caddyfile", "--config", str(ROOT / "gateway" / "Caddyfile")]
    places = {"XDG_DATA_HOME": str(composed.folder / "caddy"), "XDG_CONFIG_HOME": str(composed.folder / "caddy")}
    composed.run("gateway", command, FORECOURT_HTTP_PORT=str(composed.ports["http"]),
                 FORECOURT_HTTPS_PORT=str(composed.ports["https"]), **places)  # fmt: skip


def get(composed: Composed, host: str, path: str) -> tuple[int, str]:
    """Fetch a page over https from the gateway; (0, "") while nobody answers. Trusts the gateway's own CA alone."""
    authority = composed.folder / "caddy" / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    try:
        context = ssl.create_default_context(cafile=str(authority))
        with socket.create_connection(("127.0.0.1", composed.ports["https"]), timeout=20) as plain, \
                context.wrap_socket(plain, server_hostname=host) as secured:  # fmt: skip
            connection = http.client.HTTPConnection(host, timeout=20)
            connection.sock = secured
            connection.request("GET", path, headers={"Host": f"{host}:{composed.ports['https']}"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
    except OSError:
        return 0, ""


def wait_for(composed: Composed, host: str, path: str, words: str) -> str:
    """Fetch a page until it holds `words`."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        status, text = get(composed, host, path)
        if status == 200 and words in text:
            return text
        time.sleep(0.3)
    raise AssertionError(f"{path} at {host} last said {status}: {text[:500]}")


def test_from_an_empty_server_to_a_job_done(composed: Composed) -> None:
    composed.start_servers()
    # Twice: every `up` runs it.
    for _ in range(2):
        prepared = composed.once("migrate")
        assert prepared.returncode == 0, prepared.stderr
    for name in LONG_RUNNING:
        composed.run(name)
    start_gateway(composed)
    for name in LONG_RUNNING:
        composed.wait(name)
    wait_for(composed, "forecourt.localhost", "/readyz", '"ok"')
    assert get(composed, "forecourt.localhost", "/")[0] == 200
    settings = redis.Redis.from_url((composed.folder / "secrets" / "redis_url").read_text().strip())
    with settings:
        kept = {**settings.config_get("appendonly"), **settings.config_get("maxmemory-policy")}
    assert kept == {"appendonly": "yes", "maxmemory-policy": "noeviction"}

    created = composed.once("ops", "flask", "tenants", "create", "north", "--name", "North Cars", "--admin-email",
                            "owner@example.com")  # fmt: skip
    assert created.returncode == 0, created.stderr
    # The invitation went through outbox, broker and worker, and was caught instead of sent.
    assert "o***@example.com" in wait_for(composed, "north.forecourt.localhost", "/mails", "North Cars")

    for name, check in (("web1", "web"), ("worker", "worker"), ("relay", "relay")):
        composed.running[name].send_signal(signal.SIGTERM)
        composed.running[name].wait(float(str(composed.services[name]["stop_grace_period"]).removesuffix("s")))
        assert not composed.is_healthy(name), check
    assert get(composed, "north.forecourt.localhost", "/sign-in")[0] in (200, 302)  # web2 goes on.


def test_the_bootstrap_says_what_is_wrong(composed: Composed) -> None:
    environment = composed.environment("migrate")
    wrong = Path(environment["DATABASE_URL_FILE"])
    wrong.write_text(wrong.read_text().replace("forecourt_app", "postgres"))
    said = subprocess.run(composed.command("migrate"), cwd=composed.root, env=environment, capture_output=True,
                          text=True, check=False, timeout=60)  # fmt: skip
    assert said.returncode == 1
    assert said.stderr.splitlines()[-1].startswith("DATABASE_URL must be an address like postgresql://forecourt_app:")
