"""Which second factors somebody has, and the questions browsers still have to answer."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, ScalarSelect, exists, func, select

from app.core import clock
from app.core.db import db
from app.core.guard import vault
from app.core.guard.facts import declare_fact
from app.tenants.models import Challenge, CodeApp, Membership, Passkey, RecoveryCode, Role


@dataclass(frozen=True)
class Factors:
    """What somebody can show besides the password, and whether a role of his demands it."""

    app: CodeApp | None
    passkeys: Sequence[Passkey]
    codes_left: int
    required: bool

    @property
    def any(self) -> bool:
        """Whether there is one at all; recovery codes alone are none."""
        return self.app is not None or bool(self.passkeys)


def factors_of(user_id: uuid.UUID) -> Factors:
    """The second factors of a user."""
    app = db.session.scalars(select(CodeApp).where(CodeApp.user_id == user_id, CodeApp.confirmed_at.is_not(None)))
    keys = db.session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.created_at))
    unused = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    required = select(func.coalesce(_required(user_id), False))
    return Factors(
        app.one_or_none(), keys.all(), db.session.scalar(unused) or 0, bool(db.session.scalar(required))
    )


def has_factor(user_id: uuid.UUID) -> bool:
    """Whether the user signs in with more than the password."""
    return bool(db.session.scalar(select(_has(user_id))))


def begun_secret(user_id: uuid.UUID) -> str | None:
    """The secret of the app the user is setting up, or None."""
    row = db.session.scalars(
        select(CodeApp).where(CodeApp.user_id == user_id, CodeApp.confirmed_at.is_(None))
    ).one_or_none()
    return secret_of(row) if row is not None else None


def secret_of(app: CodeApp) -> str:
    """The secret of an app in clear, for checking a code or showing it to its owner once."""
    return vault.unseal(app.user_id, CodeApp.__tablename__, "secret_enc", app.id, app.secret_enc)


def passkeys_at(user_id: uuid.UUID, host: str) -> Sequence[Passkey]:
    """The user's passkeys that are good at `host`."""
    query = select(Passkey).where(Passkey.user_id == user_id, Passkey.host == host)
    return db.session.scalars(query.order_by(Passkey.created_at)).all()


def find_passkey(credential_id: bytes, host: str) -> Passkey | None:
    """The passkey a browser speaks of."""
    query = select(Passkey).where(Passkey.credential_id == credential_id, Passkey.host == host)
    return db.session.scalars(query).one_or_none()


def find_challenge(token_hash: bytes, purpose: str, host: str, user_id: uuid.UUID | None = None) -> Challenge | None:
    """The open question of a browser; with `user_id`, if it was put to him."""
    query = select(Challenge).where(
        Challenge.token_hash == token_hash,
        Challenge.purpose == purpose,
        Challenge.host == host,
        Challenge.expires_at > clock.now(),
    )
    if user_id is not None:
        query = query.where(Challenge.user_id == user_id)
    return db.session.scalars(query).one_or_none()


def _required(user_id: ColumnElement[uuid.UUID] | uuid.UUID) -> ScalarSelect[bool | None]:
    """Whether a role of the user's demands a second factor; None for somebody without roles."""
    roles = select(func.bool_or(Role.requires_second_factor)).join(Membership, Membership.role_id == Role.id)
    return roles.where(Membership.user_id == user_id).scalar_subquery()


def _has(user_id: ColumnElement[uuid.UUID] | uuid.UUID) -> ColumnElement[bool]:
    # Two levels down SQLAlchemy no longer correlates by itself: it would find anybody's.
    app = exists().where(CodeApp.user_id == user_id, CodeApp.confirmed_at.is_not(None)).correlate_except(CodeApp)
    return app | exists().where(Passkey.user_id == user_id).correlate_except(Passkey)


REQUIRED, HAS = "second_factor.required", "second_factor.has"
declare_fact(REQUIRED, _required)
declare_fact(HAS, lambda user_id: select(_has(user_id)).scalar_subquery())
