"""Keyed marks of values that leave with a form or an entity tag, to be compared when they come back.

They are made with the installation's secret and not with the index key of the dealership: what is out there may come
back after that key was replaced. Nothing of them is stored.
"""

from __future__ import annotations

import hashlib
import hmac
import json

from app.core.db import current_tenant
from app.core.db.tenancy import current_settings


def mark(kind: str, text: str, size: int) -> bytes:
    """The first `size` bytes of the mark of `text` in this dealership, other ones for each kind."""
    key = hashlib.sha256(b"mark\0" + current_settings().secret_key.encode()).digest()
    place = json.dumps([current_tenant().id, kind, text], ensure_ascii=False)
    return hmac.digest(key, place.encode(), "sha256")[:size]
