"""What each process of the stack is given: no login and no key beyond what it needs, and every queue a consumer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.core.jobs.queues import QueueName
from ops import programs, secrets
from ops.layout import Layout
from ops.stack import Stack
from ops.supervisor import Program

ADMIN = "postgresql://postgres:the-admin-password@127.0.0.1:5432/postgres"


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    for name in ("DATABASE_URL", "ADMIN_DATABASE_URL", "MIGRATOR_DATABASE_URL", "RELAY_DATABASE_URL"):
        monkeypatch.setenv(name, ADMIN)
    return Stack(Layout(tmp_path / "var"), secrets.Secrets(), None, None, ADMIN, "redis://:pw@127.0.0.1:6379/0")


def listed(stack: Stack, *, gateway: bool = False) -> dict[str, Program]:
    """The programs by name."""
    return {item.name: item for item in programs.programs(stack, 8000, workers=1, gateway=gateway)}


def has(program: Program, secret: str) -> bool:
    """Whether a secret stands anywhere in a program's environment or command line."""
    return any(secret in value for value in [*program.environment.values(), *program.command])


@pytest.mark.parametrize(("secret", "owners"), [
    ("admin", set()),
    ("migrator_password", {"ops"}),
    ("relay_password", {"ops", "relay"}),
    ("app_password", {"web", "worker", "ops"}),
    ("master_key", {"web", "worker", "ops"}),
    ("secret_key", {"web", "worker", "ops"}),
    ("postgres_password", set()),
])
def test_who_is_given_which_secret(stack: Stack, secret: str, owners: set[str]) -> None:
    value = "the-admin-password" if secret == "admin" else getattr(stack.values, secret)
    assert {name for name, program in listed(stack).items() if has(program, value)} == owners


def test_no_secret_stands_in_a_command_line(stack: Stack) -> None:
    values = [value for value in vars(stack.values).values() if isinstance(value, str)]
    for program in listed(stack, gateway=True).values():
        assert not [value for value in values if any(value in part for part in program.command)]


def test_every_queue_has_its_consumers(stack: Stack) -> None:
    consumed = [queue for program in listed(stack).values() if "-Q" in program.command
                for queue in program.command[program.command.index("-Q") + 1].split(",")]
    # The audit's has two, so that a long step of another keeps no entry waiting.
    assert sorted(consumed) == sorted([*QueueName, QueueName.AUDIT])


def test_only_loopback_is_listened_on(stack: Stack) -> None:
    for program in listed(stack, gateway=True).values():
        words = " ".join(program.command)
        if "--port" in words:
            assert re.search(r"--host 127\.0\.0\.1( |$)", words)


def test_the_gateway_stands_before_two_web_servers(stack: Stack) -> None:
    found = listed(stack, gateway=True)
    assert found["gateway"].environment["FORECOURT_UPSTREAMS"] == "127.0.0.1:8001 127.0.0.1:8002"
    assert found["gateway"].environment["FORECOURT_PORT"] == "8000"
    assert {name for name in found if name.startswith("web")} == {"web-1", "web-2"}
    assert not has(found["gateway"], stack.values.app_password)


def test_who_leaves_first(stack: Stack) -> None:
    order = sorted(listed(stack, gateway=True).values(), key=lambda program: program.stage)
    assert [program.name for program in order] == ["gateway", "web-1", "web-2", "beat", "relay", "worker", "ops"]
