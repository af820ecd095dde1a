"""Breaking the glass: a record's masked values of one group in full for some minutes, for a stated reason, on record.

For whoever sees a mask and has the right to look behind it. Each time leaves an entry in the audit with the reason,
and nobody looks behind more than a few masks an hour.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select

from app.core import clock
from app.core.db import current_tenant, db
from app.core.db.columns import new_id
from app.core.errors import N_, DomainError, PermissionDenied
from app.core.guard import audit
from app.core.guard.erasing import Erasure, on_erasure
from app.core.guard.key_models import Reveal
from app.core.guard.permissions import Actor

LASTS: Final = timedelta(minutes=10)
MOST_AN_HOUR: Final = 10
SHORTEST_REASON, LONGEST_REASON = 10, 300
_HOUR: Final = timedelta(hours=1)
_KEPT: Final = timedelta(days=7)


class ReasonMissing(DomainError):
    """Nobody could tell from it why the value was looked at."""

    code = "reason_missing"
    message = N_("Say in at least {shortest} characters why you need to see this.")
    status = 422


class TooManyReveals(DomainError):
    """More than anybody needs."""

    code = "too_many_reveals"
    message = N_("You have looked behind {most} masks within an hour. Try again later.")
    status = 429


def open_reveal(
    actor: Actor,
    record_type: str,
    record_id: uuid.UUID,
    reason: str,
    *,
    group: str = "contact",
    subject_id: uuid.UUID | None = None,
) -> datetime:
    """Let the actor see the record's masked values of a group in full; until when. The caller has checked right,
    record and sight.

    Raises ReasonMissing, and TooManyReveals by what was opened in the last hour, one after the other for each user.
    """
    if actor.user_id is None:
        raise PermissionDenied(f"{record_type}.reveal")
    reason = " ".join(reason.split())
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise ReasonMissing(field="reason", shortest=SHORTEST_REASON)
    # Two presses at once count each other.
    lock = func.hashtext(f"reveal.{current_tenant().id}"), func.hashtext(str(actor.user_id))
    db.session.execute(select(func.pg_advisory_xact_lock(*lock)))
    now = clock.now()
    lately = select(func.count()).where(Reveal.user_id == actor.user_id, Reveal.created_at > now - _HOUR)
    if (db.session.scalar(lately) or 0) >= MOST_AN_HOUR:
        raise TooManyReveals(most=MOST_AN_HOUR)
    until = now + LASTS
    of = {"user_id": actor.user_id, "record_type": record_type, "record_id": record_id}
    db.session.add(Reveal(id=new_id(), **of, field_group=group, reason=reason, created_at=now, expires_at=until))
    told = {"until": (None, until)}
    why = {"reason": (None, reason)}
    action = f"{record_type}.reveal" if group == "contact" else f"{record_type}.reveal_{group}"
    audit.record(actor, action, record_type, record_id, told, why, subject_id=subject_id)
    return until


def revealed_until(
    actor: Actor, record_type: str, record_id: uuid.UUID, *, group: str = "contact"
) -> datetime | None:
    """Until when the actor sees the record's masked values of a group in full; None when he does not now."""
    if actor.user_id is None:
        return None
    return db.session.scalar(
        select(func.max(Reveal.expires_at)).where(
            Reveal.user_id == actor.user_id,
            Reveal.created_at > clock.now() - LASTS,
            Reveal.expires_at > clock.now(),
            Reveal.record_type == record_type,
            Reveal.record_id == record_id,
            Reveal.field_group == group,
        )
    )


def forget_old() -> None:
    """Delete what no longer counts; the audit keeps it."""
    db.session.execute(delete(Reveal).where(Reveal.created_at < clock.now() - _KEPT))


@on_erasure
def take_reasons(erasure: Erasure) -> None:
    """A reason may name the person."""
    db.session.execute(delete(Reveal).where(Reveal.record_id == erasure.subject_id))
