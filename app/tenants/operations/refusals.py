"""What the audit keeps of those who were not let in: which account, as far as there is one, and from where."""

from __future__ import annotations

from app.core.db.columns import INTERNAL, PERSONAL
from app.core.guard import audit
from app.core.guard.masks import mask
from app.core.guard.origin import origin
from app.core.guard.permissions import Actor
from app.core.guard.policy import declare_record
from app.tenants.queries.sessions import find_user_by_email

# Somebody who has not shown who he is.
VISITOR = Actor(user_id=None, name="visitor")

declare_record(
    "user", typed=PERSONAL, address=PERSONAL, by=INTERNAL, minutes=INTERNAL, permission=INTERNAL, place=INTERNAL,
    factor=INTERNAL,
)  # fmt: skip


def note_refused(email: str) -> None:
    """Record a sign-in with a wrong password, of an unknown account, or of one that may not sign in.

    What was typed is kept as its mask alone: people type their password into the wrong field. There is no more of
    these than the throttle lets through.
    """
    user = find_user_by_email(email)
    user_id = user.id if user else None
    told = {"typed": (None, mask("email", email)), "address": (None, origin().address)}
    audit.record(VISITOR, "session.refuse", "user", user_id, personal=told, subject_id=user_id)


def note_password(actor: Actor) -> None:
    """Record that somebody signed in gave another password than his, where it was asked for again."""
    audit.record(actor, "password.refused", "user", actor.user_id)


def note_blocked(kind: str, minutes: int) -> None:
    """Record that an account or an address has to wait, once for each time it is made to."""
    audit.record(VISITOR, "session.block", "user", None, changes={"by": (None, kind), "minutes": (None, minutes)})
