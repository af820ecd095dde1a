"""Gateway, image and compose file as text: valid, pinned, without secrets, and no process given more than it needs."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from app.core.jobs.queues import QueueName
from app.factory import MAX_UPLOAD_BYTES
from ops import programs, secret_files
from tests.fixtures.composed import ROOT, compose, image_environment, instructions

COMPOSE = compose()
SERVICES: dict[str, Any] = COMPOSE["services"]
CADDYFILE = (ROOT / "gateway" / "Caddyfile").read_text()
GATEWAY_SETTINGS: list[dict[str, str]] = [
    {},
    {"FORECOURT_PORT": "8000", "FORECOURT_UPSTREAMS": "127.0.0.1:8001 127.0.0.1:8002"},
    SERVICES["gateway"]["environment"],
    {**SERVICES["gateway"]["environment"], "FORECOURT_TLS": "public", "ACME_EMAIL": "owner@example.com",
     "FORECOURT_SITES": "forecourt.example, north.forecourt.example"},
]  # fmt: skip


def against_the_schema(file: Path) -> subprocess.CompletedProcess[str]:
    """The specification's own schema, as its package ships it."""
    command = [programs.tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", file]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_compose_file_follows_the_specification() -> None:
    checked = against_the_schema(ROOT / "docker-compose.yml")
    assert checked.returncode == 0, checked.stdout


def test_the_schema_refuses_what_is_wrong(tmp_path: Path) -> None:
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text((ROOT / "docker-compose.yml").read_text().replace("stop_grace_period:", "stop_graceperiod:", 1))
    assert against_the_schema(wrong).returncode == 1


@pytest.mark.parametrize("settings", GATEWAY_SETTINGS, ids=["bare", "embedded", "compose", "public"])
def test_caddy_accepts_the_gateway(settings: dict[str, str], tmp_path: Path) -> None:
    command = [programs.tool("caddy"), "validate", "--adapter", "caddyfile", "--config", "gateway/Caddyfile"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **settings}
    checked = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_the_gateway_takes_what_the_application_takes() -> None:
    found = re.search(r"max_size (\d+)MiB", CADDYFILE)
    assert found is not None
    limit = int(found[1]) * 1024 * 1024
    assert MAX_UPLOAD_BYTES < limit < MAX_UPLOAD_BYTES * 1.1
    assert f"> {limit}`" in CADDYFILE


def images() -> list[str]:
    """Every image that is fetched: base images and services that are not built here."""
    bases = [rest.split()[0] for name, rest in instructions() if name == "FROM"]
    return bases + [service["image"] for service in SERVICES.values() if "build" not in service]


def test_images_are_pinned() -> None:
    assert len(images()) == 6
    for image in images():
        assert re.fullmatch(r"[a-z]+:\d+(\.\d+)*(-[a-z]+)*", image), image
        assert "latest" not in image


def test_no_secret_stands_in_the_files() -> None:
    """Secrets come from files alone; what is written out is no password, key or address that holds one."""
    for text in ((ROOT / "docker-compose.yml").read_text(), (ROOT / "Dockerfile").read_text(), CADDYFILE):
        assert not re.search(r"://[^/\s:]*:[^@\s]+@", text)
    for service in SERVICES.values():
        for name in service.get("environment", {}):
            secret = re.search(r"PASSWORD|SECRET|_KEY|DATABASE_URL|REDIS_URL|SMTP_URL|TOKEN", name)
            assert not secret or name.endswith("_FILE"), name
    assert set(COMPOSE["secrets"]) == set(secret_files.contents())
    assert "secrets" not in " ".join(rest for name, rest in instructions() if name in ("COPY", "ADD"))


@pytest.mark.parametrize(("secret", "owners"), [
    ("postgres_password", {"postgres"}),
    ("admin_database_url", {"migrate"}),
    ("migrator_database_url", {"migrate", "ops"}),
    ("relay_database_url", {"migrate", "ops", "relay"}),
    ("backup_password", {"migrate"}),
    ("database_url", {"web1", "web2", "worker", "ops", "migrate"}),
    ("master_key", {"web1", "web2", "worker", "ops", "migrate"}),
    ("secret_key", {"web1", "web2", "worker", "ops", "migrate"}),
    ("smtp_url", {"worker"}),
    ("redis_conf", {"redis"}),
    ("redis_url", {"web1", "web2", "worker", "ops", "relay", "beat1", "beat2", "migrate"}),
])  # fmt: skip
def test_who_is_given_which_secret(secret: str, owners: set[str]) -> None:
    assert {name for name, service in SERVICES.items() if secret in service.get("secrets", [])} == owners
    assert COMPOSE["secrets"][secret] == {"file": f"./secrets/{secret}"}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_secret_a_service_reads_is_given(name: str) -> None:
    service = SERVICES[name]
    words = [*map(str, service.get("environment", {}).values()), *service.get("command", [])]
    read = {word.removeprefix("/run/secrets/") for word in words if word.startswith("/run/secrets/")}
    assert read == set(service.get("secrets", []))


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_is_watched_bounded_and_ended_in_time(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] in ("unless-stopped", "on-failure:3")
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert re.fullmatch(r"\d+s", service["stop_grace_period"])
    assert service["logging"]["options"]["max-size"]
    assert "no-new-privileges:true" in service["security_opt"]
    if name == "migrate":
        assert service["healthcheck"] == {"disable": True}
    else:
        assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    if "build" in service:
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]


def test_only_the_gateway_is_reached_from_outside() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"gateway"}
    assert COMPOSE["networks"]["back"] == {"internal": True}
    fronted = {name for name, service in SERVICES.items() if "front" in service["networks"]}
    assert fronted == {"gateway", "web1", "web2"}
    address = SERVICES["gateway"]["networks"]["front"]["ipv4_address"]
    assert SERVICES["web1"]["environment"]["GATEWAY_ADDRESSES"] == f"{address}/32"


def test_two_copies_and_two_clocks() -> None:
    assert SERVICES["web1"] == SERVICES["web2"]
    assert SERVICES["beat1"] == SERVICES["beat2"]
    assert SERVICES["gateway"]["environment"]["FORECOURT_UPSTREAMS"] == "web1:8000 web2:8000"


def test_every_queue_has_its_consumers() -> None:
    commands = [service["command"] for service in SERVICES.values() if "-Q" in service.get("command", [])]
    consumed = [queue for command in commands for queue in command[command.index("-Q") + 1].split(",")]
    # The audit's has two, so that a long step of another keeps no entry waiting.
    assert sorted(consumed) == sorted([*QueueName, QueueName.AUDIT])


def test_the_image_runs_web_by_default_as_nobody_in_particular() -> None:
    last = instructions()[[name for name, _ in instructions()].index("FROM", 1):]
    values = dict(last)
    assert re.findall(r'"([^"]+)"', values["CMD"]) == SERVICES["web1"]["command"]
    assert values["USER"] == "forecourt"
    assert "HEALTHCHECK" in values
    assert set(image_environment()) >= {"FLASK_APP", "FILES_DIR", "PYTHONPATH"}


def test_what_the_image_needs_passes_dockerignore() -> None:
    """The ignore file names what may enter; everything the Dockerfile copies is among it."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    let_in = {line[1:] for line in lines if line.startswith("!")}
    copied = [word.rstrip("*") for name, rest in instructions() if name == "COPY" and not rest.startswith("--from")
              for word in rest.split()[:-1]]  # fmt: skip
    assert set(copied) == let_in


def test_the_secret_files_are_made_once_and_kept_from_others(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    assert sorted(secret_files.make(folder)) == sorted(COMPOSE["secrets"])
    assert folder.stat().st_mode & 0o777 == 0o700
    before = {path.name: path.read_text() for path in folder.iterdir()}
    assert secret_files.make(folder) == []
    assert {path.name: path.read_text() for path in folder.iterdir()} == before
    (folder / "master_key").unlink()
    with pytest.raises(FileExistsError, match="not master_key"):
        secret_files.make(folder)
