"""The tenants' keys: wrapped by the master key in the platform's table, unwrapped in a bounded cache of the process."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app
from sqlalchemy import select

from app.core import clock
from app.core.db.platform import wrapped_keys
from app.core.db.scopes import PLATFORM, current_tenant, entered
from app.core.db.session import db
from app.core.db.tenancy import current_settings
from app.core.errors import N_, DomainError

PURPOSES = ("data", "index")
NONCE_BYTES = 12
_CACHED_TENANTS = 1_000
# How long a process may go on sealing with a key after another process has made a newer one.
CACHE_SECONDS = 300.0
# A version that is not in the copy is looked for anew, but not for every value that asks.
_RELOAD_SECONDS = 1.0


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
    """One tenant's keys, unwrapped: per version one for wrapping persons' keys and one for the tenant's own values.

    Of the index key there is one version but while it is replaced. Then each has the moment from which on it is used.
    """

    current: int
    wrapping: Mapping[int, AESGCM] = field(repr=False)
    values: Mapping[int, AESGCM] = field(repr=False)
    indexes: Mapping[int, tuple[bytes, datetime | None]] = field(repr=False)
    read_at: float = field(default_factory=time.monotonic, repr=False)

    def index_keys(self) -> list[tuple[int, bytes]]:
        """The index key that is written with and its version, then every other one that something may lie under."""
        found = [(version, key) for version, (key, _) in sorted(self.indexes.items())]
        if len(found) > 1:
            now = clock.now()
            used = [version for version, (_, since) in self.indexes.items() if since is None or since <= now]
            written = max(used, default=min(self.indexes))
            found.sort(key=lambda item: item[0] != written)
        return found


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


def unlock_any(keys: Sequence[AESGCM], locked: bytes, context: bytes) -> tuple[bytes, int]:
    """What one of `keys` locked, and which: for the time in which an old key and a new one are both good."""
    for number, key in enumerate(keys):
        try:
            return unlock(key, locked, context), number
        except SealBroken:
            continue
    raise SealBroken


def context_of(*parts: object) -> bytes:
    """The context a value is bound to; parts are length-prefixed so that no two lists of parts look the same."""
    texts = [str(part).encode() for part in parts]
    return b"".join(len(text).to_bytes(2, "big") + text for text in texts)


def derived(secret: bytes, purpose: str) -> bytes:
    """A key for one purpose out of `secret`, so that no key serves two."""
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"forecourt.{purpose}".encode()).derive(secret)


def new_tenant_keys(master_key: bytes, tenant_id: str) -> list[dict[str, Any]]:
    """Rows of `platform.wrapped_keys` with fresh random keys for a tenant: provisioning inserts them once."""
    return [new_tenant_key(master_key, tenant_id, purpose, 1) for purpose in PURPOSES]


def new_tenant_key(master_key: bytes, tenant_id: str, purpose: str, version: int) -> dict[str, Any]:
    """A row of `platform.wrapped_keys` with a fresh random key."""
    row = {"tenant_id": tenant_id, "purpose": purpose, "key_version": version}
    return {**row, "wrapped": _wrapped(master_key, row, os.urandom(32))}


def wrapped_anew(row: Mapping[Any, Any]) -> bytes | None:
    """A tenant's key wrapped by the master key of today; None when it is already. Raises SealBroken."""
    plain, by = _opened(row)
    return None if by == 0 else _wrapped(master_key(), row, plain)


def wrapped_for(other_key: bytes, row: Mapping[Any, Any]) -> bytes:
    """A tenant's key as it leaves the installation: wrapped by `other_key` instead of the master key."""
    return _wrapped(other_key, row, _opened(row)[0])


def wrapped_from(other_key: bytes, row: Mapping[Any, Any]) -> bytes:
    """A tenant's key that `wrapped_for` wrapped, by the master key of here. Raises SealBroken."""
    plain = unlock(AESGCM(derived(other_key, "tenant-keys")), bytes(row["wrapped"]), _place_of(row))
    return _wrapped(master_key(), row, plain)


def _wrapped(master_key: bytes, row: Mapping[Any, Any], plain: bytes) -> bytes:
    return lock(AESGCM(derived(master_key, "tenant-keys")), plain, _place_of(row))


def _place_of(row: Mapping[Any, Any]) -> bytes:
    return context_of("tenant-key", row["tenant_id"], row["purpose"], row["key_version"])


def _opened(row: Mapping[Any, Any]) -> tuple[bytes, int]:
    """A tenant's key, and which of `master_keys` opened it."""
    return unlock_any(
        [AESGCM(derived(key, "tenant-keys")) for key in master_keys()], bytes(row["wrapped"]), _place_of(row)
    )


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
            self._held[tenant_id] = (time.monotonic() + CACHE_SECONDS, keys)
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


def master_keys() -> tuple[bytes, ...]:
    """The master key and, while it is being replaced, the one before it."""
    settings = current_settings()
    return (settings.master_key, *([settings.master_key_previous] if settings.master_key_previous else []))


def tenant_keys() -> TenantKeys:
    """The keys of the tenant of this context; raises KeyMissing when it has none, NoScope outside a tenant."""
    tenant_id = current_tenant().id
    keys = _cache().get(tenant_id)
    if keys is None:
        keys = _load(tenant_id)
        _cache().put(tenant_id, keys)
    return keys


def wrapping_key(version: int) -> AESGCM:
    """The tenant's key number `version` for opening persons' keys; raises KeyMissing for one that is no more."""
    return _version(version, lambda keys: keys.wrapping)


def value_key(version: int) -> AESGCM:
    """The tenant's key number `version` for its own values; raises KeyMissing for one that is no more."""
    return _version(version, lambda keys: keys.values)


def _version(version: int, kind: Callable[[TenantKeys], Mapping[int, AESGCM]]) -> AESGCM:
    keys = tenant_keys()
    if version not in kind(keys) and time.monotonic() - keys.read_at > _RELOAD_SECONDS:
        # Another process has made a newer one since.
        forget_keys(current_tenant().id)
        keys = tenant_keys()
    try:
        return kind(keys)[version]
    except KeyError:
        raise KeyMissing from None


def _load(tenant_id: str) -> TenantKeys:
    """Read and unwrap. A tenant's role may not read the platform's keys, so this asks on a connection of its own."""
    query = select(wrapped_keys).where(wrapped_keys.c.tenant_id == tenant_id)
    with entered(PLATFORM), db.engine.connect() as connection:
        return _unwrapped(tenant_id, connection.execute(query).mappings().all())


def _unwrapped(tenant_id: str, rows: Iterable[Mapping[Any, Any]]) -> TenantKeys:
    plain: dict[str, dict[int, bytes]] = {purpose: {} for purpose in PURPOSES}
    used_from: dict[tuple[str, int], datetime | None] = {}
    for row in rows:
        if row["tenant_id"] != tenant_id:
            raise SealBroken
        plain.setdefault(row["purpose"], {})[row["key_version"]] = _opened(row)[0]
        used_from[row["purpose"], row["key_version"]] = row.get("used_from")
    if not plain["data"] or not plain["index"]:
        raise KeyMissing
    return TenantKeys(
        current=max(plain["data"]),
        wrapping={version: AESGCM(derived(key, "wrapping")) for version, key in plain["data"].items()},
        values={version: AESGCM(derived(key, "values")) for version, key in plain["data"].items()},
        indexes={version: (key, used_from["index", version]) for version, key in plain["index"].items()},
    )
