"""Keyed marks of values that leave with a form or an entity tag, to be compared when they come back.

They are made with the installation's secret and not with the index key of the dealership: what is out there may come
back after that key was replaced. Nothing of them is stored.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable

from app.core.db import current_tenant
from app.core.db.tenancy import current_settings

_encode = json.JSONEncoder(ensure_ascii=False).encode


def mark(kind: str, text: str, size: int) -> bytes:
    """The first `size` bytes of the mark of `text` in this dealership, other ones for each kind."""
    return marks(kind, [text], size)[0]


def marks(kind: str, texts: Iterable[str], size: int) -> list[bytes]:
    """As `mark` for several texts of one kind."""
    key = hashlib.sha256(b"mark\0" + current_settings().secret_key.encode()).digest()
    tenant_id = current_tenant().id
    return [hmac.digest(key, _encode([tenant_id, kind, text]).encode(), "sha256")[:size] for text in texts]
