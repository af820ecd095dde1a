"""The in-process copy of the tenant directory: hosts and tenants, without a statement per request.

The whole directory is held, so an unknown host costs a dictionary look-up and no database work. The copy is
compared with the directory's version at most once a second, and only rows changed since are read.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app.core.db import scopes
from app.core.db.platform import announcements, directory_state, hosts, tenants
from app.core.db.session import db
from app.core.logging import get_logger

log = get_logger(__name__)

REFRESH_SECONDS = 1.0
GONE = "deleted"
# What the application's role may read; the rest of the row is the owner's.
_COLUMNS = (
    *(tenants.c.id, tenants.c.slug, tenants.c.name, tenants.c.state, tenants.c.dsn_name, tenants.c.login),
    *(tenants.c.schema_version, tenants.c.locale, tenants.c.currency, tenants.c.country, tenants.c.timezone),
)
_ANNOUNCED = (
    *(announcements.c.id, announcements.c.texts, announcements.c.tone),
    *(announcements.c.starts_at, announcements.c.ends_at),
)


@dataclass(frozen=True)
class Announcement:
    """What the operator says to everybody, for a time."""

    id: UUID
    texts: Mapping[str, str]
    tone: str
    starts_at: datetime
    ends_at: datetime


class Directory:
    """One process's copy of `platform.tenants` and `platform.hosts`, and of the announcements that are not over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._checked = float("-inf")
        self._version = -1
        self._tenants: dict[str, scopes.Tenant] = {}
        self._hosts: dict[str, str] = {}
        self._announcements: tuple[Announcement, ...] = ()

    def refresh(self, *, force: bool = False) -> None:
        """Catch up with the database when the last look is a second old; an old copy outlives a database fault."""
        if not force and time.monotonic() - self._checked < REFRESH_SECONDS:
            return
        with self._lock:
            if not force and time.monotonic() - self._checked < REFRESH_SECONDS:
                return
            try:
                self._catch_up()
            except SQLAlchemyError as error:
                if self._version < 0:
                    raise
                log.warning("directory_not_refreshed", error=type(error).__name__)
            self._checked = time.monotonic()

    def _catch_up(self) -> None:
        with scopes.entered(scopes.PLATFORM), db.engine.connect() as connection:
            version = connection.execute(select(directory_state.c.version)).scalar_one()
            if version == self._version:
                return
            query = select(*_COLUMNS).where(tenants.c.directory_version > self._version)
            changed = connection.execute(query).mappings().all()
            ids = [row["id"] for row in changed]
            names: dict[str, list[str]] = {}
            host_query = select(hosts.c.host, hosts.c.tenant_id)
            if self._version >= 0:
                host_query = host_query.where(hosts.c.tenant_id.in_(ids))
            for host, tenant_id in connection.execute(host_query.order_by(hosts.c.created_at, hosts.c.host)):
                names.setdefault(tenant_id, []).append(host)
            coming = select(*_ANNOUNCED).where(announcements.c.ends_at > func.now()).order_by(announcements.c.starts_at)
            announced = tuple(Announcement(*row) for row in connection.execute(coming))
        known = dict(self._tenants)
        by_host = {host: owner for host, owner in self._hosts.items() if owner not in set(ids)}
        for row in changed:
            known.pop(row["id"], None)
            if row["state"] == GONE:
                continue
            own = tuple(names.get(row["id"], ()))
            known[row["id"]] = scopes.Tenant(
                id=row["id"], slug=row["slug"], name=row["name"], state=row["state"], dsn_name=row["dsn_name"],
                login=row["login"], schema_version=row["schema_version"], locale=row["locale"],
                currency=row["currency"], country=row["country"], timezone=row["timezone"], hosts=own,
            )  # fmt: skip
            by_host.update(dict.fromkeys(own, row["id"]))
        self._announcements = announced
        self._tenants, self._hosts, self._version = known, by_host, version

    def outdate(self) -> None:
        """Catch up before the next answer."""
        self._checked = float("-inf")

    def get(self, tenant_id: str) -> scopes.Tenant | None:
        """The tenant `tenant_id`, looked up anew when it is not in the copy yet."""
        self.refresh()
        if tenant_id not in self._tenants and scopes.SCHEMA_SHAPE.match(f"t_{tenant_id}"):
            self.refresh(force=True)
        return self._tenants.get(tenant_id)

    def find_host(self, host: str) -> scopes.Tenant | None:
        """The tenant that answers at `host` (lower case, no port), or None."""
        self.refresh()
        return self._tenants.get(self._hosts.get(host, ""))

    def announced(self, now: datetime) -> Sequence[Announcement]:
        """What the operator says to everybody at `now`, as the copy has it."""
        return [item for item in self._announcements if item.starts_at <= now < item.ends_at]

    def all(self) -> list[scopes.Tenant]:
        """Every tenant that is not deleted, by id."""
        self.refresh(force=True)
        return [self._tenants[key] for key in sorted(self._tenants)]


def _here() -> Directory:
    try:
        found: Directory = current_app.extensions["forecourt_directory"]
    except KeyError:
        found = current_app.extensions.setdefault("forecourt_directory", Directory())
    return found


def get(tenant_id: str) -> scopes.Tenant | None:
    """The tenant `tenant_id` of this process's copy, or None."""
    return _here().get(tenant_id)


def find_host(host: str) -> scopes.Tenant | None:
    """The tenant that answers at `host` (lower case, no port), or None."""
    return _here().find_host(host)


def all_tenants() -> list[scopes.Tenant]:
    """Every tenant that is not deleted, by id, read anew."""
    return _here().all()


def announced(now: datetime) -> Sequence[Announcement]:
    """What the operator says to everybody at `now`."""
    return _here().announced(now)


def outdate() -> None:
    """Have the next look-up of this process catch up first: for whoever has just changed the directory."""
    _here().outdate()


def refresh() -> None:
    """Catch up with the directory now: for a process that has just changed it."""
    _here().refresh(force=True)
