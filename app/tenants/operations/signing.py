"""Signing in and out: throttled by rows of the tenant's schema, with one answer for every kind of failure."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id
from app.core.errors import NotFound
from app.core.guard import audit, vault
from app.core.guard.indexes import are_replaced, hold
from app.core.guard.origin import origin
from app.core.guard.permissions import Actor
from app.core.jobs.events import publish
from app.tenants import ports
from app.tenants.errors import PasswordWrong, SignInRefused, TooManyAttempts
from app.tenants.events import SignedInAt
from app.tenants.models import SessionRow, SignInAttempt, User
from app.tenants.operations.refusals import note_blocked
from app.tenants.queries.sessions import find_user_by_email
from app.tenants.rules import signing
from app.tenants.rules.passwords import LONGEST


def count_attempt(kind: str, value: str) -> None:
    """Count an attempt for this account or address before it is checked; raises TooManyAttempts while it is blocked.

    Meant for a transaction of its own: the count must stand when the attempt fails, and attempts made at the same
    time must each count. Known and unknown accounts are counted alike.
    """
    now = clock.now()
    key = _counter(kind, value)
    table = SignInAttempt.__table__
    # One row, one statement: two attempts at once cannot both read the count before either has written it.
    forgotten = table.c.last_at < now - signing.FORGET_AFTER[kind]
    counted = (
        insert(SignInAttempt)
        .values(**key, attempts=1, last_at=now)
        .on_conflict_do_update(
            index_elements=["kind", "fingerprint"],
            set_={"attempts": case((forgotten, 1), else_=table.c.attempts + 1), "last_at": now, "blocked_until": None},
            where=func.coalesce(table.c.blocked_until, now) <= now,
        )
        .returning(table.c.attempts)
    )
    attempts = db.session.scalar(counted)
    if attempts is None:
        until = db.session.scalar(select(SignInAttempt.blocked_until).filter_by(**key))
        seconds = max(1, int(((until or now) - now).total_seconds()))
        raise TooManyAttempts(minutes=seconds // 60 + 1, retry_after=seconds)
    delay = signing.delay_after(kind, attempts)
    if delay:
        db.session.execute(update(SignInAttempt).filter_by(**key).values(blocked_until=now + delay))
        note_blocked(kind, -(-delay // timedelta(minutes=1)))


def forget_old_attempts() -> None:
    """Drop counters nobody added to for a day."""
    limit = clock.now() - max(signing.FORGET_AFTER.values())
    db.session.execute(delete(SignInAttempt).where(SignInAttempt.last_at < limit))


def forget_expired_sessions() -> None:
    """Delete the sessions that have ended by themselves."""
    db.session.execute(delete(SessionRow).where(SessionRow.expires_at < clock.now()))


def check_credentials(*, email: str, password: str, address: str) -> uuid.UUID:
    """Who this e-mail and password belong to; a second factor may be owed still.

    Raises SignInRefused for an unknown e-mail, a wrong password and a user who may not sign in, after the same work.
    """
    user = find_user_by_email(email)
    stored = user.password_hash if user else None
    if not ports.password_matches(stored, password[: LONGEST + 1]) or user is None or user.state != "active":
        raise SignInRefused
    if stored is not None and ports.needs_rehash(stored):
        db.session.execute(update(User).where(User.id == user.id).values(password_hash=ports.hash_password(password)))
        audit.record(Actor(user_id=user.id, name=user.name), "password.strengthen", "user", user.id)
    forgive("account", signing.normal_email(email))
    forgive_one(address)
    return user.id


def enter(
    user_id: uuid.UUID, *, host: str, token_hash: bytes, agent: str, hours: int, shown: str | None = None
) -> uuid.UUID:
    """Start a session for somebody who has shown who he is, `shown` being his second factor; its id.

    Raises SignInRefused for a user who may not sign in (any more).
    """
    user = db.session.get(User, user_id)
    if user is None or user.state != "active":
        raise SignInRefused
    changes = {"factor": (None, shown)} if shown else None
    where = {"address": (None, origin().address)}
    actor = Actor(user_id=user.id, name=user.name)
    audit.record(actor, "session.start", "user", user.id, changes, where, subject_id=user.id)
    started = start_session(user.id, host=host, token_hash=token_hash, agent=agent, hours=hours, factor=shown)
    publish(SignedInAt(user.id, started, signing.agent_label(agent) or ""))
    return started


def own_count(actor: Actor) -> str:
    """Under what the guesses at a password are counted that somebody signed in is asked for again."""
    return f"password:{actor.user_id}"


def forgive(kind: str, value: str) -> None:
    """A success ends the count."""
    marks = vault.every_index(f"sign_in.{kind}", value)
    db.session.execute(delete(SignInAttempt).where(SignInAttempt.kind == kind, SignInAttempt.fingerprint.in_(marks)))


def forgive_one(address: str) -> None:
    """A success takes one from the count of an address, which many may share."""
    shared = update(SignInAttempt).filter_by(**_counter("address", address))
    fewer = func.greatest(SignInAttempt.__table__.c.attempts - 1, 0)
    db.session.execute(shared.values(attempts=fewer, blocked_until=None))


def start_session(
    user_id: uuid.UUID, *, host: str, token_hash: bytes, agent: str, hours: int, factor: str | None = None
) -> uuid.UUID:
    """A new session row; expired ones of the user go at the same time."""
    now = clock.now()
    db.session.execute(delete(SessionRow).where(SessionRow.user_id == user_id, SessionRow.expires_at < now))
    row = SessionRow(
        id=new_id(),
        token_hash=token_hash,
        user_id=user_id,
        host=host,
        agent=signing.agent_label(agent),
        created_at=now,
        last_seen_at=now,
        expires_at=now + timedelta(hours=hours),
        factor_at=now if factor else None,
        proved_at=now,
    )
    db.session.add(row)
    db.session.flush()
    return row.id


def touch_session(session_id: uuid.UUID, seen_at: datetime) -> None:
    """Note that the session was used; called at most once a minute."""
    db.session.execute(update(SessionRow).where(SessionRow.id == session_id).values(last_seen_at=seen_at))


def sign_out(actor: Actor, session_id: uuid.UUID) -> None:
    """End one session of the actor's own; raises NotFound for anybody else's."""
    if actor.user_id is None:
        raise NotFound
    end_session_of(actor.user_id, session_id)
    audit.record(actor, "session.end", "user", actor.user_id)


def end_session_of(user_id: uuid.UUID, session_id: uuid.UUID) -> None:
    """End one session of a user; raises NotFound where it is not his."""
    own = delete(SessionRow).where(SessionRow.id == session_id, SessionRow.user_id == user_id)
    if db.session.scalar(own.returning(SessionRow.id)) is None:
        raise NotFound


def sign_out_everywhere(actor: Actor) -> int:
    """End every session of the actor's own; how many there were."""
    if actor.user_id is None:
        raise NotFound
    ended = end_sessions(actor.user_id)
    audit.record(actor, "session.end_all", "user", actor.user_id)
    return ended


def end_sessions(user_id: uuid.UUID) -> int:
    """End every session of a user: after a new password, a disabled account, by request."""
    gone = db.session.scalars(delete(SessionRow).where(SessionRow.user_id == user_id).returning(SessionRow.id)).all()
    return len(gone)


def confirm_password(actor: Actor, password: str) -> None:
    """Ask for the present password before something that matters; it ends its count. Raises PasswordWrong."""
    stored = db.session.scalar(select(User.password_hash).where(User.id == actor.user_id))
    if not ports.password_matches(stored, password[: LONGEST + 1]):
        raise PasswordWrong(field="present")
    forgive("account", own_count(actor))


def _counter(kind: str, value: str) -> dict[str, Any]:
    """The key of the counter of an account or address; one kept under another index key is brought over first."""
    if are_replaced():
        bring_over(kind, value)
    return {"kind": kind, "fingerprint": vault.blind_index(f"sign_in.{kind}", value)}


def bring_over(kind: str, value: str) -> None:
    """Have the counter of an account or address lie under the index key of now, with what was counted under another."""
    now, *older = vault.every_index(f"sign_in.{kind}", value)
    hold(f"sign_in.{kind}", value)
    table = SignInAttempt.__table__
    gone = delete(table).where(table.c.kind == kind, table.c.fingerprint.in_(older)).returning(table)
    for old in db.session.execute(gone).mappings().all():
        moved = insert(table).values(**{**old, "fingerprint": now})
        both = {name: func.greatest(table.c[name], moved.excluded[name]) for name in ("last_at", "blocked_until")}
        both["attempts"] = table.c.attempts + moved.excluded.attempts
        db.session.execute(moved.on_conflict_do_update(index_elements=["kind", "fingerprint"], set_=both))
