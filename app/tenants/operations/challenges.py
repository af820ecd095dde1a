"""Questions put to a browser: opened after a password or before a passkey, answered once, within minutes and tries."""

from __future__ import annotations

import secrets
import uuid
from datetime import timedelta

from sqlalchemy import delete, update

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id
from app.tenants.models import Challenge
from app.tenants.rules.signing import FACTOR_TRIES

SIGN_IN, PASSKEY, CONFIRM, ADD = "sign_in", "passkey", "confirm", "add"
LIFETIME = timedelta(minutes=10)
NONCE_BYTES = 32


def open_challenge(purpose: str, *, user_id: uuid.UUID | None, host: str, token_hash: bytes) -> Challenge:
    """A fresh question for the browser that holds the token; what it was asked before is void."""
    forget_old_challenges()
    row = Challenge(
        id=new_id(),
        token_hash=token_hash,
        purpose=purpose,
        user_id=user_id,
        host=host,
        nonce=secrets.token_bytes(NONCE_BYTES),
        tries=0,
        expires_at=clock.now() + LIFETIME,
    )
    db.session.add(row)
    db.session.flush()
    return row


def count_try(challenge_id: uuid.UUID) -> bool:
    """Count a try before it is checked; False when there were enough. Meant for a transaction of its own."""
    counted = (
        update(Challenge)
        .where(Challenge.id == challenge_id, Challenge.tries < FACTOR_TRIES)
        .values(tries=Challenge.tries + 1)
        .returning(Challenge.id)
    )
    return db.session.scalar(counted) is not None


def close_challenge(challenge_id: uuid.UUID) -> bool:
    """Take the question away: whoever takes it has answered it, and nobody else can."""
    return db.session.scalar(delete(Challenge).where(Challenge.id == challenge_id).returning(Challenge.id)) is not None


def forget_old_challenges() -> None:
    """Drop questions whose time is over."""
    db.session.execute(delete(Challenge).where(Challenge.expires_at < clock.now()))
