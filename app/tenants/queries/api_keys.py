"""Which API keys there are, and whom a key acts as: the first statement of a request that brings one."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, exists, func, or_, select

from app.core import clock
from app.core.db import db
from app.core.errors import NotFound
from app.core.guard.classes import GROUPS
from app.core.guard.permissions import Actor, declared, scope_clause
from app.tenants.models import ApiKey, Role, Store, User
from app.tenants.queries.sessions import SignedInStore, grants_of, sights_of
from app.tenants.rules import api_keys, roles


@dataclass(frozen=True)
class KeyHolder:
    """A key that is taken: what it may do, and where."""

    key_id: uuid.UUID
    actor: Actor
    role: str
    stores: tuple[SignedInStore, ...]
    expires_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class KeyLine:
    """A key as pages show it."""

    key: ApiKey
    role: str
    store: str | None
    by: str | None
    state: str


def read_key(text: str, address: str) -> KeyHolder | None:
    """Whom this key acts as from this address, or None: unknown, over, revoked, or used from elsewhere."""
    if not api_keys.is_well_formed(text):
        return None
    hashed = api_keys.hash_of(text)
    overlapping = and_(ApiKey.old_hash == hashed, ApiKey.old_until > clock.now())
    row = db.session.execute(_taken().where(or_(ApiKey.hash == hashed, overlapping))).one_or_none()
    if row is None or not api_keys.comes_from(address, row.networks):
        return None
    places = _places(row)
    return KeyHolder(row.id, _actor(row, places), row.role, places, row.expires_at, row.last_used_at)


def get_key_actor(key_id: uuid.UUID) -> Actor:
    """Whom a key acts as now, for work it began; raises NotFound once it is over or revoked."""
    row = db.session.execute(_taken().where(ApiKey.id == key_id)).one_or_none()
    if row is None:
        raise NotFound
    return _actor(row, _places(row))


def _taken() -> Select[Any]:
    """The keys that are taken, each with what its role is granted and sees, and where."""
    parts = [part(Role.id).correlate(Role).scalar_subquery() for part in (grants_of, sights_of)]
    stores = select(func.json_agg(func.json_build_array(Store.id, Store.code, Store.name, Store.timezone))).where(
        Store.closed_at.is_(None), or_(ApiKey.store_id.is_(None), Store.id == ApiKey.store_id)
    )
    return (
        select(
            *(ApiKey.id, ApiKey.name, ApiKey.permissions, ApiKey.networks, ApiKey.expires_at, ApiKey.last_used_at),
            ApiKey.store_id,
            Role.name.label("role"),
            parts[0].label("grants"),
            parts[1].label("sights"),
            stores.correlate(ApiKey).scalar_subquery().label("stores"),
        )
        .join(Role, Role.id == ApiKey.role_id)
        .where(ApiKey.revoked_at.is_(None), ApiKey.expires_at > clock.now())
    )


def _places(row: Row[Any]) -> tuple[SignedInStore, ...]:
    found = (SignedInStore(uuid.UUID(given), code, name, zone) for given, code, name, zone in row.stores or ())
    return tuple(sorted(found, key=lambda store: store.code))


def _actor(row: Row[Any], places: Sequence[SignedInStore]) -> Actor:
    """What the role is granted, as far as the key's own list goes, at its store. A key owns nothing, is in no team."""
    held = roles.expand(row.grants or (), declared())
    wanted = set(row.permissions)
    grants = {name: scope for name, scope in held.items() if name in wanted}
    stores = [store.id for store in places]
    if row.store_id is not None:
        whole = {name for name, permission in declared().items() if permission.whole}
        grants = api_keys.at_one_store(grants, whole) if stores else {}
    return Actor(
        user_id=None,
        name=row.name,
        grants=grants,
        store_ids=frozenset(stores),
        reach=roles.reach([(stores, grants)], stores),
        sights=roles.expand_sights(row.sights or (), GROUPS),
        key_id=row.id,
    )


def list_keys(actor: Actor) -> list[KeyLine]:
    """The keys `actor` may see, those in use first, the newest first."""
    lines = [_line(row) for row in db.session.execute(_lines(actor, "api_key.see").limit(500))]
    return sorted(lines, key=lambda line: line.state != "active")


def get_key(actor: Actor, permission: str, key_id: uuid.UUID) -> KeyLine:
    """One key; raises NotFound for one the actor does not reach with `permission`."""
    row = db.session.execute(_lines(actor, permission).where(ApiKey.id == key_id)).one_or_none()
    if row is None:
        raise NotFound
    return _line(row)


def has_live_key(role_id: uuid.UUID) -> bool:
    """Whether a key acts through the role."""
    live = exists().where(ApiKey.role_id == role_id, ApiKey.revoked_at.is_(None), ApiKey.expires_at > clock.now())
    return bool(db.session.scalar(select(live)))


def _lines(actor: Actor, permission: str) -> Select[ApiKey, str, str | None, str | None]:
    return (
        select(ApiKey, Role.name, Store.name, User.name)
        .join(Role, Role.id == ApiKey.role_id)
        .outerjoin(Store, Store.id == ApiKey.store_id)
        .outerjoin(User, User.id == ApiKey.created_by)
        .where(scope_clause(actor, permission, store=ApiKey.store_id))
        .order_by(ApiKey.created_at.desc(), ApiKey.id.desc())
    )


def _line(row: Row[ApiKey, str, str | None, str | None]) -> KeyLine:
    key, role, store, by = row
    state = "revoked" if key.revoked_at else "expired" if key.expires_at <= clock.now() else "active"
    return KeyLine(key, role, store, by, state)
