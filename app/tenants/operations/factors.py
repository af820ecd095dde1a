"""Second factors: setting up, taking away, and checking what somebody shows. Every success is used up by it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, or_, update
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id
from app.core.errors import NotFound
from app.core.guard import audit, totp, vault
from app.core.guard.permissions import Actor
from app.core.jobs.events import publish
from app.tenants.errors import CodeWrong, FactorStillRequired, PasskeyRefused
from app.tenants.events import FactorsChanged
from app.tenants.models import Challenge, CodeApp, Passkey, RecoveryCode, SessionRow
from app.tenants.operations.signing import forgive
from app.tenants.queries import factors

APP, PASSKEY, RECOVERY = "app", "passkey", "recovery_code"


@dataclass(frozen=True)
class NewPasskey:
    """A passkey whose making was checked."""

    credential_id: bytes
    public_key: bytes
    host: str
    uses: int
    synced: bool


def begin_app(actor: Actor) -> None:
    """Make the secret of an app to be set up; one begun before is dropped, one in use stays until this works."""
    user_id = _own(actor)
    db.session.execute(delete(CodeApp).where(CodeApp.user_id == user_id, CodeApp.confirmed_at.is_(None)))
    row_id = new_id()
    sealed = vault.seal(user_id, CodeApp.__tablename__, "secret_enc", row_id, totp.new_secret())
    db.session.add(CodeApp(id=row_id, user_id=user_id, secret_enc=sealed))
    db.session.flush()


def confirm_app(actor: Actor, code: str, *, session_id: uuid.UUID) -> list[str]:
    """Take the app into use with its first code, in place of an earlier one. Raises CodeWrong.

    Returns recovery codes when the user had none: they are shown now and never again.
    """
    user_id = _own(actor)
    begun = db.session.query(CodeApp).filter_by(user_id=user_id, confirmed_at=None).one_or_none()
    if begun is None:
        raise NotFound
    step = totp.matching_step(factors.secret_of(begun), code, clock.now(), None)
    if step is None:
        raise CodeWrong(field="code")
    db.session.execute(delete(CodeApp).where(CodeApp.user_id == user_id, CodeApp.confirmed_at.is_not(None)))
    begun.confirmed_at, begun.last_step = clock.now(), step
    db.session.flush()
    return _added(actor, user_id, APP, session_id)


def add_passkey(actor: Actor, made: NewPasskey, *, label: str, session_id: uuid.UUID) -> list[str]:
    """Keep a new passkey; returns recovery codes as `confirm_app` does. Raises PasskeyRefused for one known here."""
    user_id = _own(actor)
    db.session.add(
        Passkey(
            id=new_id(),
            user_id=user_id,
            credential_id=made.credential_id,
            public_key=made.public_key,
            host=made.host,
            uses=made.uses,
            synced=made.synced,
            label=label,
        )
    )
    try:
        db.session.flush()
    except IntegrityError as error:
        raise PasskeyRefused from error
    return _added(actor, user_id, PASSKEY, session_id)


def remove_app(actor: Actor) -> None:
    """Stop taking codes of the app. Raises FactorStillRequired, NotFound."""
    user_id = _own(actor)
    had = factors.factors_of(user_id)
    if had.app is None:
        raise NotFound
    if had.required and not had.passkeys:
        raise FactorStillRequired
    db.session.execute(delete(CodeApp).where(CodeApp.user_id == user_id))
    _told(actor, user_id, "factor.remove", APP)


def remove_passkey(actor: Actor, passkey_id: uuid.UUID) -> None:
    """Forget a passkey of one's own. Raises FactorStillRequired, NotFound."""
    user_id = _own(actor)
    had = factors.factors_of(user_id)
    if passkey_id not in {key.id for key in had.passkeys}:
        raise NotFound
    if had.required and had.app is None and len(had.passkeys) == 1:
        raise FactorStillRequired
    db.session.execute(delete(Passkey).where(Passkey.id == passkey_id))
    _told(actor, user_id, "factor.remove", PASSKEY)


def renew_codes(actor: Actor) -> list[str]:
    """Fresh recovery codes; all earlier ones are void. Raises NotFound for somebody without a second factor."""
    user_id = _own(actor)
    if not factors.has_factor(user_id):
        raise NotFound
    codes = _new_codes(user_id)
    _told(actor, user_id, "factor.codes", RECOVERY)
    return codes


def forget_factors(actor: Actor, user_id: uuid.UUID) -> None:
    """Take all second factors of a user away, for somebody who lost them; the caller has checked that he may.

    The user hears of it by mail, and sets up a new one at the next sign-in where a role requires one.
    """
    for table in (CodeApp, Passkey, RecoveryCode, Challenge):
        db.session.execute(delete(table).where(table.user_id == user_id))
    _told(actor, user_id, "factor.reset", "all")


def show_code(user_id: uuid.UUID, name: str, code: str) -> str:
    """Take a code of the user's app, or a recovery code, and use it up; which of the two. Raises CodeWrong."""
    app = factors.factors_of(user_id).app
    step = totp.matching_step(factors.secret_of(app), code, clock.now(), app.last_step) if app else None
    if app is not None and step is not None:
        # Two browsers with one code at once: the row lets one of them pass.
        newer = or_(CodeApp.last_step.is_(None), CodeApp.last_step < step)
        taken = update(CodeApp).where(CodeApp.id == app.id, newer).values(last_step=step).returning(CodeApp.id)
        if db.session.scalar(taken) is None:
            raise CodeWrong(field="code")
        forgive("factor", str(user_id))
        return APP
    unused = (
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == totp.hash_code(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
        .returning(RecoveryCode.id)
    )
    if not factors.has_factor(user_id) or db.session.scalar(unused) is None:
        raise CodeWrong(field="code")
    audit.record(Actor(user_id=user_id, name=name), "factor.spend", "user", user_id)
    forgive("factor", str(user_id))
    return RECOVERY


def show_passkey(key: Passkey, verify: Callable[[Passkey], int]) -> str:
    """Take what a passkey signed: `verify` checks it and says how often the key was used. Raises PasskeyRefused."""
    uses = verify(key)
    known = update(Passkey).where(Passkey.id == key.id, Passkey.uses == key.uses)
    if db.session.scalar(known.values(uses=uses, last_used_at=clock.now()).returning(Passkey.id)) is None:
        raise PasskeyRefused
    forgive("factor", str(key.user_id))
    return PASSKEY


def note_refusal(user_id: uuid.UUID, name: str) -> None:
    """Write down that a second factor was not accepted."""
    audit.record(Actor(user_id=user_id, name=name), "factor.refused", "user", user_id)


def prove_session(actor: Actor, session_id: uuid.UUID, *, token_hash: bytes, factor: bool) -> None:
    """The session has shown who it belongs to: from now on it goes by a new token, the old one is dead."""
    now = clock.now()
    values: dict[str, object] = {"token_hash": token_hash, "proved_at": now}
    if factor:
        values["factor_at"] = now
    changed = update(SessionRow).where(SessionRow.id == session_id).values(**values).returning(SessionRow.id)
    if db.session.scalar(changed) is None:
        raise NotFound
    audit.record(actor, "session.prove", "user", actor.user_id, changes={"factor": (None, factor)})


def _added(actor: Actor, user_id: uuid.UUID, kind: str, session_id: uuid.UUID) -> list[str]:
    """What follows a new factor: every other session ends, since none of them has shown it."""
    others = delete(SessionRow).where(SessionRow.user_id == user_id, SessionRow.id != session_id)
    db.session.execute(others)
    _told(actor, user_id, "factor.add", kind)
    return [] if factors.factors_of(user_id).codes_left else _new_codes(user_id)


def _new_codes(user_id: uuid.UUID) -> list[str]:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = totp.new_recovery_codes()
    db.session.add_all(RecoveryCode(id=new_id(), user_id=user_id, code_hash=totp.hash_code(code)) for code in codes)
    db.session.flush()
    return codes


def _told(actor: Actor, user_id: uuid.UUID, action: str, kind: str) -> None:
    audit.record(actor, action, "user", user_id, changes={"kind": (None, kind)})
    publish(FactorsChanged(user_id))


def _own(actor: Actor) -> uuid.UUID:
    if actor.user_id is None:
        raise NotFound
    return actor.user_id
