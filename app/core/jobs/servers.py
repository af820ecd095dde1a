"""The relay's connections, one per server and login bucket, and its copy of which tenant lives where."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import psycopg

LOGIN: Final = "forecourt_relay"
REFRESH_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Bucket:
    """A server and the number of the login that may become the tenants there."""

    dsn_name: str
    login: int = 1

    @property
    def role(self) -> str:
        """The relay's login there, which has the relay's rights and may become the bucket's tenants alone."""
        return LOGIN if self.login == 1 else f"{LOGIN}_{int(self.login)}"


class Servers:
    """Connections opened when first needed, in autocommit: every transaction is spelt out."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self.names = tuple(urls)
        self._urls = dict(urls)
        self._open: dict[Bucket, psycopg.Connection[Any]] = {}

    def connection(self, bucket: Bucket) -> psycopg.Connection[Any]:
        """The connection of `bucket`, opened anew when it has broken."""
        known = self._open.get(bucket)
        if known is None or known.closed:
            known = psycopg.connect(
                bucket_url(self._urls[bucket.dsn_name], bucket.login),
                autocommit=True,
                connect_timeout=5,
                application_name="forecourt-relay",
                prepare_threshold=None,
            )
            self._open[bucket] = known
        return known

    def is_broken(self, bucket: Bucket) -> bool:
        """Whether the connection of `bucket` is gone, as opposed to one statement having failed on it."""
        known = self._open.get(bucket)
        return known is None or known.closed

    def close(self) -> None:
        """Close every connection."""
        for connection in self._open.values():
            with contextlib.suppress(psycopg.Error):
                connection.close()
        self._open.clear()


def bucket_url(url: str, login: int) -> str:
    """`url` for login bucket `login`: the first is the URL's own user, others end in its number."""
    if login == 1:
        return url
    parts = urlsplit(url)
    credentials, _, place = parts.netloc.rpartition("@")
    user, colon, password = credentials.partition(":")
    return urlunsplit(parts._replace(netloc=f"{user}_{int(login)}{colon}{password}@{place}"))


class Directory:
    """Which tenants there are, where they live and whether they are active; read anew when asked a second later."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._read_at = float("-inf")
        self._tenants: dict[str, tuple[Bucket, bool]] = {}

    def find(self, role: str) -> tuple[Bucket | None, bool]:
        """The bucket of the tenant whose role is `role` and whether it is active; (None, False) when unknown."""
        self._refresh()
        return self._tenants.get(role, (None, False))

    def active_roles(self) -> list[str]:
        """The roles of all active tenants."""
        self._refresh()
        return [role for role, (_, active) in self._tenants.items() if active]

    def _refresh(self) -> None:
        if time.monotonic() - self._read_at < REFRESH_SECONDS:
            return
        with self._servers.connection(Bucket("main")).transaction():
            connection = self._servers.connection(Bucket("main"))
            connection.execute(f"SET LOCAL ROLE {LOGIN}")
            rows = connection.execute(
                "SELECT id, dsn_name, login, state = 'active' FROM platform.tenants WHERE state <> 'deleted'"
            ).fetchall()
        self._tenants = {f"t_{row[0]}": (Bucket(row[1], row[2]), row[3]) for row in rows}
        self._read_at = time.monotonic()
