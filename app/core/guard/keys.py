"""The tenants' keys: wrapped by the master key in the platform's table, unwrapped in a bounded cache of the process."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app
from sqlalchemy import select

from app.core.db.platform import wrapped_keys
from app.core.db.scopes import PLATFORM, current_tenant, entered
from app.core.db.session import db
from app.core.db.tenancy import current_settings
from app.core.errors import N_, DomainError

PURPOSES = ("data", "index")
NONCE_BYTES = 12
_CACHED_TENANTS = 1_000
_CACHE_SECONDS = 300.0


class KeyMissing(DomainError):
    """The key that would open a value is not there: never made, or destroyed on purpose."""

    code = "key_missing"
    message = N_("The key to this value does not exist any more.")
    status = 410


class SealBroken(DomainError):
    """A stored value does not belong where it was found, or was changed."""

    code = "seal_broken"
    message = N_("A protected value could not be read.")
    status = 500


@dataclass(frozen=True)
class TenantKeys:
    """One tenant's keys, unwrapped: per version one for wrapping persons' keys and one for the tenant's own values."""

    current: int
    wrapping: Mapping[int, AESGCM] = field(repr=False)
    values: Mapping[int, AESGCM] = field(repr=False)
    index: bytes = field(repr=False)


def lock(key: AESGCM, plain: bytes, context: bytes) -> bytes:
    """Nonce, ciphertext and tag of `plain`; only the same context opens it."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + key.encrypt(nonce, plain, context)


def unlock(key: AESGCM, locked: bytes, context: bytes) -> bytes:
    """What `lock` locked; raises SealBroken for another context, another key, or a changed byte."""
    try:
        return key.decrypt(locked[:NONCE_BYTES], locked[NONCE_BYTES:], context)
    except (InvalidTag, ValueError) as error:
        raise SealBroken from error


def context_of(*parts: object) -> bytes:
    """The context a value is bound to; parts are length-prefixed so that no two lists of parts look the same."""
    texts = [str(part).encode() for part in parts]
    return b"".join(len(text).to_bytes(2, "big") + text for text in texts)


def derived(secret: bytes, purpose: str) -> bytes:
    """A key for one purpose out of `secret`, so that no key serves two."""
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"forecourt.{purpose}".encode()).derive(secret)


def new_tenant_keys(master_key: bytes, tenant_id: str, version: int = 1) -> list[dict[str, Any]]:
    """Rows of `platform.wrapped_keys` with fresh random keys for a tenant: provisioning inserts them once."""
    master = AESGCM(derived(master_key, "tenant-keys"))
    return [
        {
            "tenant_id": tenant_id,
            "purpose": purpose,
            "key_version": version,
            "wrapped": lock(master, os.urandom(32), context_of("tenant-key", tenant_id, purpose, version)),
        }
        for purpose in PURPOSES
    ]


class _Cache:
    """Unwrapped keys by tenant id: at most so many tenants, each for at most so long."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[str, tuple[float, TenantKeys]] = OrderedDict()

    def get(self, tenant_id: str) -> TenantKeys | None:
        with self._lock:
            until, keys = self._held.get(tenant_id, (0.0, None))
            if keys is None or until < time.monotonic():
                self._held.pop(tenant_id, None)
                return None
            self._held.move_to_end(tenant_id)
            return keys

    def put(self, tenant_id: str, keys: TenantKeys) -> None:
        with self._lock:
            self._held[tenant_id] = (time.monotonic() + _CACHE_SECONDS, keys)
            self._held.move_to_end(tenant_id)
            while len(self._held) > _CACHED_TENANTS:
                self._held.popitem(last=False)

    def forget(self, tenant_id: str) -> None:
        with self._lock:
            self._held.pop(tenant_id, None)


def _cache() -> _Cache:
    return current_app.extensions.setdefault("forecourt_tenant_keys", _Cache())


def forget_keys(tenant_id: str) -> None:
    """Drop a tenant's keys from this process: for whoever has just destroyed or replaced them."""
    _cache().forget(tenant_id)


@contextmanager
def keys_at_hand(tenant_id: str, rows: Iterable[Mapping[str, Any]]) -> Iterator[None]:
    """Within the body `rows` of `platform.wrapped_keys` are the tenant's keys, whether they are committed yet or not.

    Afterwards they are forgotten: keys that were rolled back must never seal anything more.
    """
    _cache().put(tenant_id, _unwrapped(tenant_id, rows))
    try:
        yield
    finally:
        _cache().forget(tenant_id)


def master_key() -> bytes:
    """The installation's master key."""
    return current_settings().master_key


def tenant_keys() -> TenantKeys:
    """The keys of the tenant of this context; raises KeyMissing when it has none, NoScope outside a tenant."""
    tenant_id = current_tenant().id
    keys = _cache().get(tenant_id)
    if keys is None:
        keys = _load(tenant_id)
        _cache().put(tenant_id, keys)
    return keys


def _load(tenant_id: str) -> TenantKeys:
    """Read and unwrap. A tenant's role may not read the platform's keys, so this asks on a connection of its own."""
    query = select(wrapped_keys).where(wrapped_keys.c.tenant_id == tenant_id)
    with entered(PLATFORM), db.engine.connect() as connection:
        return _unwrapped(tenant_id, connection.execute(query).mappings().all())


def _unwrapped(tenant_id: str, rows: Iterable[Mapping[Any, Any]]) -> TenantKeys:
    master = AESGCM(derived(master_key(), "tenant-keys"))
    plain: dict[str, dict[int, bytes]] = {purpose: {} for purpose in PURPOSES}
    for row in rows:
        context = context_of("tenant-key", tenant_id, row["purpose"], row["key_version"])
        plain.setdefault(row["purpose"], {})[row["key_version"]] = unlock(master, row["wrapped"], context)
    if not plain["data"] or not plain["index"]:
        raise KeyMissing
    return TenantKeys(
        current=max(plain["data"]),
        wrapping={version: AESGCM(derived(key, "wrapping")) for version, key in plain["data"].items()},
        values={version: AESGCM(derived(key, "values")) for version, key in plain["data"].items()},
        index=plain["index"][max(plain["index"])],
    )
