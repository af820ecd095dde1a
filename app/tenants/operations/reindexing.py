"""The counters of sign-in under a new index key. They hold fingerprints alone, but whose they may be is known.

Those of the dealership's own people are carried over. What else was counted since the new key is in use lies under it
already; of older attempts, of addresses and accounts that do not exist, the counts are forgotten.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select, tuple_

from app.core.db import db
from app.core.guard import vault
from app.core.guard.keys import KeyMissing
from app.core.guard.reindexing import Batch, Renewal, on_new_index_key
from app.tenants.models import Identity, SignInAttempt, User
from app.tenants.operations.links import email_of
from app.tenants.operations.signing import bring_over
from app.tenants.rules.signing import normal_email

# How far the clocks of two processes may be apart.
_CLOCKS: Final = timedelta(minutes=1)


@on_new_index_key("tenants_sign_in_attempts.fingerprint")
def renew_attempts(renewal: Renewal, _after: str | None) -> Batch:
    """All counters at once: there are few."""
    rows = db.session.execute(select(SignInAttempt.kind, SignInAttempt.fingerprint, SignInAttempt.last_at)).all()
    there = {(kind, mark) for kind, mark, _ in rows}
    kept, moved = set[tuple[str, bytes]](), 0
    for kind, value in _counted() if there else ():
        now, *older = vault.every_index(f"sign_in.{kind}", value)
        kept.add((kind, now))
        if any((kind, mark) in there for mark in older):
            bring_over(kind, value)
            moved += 1
    old = [(kind, mark) for kind, mark, last_at in rows if last_at <= renewal.used_from + _CLOCKS]
    gone = [key for key in old if key not in kept]
    key = tuple_(SignInAttempt.kind, SignInAttempt.fingerprint)
    taken = db.session.execute(delete(SignInAttempt).where(key.in_(gone)).returning(SignInAttempt.kind)).all()
    return Batch(moved, len(taken))


@on_new_index_key("tenants_identities")
def forget_identities(_renewal: Renewal, _after: str | None) -> Batch:
    """The register makes links to people of a provider anew; one made before the id was kept is made again."""
    gone = delete(Identity).where(Identity.subject_enc.is_(None)).returning(Identity.id)
    return Batch(0, len(db.session.scalars(gone).all()))


def _counted() -> list[tuple[str, str]]:
    """What the attempts of the dealership's own people are counted by."""
    users = db.session.scalars(select(User)).all()
    vault.load_subject_keys({user.id for user in users})
    found = []
    for user in users:
        found += [("factor", str(user.id)), ("account", f"password:{user.id}")]
        try:
            email = normal_email(email_of(user))
        except KeyMissing:
            continue
        found += [("account", email), ("reset", email)]
    return found
