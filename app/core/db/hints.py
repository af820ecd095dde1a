"""Hints to the relay: "look at this tenant", written with the change that calls for it; one serves a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.orm import SessionTransaction

from app.core.db.session import db

# Raw on purpose: a tenant may name `due_at` alone, and whose hint it is the database says itself.
_AT = text("INSERT INTO platform.outbox_hint (due_at) VALUES (:due_at)")
_SOON = text("INSERT INTO platform.outbox_hint (due_at) VALUES (now() + make_interval(secs => :grace))")
_LEFT = "hint_left"


def hint_at(due_at: datetime) -> None:
    """Have the relay look at the current tenant at `due_at`."""
    _leave(_AT, {"due_at": due_at})


def hint_in(seconds: float) -> None:
    """Have the relay look at the current tenant `seconds` from the start of this transaction."""
    _leave(_SOON, {"grace": seconds})


def _leave(hint: TextClause, values: Mapping[str, Any]) -> None:
    """Behind what it is about, which is written first, as the session itself would do it at more cost."""
    session = db.session()
    session.flush()
    session.connection().execute(hint, values)


def hint_once(seconds: float) -> None:
    """As `hint_in`, unless this transaction has left such a hint: the relay takes all it finds due."""
    session = db.session()
    left: SessionTransaction | None = session.info.get(_LEFT)
    if left is not None and left is session.get_transaction():
        return
    hint_in(seconds)
    if session.get_nested_transaction() is None:  # A savepoint may yet take its hint back.
        session.info[_LEFT] = session.get_transaction()
