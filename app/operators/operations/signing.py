"""Signing in at the console: password and second factor at once, one answer for every kind of failure."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id
from app.core.db.tenancy import current_settings
from app.core.guard import totp, vault
from app.operators import rules
from app.operators.errors import CodeWrong, SignInRefused, TooManyAttempts
from app.operators.models import operator_attempts, operator_sessions, operators
from app.operators.operations import auditing
from app.operators.operations.actor import OperatorActor
from app.operators.queries.accounts import find_operator
from app.tenants import ports
from app.tenants.rules import signing
from app.tenants.rules.passwords import LONGEST

NOBODYS_SECRET = "A" * 32


def count_attempt(kind: str, value: str) -> None:
    """Count an attempt for this account or address before it is checked; raises TooManyAttempts while it is blocked.

    Meant for a transaction of its own: the count must stand when the attempt fails.
    """
    now, attempt = clock.now(), operator_attempts.c
    key = _key(kind, value)
    forgotten = attempt.last_at < now - signing.FORGET_AFTER[kind]
    counted = (
        upsert(operator_attempts)
        .values(**key, attempts=1, last_at=now)
        .on_conflict_do_update(
            index_elements=["kind", "fingerprint"],
            set_={"attempts": case((forgotten, 1), else_=attempt.attempts + 1), "last_at": now, "blocked_until": None},
            where=func.coalesce(attempt.blocked_until, now) <= now,
        )
        .returning(attempt.attempts)
    )
    attempts = db.session.scalar(counted)
    if attempts is None:
        until = db.session.scalar(select(attempt.blocked_until).where(*_is(key)))
        seconds = max(1, int(((until or now) - now).total_seconds()))
        raise TooManyAttempts(minutes=seconds // 60 + 1, retry_after=seconds)
    delay = signing.delay_after(kind, attempts)
    if delay:
        db.session.execute(update(operator_attempts).where(*_is(key)).values(blocked_until=now + delay))


def sign_in(*, email: str, password: str, code: str, address: str, token_hash: bytes, agent: str) -> uuid.UUID:
    """Start a session for whoever e-mail, password and code belong to; the operator's id.

    Raises SignInRefused whatever of the three is wrong, after the same work.
    """
    found = find_operator(signing.normal_email(email))
    right = ports.password_matches(found.password_hash if found else None, password[: LONGEST + 1])
    secret = _secret_of(found.id, found.totp_enc) if found and found.totp_enc else NOBODYS_SECRET
    step = totp.matching_step(secret, code, clock.now(), found.totp_step if found else None)
    if found is None or not right or step is None or found.disabled_at is not None or found.totp_enc is None:
        raise SignInRefused
    actor = OperatorActor(found.id, found.name, address)
    if not _spend(found.id, step):
        raise SignInRefused
    db.session.execute(delete(operator_attempts).where(*_is(_key("account", signing.normal_email(email)))))
    now = clock.now()
    db.session.execute(delete(operator_sessions).where(operator_sessions.c.expires_at < now))
    old = now - max(signing.FORGET_AFTER.values())
    db.session.execute(delete(operator_attempts).where(operator_attempts.c.last_at < old))
    db.session.execute(
        insert(operator_sessions).values(
            id=new_id(),
            token_hash=token_hash,
            operator_id=found.id,
            agent=signing.agent_label(agent),
            expires_at=now + rules.SESSION_LIFE,
        )
    )
    auditing.record(actor, "session.start")
    return actor.id or uuid.UUID(int=0)


def refuse(email: str, address: str) -> None:
    """Write a failed attempt down; the e-mail stands there as its fingerprint alone."""
    named = _fingerprint("account", signing.normal_email(email)).hex()[:12]
    auditing.record(OperatorActor(None, "nobody", address), "session.refused", details={"account": named})


def confirm(actor: OperatorActor, code: str) -> None:
    """Ask for the second factor again before something that matters; raises CodeWrong. Each code is good once.

    The attempts are counted with those of signing in, so that codes cannot be tried at leisure.
    """
    row = db.session.execute(
        select(operators.c.totp_enc, operators.c.totp_step).where(operators.c.id == actor.id)
    ).one_or_none()
    if actor.id is None or row is None or row.totp_enc is None:
        raise CodeWrong(field="code")
    step = totp.matching_step(_secret_of(actor.id, row.totp_enc), code, clock.now(), row.totp_step)
    if step is None or not _spend(actor.id, step):
        raise CodeWrong(field="code")
    db.session.execute(delete(operator_attempts).where(*_is(_key("account", f"code:{actor.id}"))))


def touch_session(session_id: uuid.UUID, seen_at: datetime) -> None:
    """Note that the session was used; called at most once a minute."""
    session = operator_sessions.c
    db.session.execute(update(operator_sessions).where(session.id == session_id).values(last_seen_at=seen_at))


def sign_out(actor: OperatorActor, session_id: uuid.UUID) -> None:
    """End one session of the operator's own."""
    session = operator_sessions.c
    db.session.execute(
        delete(operator_sessions).where(session.id == session_id, session.operator_id == actor.id)
    )
    auditing.record(actor, "session.end")


def _spend(operator_id: uuid.UUID, step: int) -> bool:
    """Take the step's code out of use; False when somebody was faster."""
    unused = or_(operators.c.totp_step.is_(None), operators.c.totp_step < step)
    spent = update(operators).where(operators.c.id == operator_id, unused).values(totp_step=step)
    return db.session.scalar(spent.returning(operators.c.id)) is not None


def _secret_of(operator_id: uuid.UUID, sealed: bytes) -> str:
    return vault.unseal_platform("operators", "totp_enc", str(operator_id), bytes(sealed))


def _fingerprint(kind: str, value: str) -> bytes:
    return rules.fingerprint(current_settings().secret_key, f"sign_in.{kind}", value)


def _key(kind: str, value: str) -> dict[str, Any]:
    return {"kind": kind, "fingerprint": _fingerprint(kind, value)}


def _is(key: dict[str, Any]) -> list[ColumnElement[bool]]:
    return [operator_attempts.c[name] == value for name, value in key.items()]
