"""Who is signed in at the console, the operators there are, and what they did."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, select, text

from app.core import clock
from app.core.db import db
from app.core.db.tenancy import current_settings
from app.core.errors import NotFound
from app.core.guard import vault
from app.operators import rules
from app.operators.models import operator_audit, operator_links, operator_sessions, operators, tenants


@dataclass(frozen=True)
class OperatorRow:
    """An operator as the console lists him."""

    id: uuid.UUID
    name: str
    email: str
    state: str
    created_at: datetime


@dataclass(frozen=True)
class SignedIn:
    """A living session at the console."""

    id: uuid.UUID
    name: str
    session_id: uuid.UUID
    last_seen_at: datetime


def read_session(token_hash: bytes, idle: timedelta) -> SignedIn | None:
    """The living session of this token, or None: the first statement of each of the console's requests."""
    now, session = clock.now(), operator_sessions.c
    row = db.session.execute(
        select(operators.c.id, operators.c.name, session.id, session.last_seen_at)
        .join(operator_sessions, session.operator_id == operators.c.id)
        .where(
            session.token_hash == token_hash,
            session.expires_at > now,
            session.last_seen_at > now - idle,
            operators.c.disabled_at.is_(None),
        )
    ).one_or_none()
    return SignedIn(*row) if row is not None else None


def list_sessions(idle: timedelta) -> Sequence[Any]:
    """The living sessions of all operators, the last used first."""
    now, session = clock.now(), operator_sessions.c
    columns = (session.id, session.agent, session.created_at, session.last_seen_at, operators.c.name)
    query = select(*columns).join(operators, operators.c.id == session.operator_id)
    query = query.where(session.expires_at > now, session.last_seen_at > now - idle)
    return db.session.execute(query.order_by(session.last_seen_at.desc(), session.id)).all()


def find_operator(email: str) -> Any:
    """The operator with this e-mail in its normal form, whatever his state."""
    index = rules.fingerprint(current_settings().secret_key, "email", email)
    return db.session.execute(select(operators).where(operators.c.email_index == index)).one_or_none()


def list_operators() -> Sequence[OperatorRow]:
    """Every operator, by name."""
    rows = db.session.execute(select(operators).order_by(operators.c.name, operators.c.id)).all()
    return [_shown(row) for row in rows]


def get_operator(operator_id: uuid.UUID) -> OperatorRow:
    """One operator; raises NotFound."""
    row = db.session.execute(select(operators).where(operators.c.id == operator_id)).one_or_none()
    if row is None:
        raise NotFound
    return _shown(row)


def anybody_can_sign_in() -> bool:
    """Whether there is an operator who has a password and a second factor and is not disabled."""
    able = exists().where(operators.c.totp_enc.is_not(None), operators.c.disabled_at.is_(None))
    return bool(db.session.scalar(select(able)))


def find_link(token_hash: bytes) -> Any:
    """A link that can still be used, with its operator's id, name and e-mail."""
    links = operator_links.c
    return db.session.execute(
        select(links.id, links.operator_id, operators.c.name, operators.c.email_enc)
        .join(operators, operators.c.id == links.operator_id)
        .where(
            links.token_hash == token_hash,
            links.used_at.is_(None),
            links.expires_at > clock.now(),
            operators.c.disabled_at.is_(None),
        )
    ).one_or_none()


def list_audit(
    tenant_id: str | None = None, before: uuid.UUID | None = None, action: str | None = None
) -> Sequence[Any]:
    """What operators did, newest first, `rules.LISTED` and one more.

    About one dealership, older than an entry, of one action.
    """
    entry = operator_audit.c
    query = select(operator_audit, tenants.c.slug).outerjoin(tenants, tenants.c.id == entry.tenant_id)
    if tenant_id is not None:
        query = query.where(entry.tenant_id == tenant_id)
    if action is not None:
        query = query.where(entry.action == action)
    if before is not None:
        query = query.where(entry.id < before)
    return db.session.execute(query.order_by(entry.id.desc()).limit(rules.LISTED + 1)).all()


def email_of(operator_id: uuid.UUID, sealed: bytes) -> str:
    """The e-mail of an operator."""
    return vault.unseal_platform("operators", "email_enc", str(operator_id), bytes(sealed))


def _shown(row: Any) -> OperatorRow:
    state = "disabled" if row.disabled_at else "active" if row.totp_enc else "invited"
    return OperatorRow(row.id, row.name, email_of(row.id, row.email_enc), state, row.created_at)


def database_version() -> str:
    """The server's own version, for the page about the fleet."""
    return str(db.session.scalar(text("SHOW server_version")))
