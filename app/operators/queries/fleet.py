"""The fleet as the directory and the ops worker's counts know it: never a dealership's own rows."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, tuple_

from app.core import clock
from app.core.db import db, revisions
from app.core.db.platform import hosts
from app.core.errors import NotFound
from app.operators import rules
from app.operators.models import announcements, dead_letters, operator_consents, tenant_queues, tenant_usage, tenants

# Whole rows are the owner's: the request of a new dealership is sealed in them.
_COLUMNS = (
    *(tenants.c.id, tenants.c.slug, tenants.c.name, tenants.c.state, tenants.c.dsn_name, tenants.c.schema_version),
    *(tenants.c.locale, tenants.c.currency, tenants.c.country, tenants.c.timezone, tenants.c.failure),
    *(tenants.c.delete_after, tenants.c.created_at),
)
_KNOWN = tenants.c.state != "deleted"
STATES = ("requested", "provisioning", "active", "suspended", "deleting")


@dataclass(frozen=True)
class Asked:
    """What the list of dealerships is narrowed to."""

    text: str = ""
    state: str = ""
    version: str = ""
    after: str = ""


def list_dealerships(asked: Asked) -> tuple[Sequence[Any], str | None]:
    """A page of dealerships by slug, and after which slug the next one begins, if there is one."""
    query = select(*_COLUMNS).where(_KNOWN)
    if asked.text:
        found = func.lower(tenants.c.name).contains(asked.text.lower(), autoescape=True)
        query = query.where(or_(found, tenants.c.slug.startswith(asked.text.lower(), autoescape=True)))
    if asked.state in STATES:
        query = query.where(tenants.c.state == asked.state)
    if asked.version == "behind":
        query = query.where(tenants.c.schema_version.is_distinct_from(revisions.head("tenants")))
    elif asked.version:
        query = query.where(tenants.c.schema_version == asked.version)
    if asked.after:
        query = query.where(tenants.c.slug > asked.after)
    rows = db.session.execute(query.order_by(tenants.c.slug).limit(rules.LISTED + 1)).all()
    more = len(rows) > rules.LISTED
    return rows[: rules.LISTED], rows[rules.LISTED - 1].slug if more else None


def get_dealership(tenant_id: str) -> Any:
    """One dealership as the directory knows it; raises NotFound, also for one that is deleted."""
    row = db.session.execute(select(*_COLUMNS).where(tenants.c.id == rules.known_id(tenant_id), _KNOWN)).one_or_none()
    if row is None:
        raise NotFound
    return row


def hosts_of(tenant_id: str) -> Sequence[str]:
    """Where a dealership answers, its first host first."""
    query = select(hosts.c.host).where(hosts.c.tenant_id == tenant_id)
    return db.session.scalars(query.order_by(hosts.c.created_at, hosts.c.host)).all()


def usage_of(tenant_id: str) -> Any:
    """What a dealership held when it was last counted."""
    query = select(tenant_usage).where(tenant_usage.c.tenant_id == tenant_id)
    return db.session.execute(query.order_by(tenant_usage.c.counted_on.desc()).limit(1)).one_or_none()


def queue_of(tenant_id: str) -> Any:
    """How full a dealership's outbox was when the ops worker last looked."""
    return db.session.execute(select(tenant_queues).where(tenant_queues.c.tenant_id == tenant_id)).one_or_none()


def open_consent(tenant_id: str) -> Any:
    """The consent of a dealership that holds longest from now on, if there is one."""
    consent = operator_consents.c
    query = select(consent.id, consent.reason, consent.until).where(
        consent.tenant_id == tenant_id, consent.withdrawn_at.is_(None), consent.until > clock.now()
    )
    return db.session.execute(query.order_by(consent.until.desc()).limit(1)).one_or_none()


def count_states() -> Mapping[str, int]:
    """How many dealerships are in each state, in the order of a dealership's life."""
    counted = db.session.execute(select(tenants.c.state, func.count()).where(_KNOWN).group_by(tenants.c.state)).all()
    found: dict[str, int] = {row[0]: row[1] for row in counted}
    return {state: found.get(state, 0) for state in STATES}


def count_versions() -> Sequence[tuple[str | None, int]]:
    """How many dealerships are at each revision of the schema, the newest first."""
    version = tenants.c.schema_version
    query = select(version, func.count()).where(_KNOWN).group_by(version).order_by(version.desc().nulls_last())
    return [(name, count) for name, count in db.session.execute(query)]


def list_failures() -> Sequence[Any]:
    """The dealerships whose last change of the schema failed, and why."""
    query = select(tenants.c.id, tenants.c.slug, tenants.c.failure).where(tenants.c.failure.is_not(None), _KNOWN)
    return db.session.execute(query.order_by(tenants.c.slug).limit(rules.LISTED)).all()


def list_queues() -> Sequence[Any]:
    """The dealerships whose outbox holds dead or late rows, the fullest first."""
    queue = tenant_queues.c
    query = select(tenant_queues, tenants.c.slug).join(tenants, tenants.c.id == queue.tenant_id)
    query = query.where(or_(queue.dead > 0, queue.late > 0))
    return db.session.execute(query.order_by(queue.dead.desc(), queue.late.desc(), tenants.c.slug).limit(100)).all()


def sum_queues() -> Any:
    """Waiting, late and dead rows of all dealerships, and when the oldest of these counts was taken."""
    queue = tenant_queues.c
    sums = (func.coalesce(func.sum(column), 0) for column in (queue.waiting, queue.late, queue.dead))
    return db.session.execute(select(*sums, func.min(queue.counted_at))).one()


def list_dead(tenant_id: str | None = None) -> Sequence[Any]:
    """The newest rows that have died, of all dealerships or of one."""
    letter = dead_letters.c
    query = select(dead_letters, tenants.c.slug).join(tenants, tenants.c.id == letter.tenant_id)
    if tenant_id is not None:
        query = query.where(letter.tenant_id == tenant_id)
    return db.session.execute(query.order_by(letter.dead_at.desc(), letter.outbox_id).limit(100)).all()


def list_usage(after: str = "") -> tuple[Sequence[Any], str | None]:
    """What dealerships held when they were last counted, the largest first; and where the next page begins."""
    usage = tenant_usage.c
    newest = select(func.max(usage.counted_on)).scalar_subquery()
    query = select(tenant_usage, tenants.c.slug, tenants.c.name).join(tenants, tenants.c.id == usage.tenant_id)
    query = query.where(usage.counted_on == newest, _KNOWN)
    size, _, tenant_id = after.partition(":")
    if size.isascii() and size.isdigit() and len(size) < 19:
        query = query.where(tuple_(usage.table_bytes, usage.tenant_id) < tuple_(int(size), rules.printable(tenant_id)))
    order = query.order_by(usage.table_bytes.desc(), usage.tenant_id.desc())
    rows = db.session.execute(order.limit(rules.LISTED + 1)).all()
    last = rows[rules.LISTED - 1] if len(rows) > rules.LISTED else None
    return rows[: rules.LISTED], f"{last.table_bytes}:{last.tenant_id}" if last else None


def sum_usage() -> Any:
    """Users, rows and bytes of all dealerships when they were last counted."""
    usage = tenant_usage.c
    newest = select(func.max(usage.counted_on)).scalar_subquery()
    sums = (func.coalesce(func.sum(column), 0) for column in (usage.users, usage.rows, usage.requests))
    sizes = (func.coalesce(func.sum(column), 0) for column in (usage.table_bytes, usage.file_bytes))
    query = select(*(total.label(name) for name, total in zip(("users", "rows", "requests"), sums, strict=True)),
                   *(total.label(name) for name, total in zip(("table_bytes", "file_bytes"), sizes, strict=True)),
                   func.max(usage.counted_on).label("counted_on"))  # fmt: skip
    return db.session.execute(query.where(usage.counted_on == newest)).one()


def get_announcement(announcement_id: uuid.UUID) -> Any:
    """An announcement that is not over yet; raises NotFound."""
    query = select(announcements).where(announcements.c.id == announcement_id, announcements.c.ends_at > clock.now())
    row = db.session.execute(query).one_or_none()
    if row is None:
        raise NotFound
    return row


def list_announcements(now: datetime) -> Sequence[tuple[Any, str]]:
    """The newest announcements, each with whether it is `coming`, `shown` or `over`."""
    query = select(announcements).order_by(announcements.c.starts_at.desc(), announcements.c.id.desc())
    rows = db.session.execute(query.limit(rules.LISTED)).all()
    return [(row, "over" if row.ends_at <= now else "shown" if row.starts_at <= now else "coming") for row in rows]
