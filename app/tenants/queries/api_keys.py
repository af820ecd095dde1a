"""Which API keys there are, and whom a key acts as: the first statement of a request that brings one."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import LargeBinary, Row, Select, Text, Uuid, and_, bindparam, cast, exists, func, or_, select

from app.core import clock
from app.core.db import current_tenant, db
from app.core.db.columns import Instant
from app.core.db.session import read_columns
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
    row = read_columns(_BY_HASH, {"hash": hashed, "now": clock.now()}).one_or_none()
    if row is None or not api_keys.comes_from(address, row.networks):
        return None
    actor, places = _acting(row)
    return KeyHolder(row.id, actor, row.role, places, row.expires_at, row.last_used_at)


def get_key_actor(key_id: uuid.UUID) -> Actor:
    """Whom a key acts as now, for work it began; raises NotFound once it is over or revoked."""
    row = read_columns(_BY_ID, {"id": key_id, "now": clock.now()}).one_or_none()
    if row is None:
        raise NotFound
    return _acting(row)[0]


_NOW = bindparam("now", type_=Instant)


def _taken() -> Select[Any]:
    """The keys that are taken `now`, each with what its role is granted and sees, and where; the lists as JSON text."""
    parts = [part(Role.id).correlate(Role).scalar_subquery() for part in (grants_of, sights_of)]
    stores = select(func.json_agg(func.json_build_array(Store.id, Store.code, Store.name, Store.timezone))).where(
        Store.closed_at.is_(None), or_(ApiKey.store_id.is_(None), Store.id == ApiKey.store_id)
    )
    lists = {"grants": parts[0], "sights": parts[1], "stores": stores.correlate(ApiKey).scalar_subquery()}
    columns: list[Any] = [
        *(ApiKey.id, ApiKey.name, ApiKey.networks, ApiKey.expires_at, ApiKey.last_used_at, ApiKey.store_id),
        Role.name.label("role"),
        cast(ApiKey.permissions, Text).label("permissions"),
        *(cast(part, Text).label(name) for name, part in lists.items()),
    ]
    taken = ApiKey.revoked_at.is_(None), ApiKey.expires_at > _NOW
    return select(*columns).join(Role, Role.id == ApiKey.role_id).where(*taken)


_HASH = bindparam("hash", type_=LargeBinary)
_OVERLAPPING = and_(ApiKey.old_hash == _HASH, ApiKey.old_until > _NOW)
# Made once: a request with a key begins with the first.
_BY_HASH = _taken().where(or_(ApiKey.hash == _HASH, _OVERLAPPING))
_BY_ID = _taken().where(ApiKey.id == bindparam("id", type_=Uuid))


def _acting(row: Row[Any]) -> tuple[Actor, tuple[SignedInStore, ...]]:
    """As whom the key of this row acts, and where."""
    told = (row.id, row.name, row.store_id, row.permissions, row.grants, row.sights, row.stores)
    return _made_of(current_tenant().id, *told)


@lru_cache(maxsize=1_000)
def _made_of(
    _tenant_id: str,
    key_id: uuid.UUID,
    name: str,
    store_id: uuid.UUID | None,
    permissions: str,
    granted: str | None,
    seen: str | None,
    open_stores: str | None,
) -> tuple[Actor, tuple[SignedInStore, ...]]:
    """What the role is granted, as far as the key's own list goes, at its store. A key owns nothing, is in no team.

    The rows are read for each request; what they make is kept by all they say, so that the same rows make it once.
    """
    found = (SignedInStore(uuid.UUID(given), *texts) for given, *texts in json.loads(open_stores or "[]"))
    places = tuple(sorted(found, key=lambda store: store.code))
    held = roles.expand(json.loads(granted or "[]"), declared())
    wanted = set(json.loads(permissions))
    grants = {name: scope for name, scope in held.items() if name in wanted}
    stores = [store.id for store in places]
    if store_id is not None:
        whole = {name for name, permission in declared().items() if permission.whole}
        grants = api_keys.at_one_store(grants, whole) if stores else {}
    actor = Actor(
        user_id=None,
        name=name,
        grants=grants,
        store_ids=frozenset(stores),
        reach=roles.reach([(stores, grants)], stores),
        sights=roles.expand_sights(json.loads(seen or "[]"), GROUPS),
        key_id=key_id,
    )
    return actor, places


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
