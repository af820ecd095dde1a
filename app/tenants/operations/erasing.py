"""What an erasure takes of the guards of sign-in: the counters kept under a fingerprint of the person's e-mail."""

from __future__ import annotations

from sqlalchemy import delete

from app.core.db import db
from app.core.guard.erasing import Erasure, on_erasure
from app.core.guard.vault import every_index
from app.tenants.models import SignInAttempt
from app.tenants.rules.signing import normal_email


@on_erasure
def take_attempts(erasure: Erasure) -> None:
    """Forget how often somebody tried to sign in with the person's e-mail."""
    mails = {normal_email(value) for value in erasure.values if "@" in value}
    known = [mark for kind in ("account", "reset") for mail in mails for mark in every_index(f"sign_in.{kind}", mail)]
    db.session.execute(delete(SignInAttempt).where(SignInAttempt.fingerprint.in_(known)))
