"""The embedded Valkey against a kill: every acknowledged key is there, and only the password opens it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
import redis

from ops.accounts import scratch_folder
from ops.valkey import EmbeddedValkey


@pytest.fixture
def server() -> Iterator[EmbeddedValkey]:
    folder = scratch_folder("forecourt-ops-")
    server = EmbeddedValkey(folder / "a folder", password="p" * 32)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


def test_a_crash_keeps_the_keys_and_the_address(server: EmbeddedValkey) -> None:
    with redis.Redis.from_url(server.url) as client:
        for number in range(200):
            client.set(f"key:{number}", number)
    before = server.url
    server.kill()
    assert server.start() == before
    with redis.Redis.from_url(server.url) as client:
        assert client.dbsize() == 200


def test_nobody_gets_in_without_the_password(server: EmbeddedValkey) -> None:
    with redis.Redis(port=server.port or 0, retry=None) as client, pytest.raises(redis.AuthenticationError):
        client.ping()
    assert (server.data_dir / "server.conf").stat().st_mode & 0o077 == 0


def test_a_second_launcher_attaches_and_leaves_the_server_alone(server: EmbeddedValkey) -> None:
    second = EmbeddedValkey(server.data_dir, password="p" * 32)
    assert second.start() == server.url
    second.stop()
    with redis.Redis.from_url(server.url) as client:
        assert client.ping()


def test_a_takeover_ends_the_orphan(server: EmbeddedValkey) -> None:
    second = EmbeddedValkey(server.data_dir, password="p" * 32, takeover=True)
    second.start()
    assert server.process is not None
    assert server.process.wait(5) == 0
    second.stop()
