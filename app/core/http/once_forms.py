"""Forms that take effect once: the page carries a key of its own, and a second press finds what the first has done."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable

from flask import current_app, request

from app.core.db import current_tenant, transaction
from app.core.guard import once
from app.core.http.csrf import FIELD
from app.core.http.sessions import current_actor

ONCE = "once"


def fresh_key() -> str:
    """A key for one form of one page."""
    return secrets.token_urlsafe(16)


def post_once(key: str, do: Callable[[], once.Effect]) -> tuple[once.Effect, bool]:
    """Do what the form says, or find what its first press did; True for a repeat.

    A second press at the same moment waits for the first. Raises once.KeyReused where the form was changed since then:
    somebody who went back means another thing, and is asked.
    """
    asked = _asked(key)
    with transaction():
        before = once.begin(asked, wait=True)
        if before is not None:
            return before, True
        effect = do()
        once.note(asked, effect)
    return effect, False


def _asked(key: str) -> once.Asked:
    secret = current_app.config["SECRET_KEY"].encode()
    about = json.dumps([current_tenant().id, f"user:{current_actor().user_id}", request.path, key]).encode()
    mark = hmac.digest(secret, b"form\0" + about, "sha256")
    sent = sorted((name, values) for name, values in request.form.lists() if name != FIELD)
    return once.Asked(mark, hmac.digest(secret, mark + json.dumps(sent).encode(), "sha256"))
