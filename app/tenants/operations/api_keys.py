"""API keys: make, replace, revoke. A key never may more than whoever made it, nor more than its role."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core import clock
from app.core.db import current_tenant, db
from app.core.db.columns import new_id
from app.core.errors import N_, FieldError, Invalid, NotFound
from app.core.guard import audit, key_reads
from app.core.guard.permissions import Actor, check, declared
from app.tenants.errors import KeyMayNothing, KeyOver, RoleHasKeys, ScopeUnknown
from app.tenants.models import ApiKey, ApiKeyRead, Store
from app.tenants.operations.lending import require_own, require_own_sights
from app.tenants.queries import api_keys as queries
from app.tenants.queries import people
from app.tenants.rules import api_keys

READS_KEPT = timedelta(days=395)
NO_NETWORK = N_("{network} is not an address or a network, such as 203.0.113.7 or 203.0.113.0/24; 20 at most.")


def create_key(
    actor: Actor,
    *,
    name: str,
    role_id: uuid.UUID,
    store_id: uuid.UUID | None,
    permissions: Iterable[str],
    days: int,
    networks: str = "",
) -> tuple[ApiKey, str]:
    """A key, and its text: shown now and never again. Without a store it acts at every one.

    Raises KeyMayNothing, GrantExceedsOwn, SightExceedsOwn, Invalid.
    """
    check(actor, "api_key.create", store_id=store_id)
    role = people.get_role(role_id)
    if store_id is not None:
        _open_store(store_id)
    wanted = sorted(set(permissions))
    if any(permission not in declared() or not api_keys.may_hold(permission) for permission in wanted):
        raise ScopeUnknown(field="permissions")
    held = people.grants_of_role(role.id)
    grants = {permission: held[permission] for permission in wanted if permission in held}
    if not grants or len(grants) != len(wanted):
        raise KeyMayNothing(field="permissions", role=role.name)
    require_own(actor, grants, store_id, field="permissions")
    require_own_sights(actor, people.sights_of_role(role.id), field="role_id")
    text = api_keys.new_key()
    key = ApiKey(
        id=new_id(),
        name=name,
        role_id=role.id,
        store_id=store_id,
        permissions=wanted,
        networks=_networks(networks),
        beginning=api_keys.beginning_of(text),
        hash=api_keys.hash_of(text),
        expires_at=clock.now() + timedelta(days=days),
        created_by=actor.user_id,
    )
    db.session.add(key)
    db.session.flush()
    told = {
        **{field: (None, getattr(key, field)) for field in ("name", "permissions", "networks", "expires_at")},
        "role": (None, role.name),
        "store": (None, str(store_id) if store_id else None),
    }
    audit.record(actor, "api_key.create", "api_key", key.id, changes=told)
    return key, text


def rotate_key(actor: Actor, key_id: uuid.UUID, *, overlap: bool) -> tuple[ApiKey, str]:
    """Another text for the same key; with `overlap` the old one is taken for another day, else no more.

    Nobody gets hold of more than he has himself by this either. Raises KeyOver, GrantExceedsOwn.
    """
    key = _living(actor, key_id)
    held = people.grants_of_role(key.role_id)
    grants = {permission: held[permission] for permission in key.permissions if permission in held}
    require_own(actor, grants, key.store_id)
    require_own_sights(actor, people.sights_of_role(key.role_id))
    text, before = api_keys.new_key(), key.beginning
    key.old_hash = key.hash if overlap else None
    key.old_until = clock.now() + api_keys.OVERLAP if overlap else None
    key.hash, key.beginning = api_keys.hash_of(text), api_keys.beginning_of(text)
    db.session.flush()
    told: dict[str, audit.Change] = {"beginning": (before, key.beginning), "old_until": (None, key.old_until)}
    audit.record(actor, "api_key.rotate", "api_key", key.id, changes=told)
    return key, text


def revoke_key(actor: Actor, key_id: uuid.UUID) -> None:
    """The key is not taken any more, from the next request on. Raises KeyOver."""
    key = _living(actor, key_id)
    key.revoked_at, key.old_hash, key.old_until = clock.now(), None, None
    db.session.flush()
    audit.record(actor, "api_key.revoke", "api_key", key.id, changes={"revoked_at": (None, key.revoked_at)})


def touch_key(key_id: uuid.UUID, seen_at: datetime) -> None:
    """Note that the key was used; called at most once a minute."""
    # Not a change of the record: neither its version nor when it was changed moves.
    table = ApiKey.__table__
    seen = update(table).where(table.c.id == key_id).values(last_used_at=seen_at, updated_at=table.c.updated_at)
    db.session.execute(seen)
    note_reads(key_id)


def note_reads(key_id: uuid.UUID) -> None:
    """Write down what the key has read since the last time, by day and resource."""
    counts = key_reads.take_reads(key_id)
    if not counts:
        return
    rows = [{"key_id": key_id, "day": day, "resource": what, "count": n} for (day, what), n in sorted(counts.items())]
    more = insert(ApiKeyRead).values(rows)
    added = {"count": ApiKeyRead.count + more.excluded.count}
    db.session.execute(more.on_conflict_do_update(index_elements=["key_id", "day", "resource"], set_=added))


def tend_reads() -> None:
    """Fetch what keys have read last before they went quiet, and drop what is older than a year and a month."""
    for key_id in db.session.scalars(select(ApiKey.id).order_by(ApiKey.id)):
        note_reads(key_id)
    last = clock.today(current_tenant().timezone) - READS_KEPT
    db.session.execute(delete(ApiKeyRead).where(ApiKeyRead.day < last))


def forget_keys_of(role_id: uuid.UUID) -> None:
    """Let go of a role that is about to be deleted: its keys that are over go too. Raises RoleHasKeys."""
    if queries.has_live_key(role_id):
        raise RoleHasKeys
    gone = select(ApiKey.id).where(ApiKey.role_id == role_id)
    db.session.execute(delete(ApiKeyRead).where(ApiKeyRead.key_id.in_(gone)))
    db.session.execute(delete(ApiKey).where(ApiKey.role_id == role_id))


def _living(actor: Actor, key_id: uuid.UUID) -> ApiKey:
    check(actor, "api_key.edit")
    line = queries.get_key(actor, "api_key.edit", key_id)
    if line.state != "active":
        raise KeyOver
    return line.key


def _open_store(store_id: uuid.UUID) -> None:
    store = db.session.get(Store, store_id)
    if store is None or store.closed_at is not None:
        raise NotFound


def _networks(text: str) -> Sequence[str]:
    try:
        found = api_keys.read_networks(text)
    except ValueError as error:
        raise _no_network(str(error)) from error
    if len(found) > api_keys.MOST_NETWORKS:
        raise _no_network(found[api_keys.MOST_NETWORKS])
    return found


def _no_network(text: str) -> Invalid:
    return Invalid([FieldError("networks", "network_invalid", NO_NETWORK, {"network": text[:60]})])
