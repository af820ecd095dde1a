"""Operators: made with a link, which sets password and second factor at once; disabled; let in again."""

from __future__ import annotations

import hashlib
import secrets
import uuid

from sqlalchemy import delete, func, insert, select, update

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id
from app.core.db.tenancy import current_settings
from app.core.errors import NotFound
from app.core.guard import totp, vault
from app.operators import rules
from app.operators.errors import CodeWrong, LastOperator, LinkUnusable, OperatorKnown
from app.operators.models import operator_links, operator_sessions, operators
from app.operators.operations import auditing
from app.operators.operations.actor import OperatorActor
from app.operators.queries.accounts import email_of, find_link, find_operator
from app.tenants import ports
from app.tenants.errors import EmailInvalid, PasswordsDiffer
from app.tenants.rules import signing
from app.tenants.rules.passwords import check_password


def add_operator(actor: OperatorActor, *, name: str, email: str) -> tuple[uuid.UUID, str]:
    """A new operator; his id and the token of the link he begins with. Raises EmailInvalid, OperatorKnown."""
    address = signing.normal_email(email)
    if not signing.is_email(address):
        raise EmailInvalid(field="email")
    if find_operator(address) is not None:
        raise OperatorKnown(field="email")
    operator_id = new_id()
    db.session.execute(
        insert(operators).values(
            id=operator_id,
            name=name,
            email_enc=vault.seal_platform("operators", "email_enc", str(operator_id), address),
            email_index=rules.fingerprint(current_settings().secret_key, "email", address),
        )
    )
    auditing.record(actor, "operator.add", details={"operator": name})
    return operator_id, new_link(actor, operator_id)


def new_link(actor: OperatorActor, operator_id: uuid.UUID) -> str:
    """A fresh link for an operator, which makes every older one useless; its token, stored nowhere. Raises NotFound."""
    name = db.session.scalar(select(operators.c.name).where(operators.c.id == operator_id))
    if name is None:
        raise NotFound
    token, now = secrets.token_urlsafe(32), clock.now()
    db.session.execute(delete(operator_links).where(operator_links.c.operator_id == operator_id))
    db.session.execute(
        insert(operator_links).values(
            id=new_id(), operator_id=operator_id, token_hash=hash_of(token), expires_at=now + rules.LINK_LIFE
        )
    )
    auditing.record(actor, "operator.link", details={"operator": name})
    return token


def look_at_link(token: str) -> tuple[str, str, str]:
    """Name, e-mail and the second factor's secret a link offers; raises LinkUnusable. Looking changes nothing."""
    found = find_link(hash_of(token))
    if found is None:
        raise LinkUnusable
    secret = rules.link_secret(current_settings().secret_key, hash_of(token))
    return found.name, email_of(found.operator_id, found.email_enc), secret


def use_link(token: str, *, password: str, repeated: str, code: str, address: str) -> None:
    """Set password and second factor; the link works once, and every session of the operator ends.

    Raises LinkUnusable, PasswordsDiffer, CodeWrong, or what is wrong with the password.
    """
    name, email, secret = look_at_link(token)
    if password != repeated:
        raise PasswordsDiffer(field="repeated")
    check_password(password, (name, email.partition("@")[0]))
    step = totp.matching_step(secret, code, clock.now(), None)
    if step is None:
        raise CodeWrong(field="code")
    links = operator_links.c
    used = update(operator_links).where(links.token_hash == hash_of(token), links.used_at.is_(None))
    operator_id = db.session.scalar(used.values(used_at=clock.now()).returning(links.operator_id))
    if operator_id is None:
        raise LinkUnusable
    db.session.execute(
        update(operators)
        .where(operators.c.id == operator_id)
        .values(
            password_hash=ports.hash_password(password),
            totp_enc=vault.seal_platform("operators", "totp_enc", str(operator_id), secret),
            totp_step=step,
        )
    )
    _end_sessions(operator_id)
    auditing.record(OperatorActor(operator_id, name, address), "operator.enrol")


def disable_operator(actor: OperatorActor, operator_id: uuid.UUID) -> None:
    """Close an account at once; raises LastOperator when nobody could sign in any more, NotFound."""
    # One change of accounts at a time: two operators who close each other must not both succeed.
    able = select(operators.c.id).where(operators.c.totp_enc.is_not(None), operators.c.disabled_at.is_(None))
    others = set(db.session.scalars(able.with_for_update())) - {operator_id}
    if not others:
        raise LastOperator
    closed = update(operators).where(operators.c.id == operator_id, operators.c.disabled_at.is_(None))
    name = db.session.scalar(closed.values(disabled_at=func.now()).returning(operators.c.name))
    if name is None:
        raise NotFound
    db.session.execute(delete(operator_links).where(operator_links.c.operator_id == operator_id))
    _end_sessions(operator_id)
    auditing.record(actor, "operator.disable", details={"operator": name})


def enable_operator(actor: OperatorActor, operator_id: uuid.UUID) -> str:
    """Let an operator in again, who must choose password and second factor anew; the link's token. Raises NotFound."""
    opened = update(operators).where(operators.c.id == operator_id, operators.c.disabled_at.is_not(None))
    fresh = opened.values(disabled_at=None, password_hash=None, totp_enc=None, totp_step=None)
    name = db.session.scalar(fresh.returning(operators.c.name))
    if name is None:
        raise NotFound
    auditing.record(actor, "operator.enable", details={"operator": name})
    return new_link(actor, operator_id)


def end_session(actor: OperatorActor, session_id: uuid.UUID) -> None:
    """End a session at once, whoever's it is; raises NotFound."""
    session = operator_sessions.c
    whose = db.session.scalar(
        delete(operator_sessions).where(session.id == session_id).returning(session.operator_id)
    )
    if whose is None:
        raise NotFound
    name = db.session.scalar(select(operators.c.name).where(operators.c.id == whose))
    auditing.record(actor, "session.revoke", details={"operator": str(name)})


def hash_of(token: str) -> bytes:
    """What is stored of a link's token. A random token needs no slow hash."""
    return hashlib.sha256(b"operator-link\0" + token.encode()).digest()


def _end_sessions(operator_id: uuid.UUID) -> None:
    db.session.execute(delete(operator_sessions).where(operator_sessions.c.operator_id == operator_id))
