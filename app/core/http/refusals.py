"""What the audit keeps of people who asked for what they have no right to."""

from __future__ import annotations

from datetime import timedelta

from flask import request
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app.core import clock
from app.core.db import db, find_tenant, transaction
from app.core.errors import PermissionDenied
from app.core.guard import audit
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import Actor
from app.core.http.sessions import current_actor
from app.core.logging import get_logger

log = get_logger(__name__)

DENIED = "access.deny"
# The same person without the same right again is no news for so long.
QUIET = timedelta(hours=1)


def note_denied(error: PermissionDenied) -> None:
    """Record that the visitor lacked a right, in a transaction of its own: the one he was refused in is rolled back.

    A refusal is answered as such whether it could be recorded or not.
    """
    actor = current_actor()
    if (actor.user_id is None and actor.key_id is None) or find_tenant() is None:
        return
    try:
        if not _is_known(actor, error.permission):
            place = f"{request.method} {request.url_rule.rule}" if request.url_rule else request.method
            with transaction():
                told = {"permission": (None, error.permission), "place": (None, place)}
                kind, who = ("user", actor.user_id) if actor.key_id is None else ("api_key", actor.key_id)
                audit.record(actor, DENIED, kind, who, changes=told)
    except SQLAlchemyError as failure:
        log.warning("denial_not_recorded", error=type(failure).__name__)


def _is_known(actor: Actor, permission: str) -> bool:
    query = select(AuditEntry.id).where(
        AuditEntry.actor_id == actor.user_id,
        AuditEntry.key_id == actor.key_id,
        AuditEntry.at > clock.now() - QUIET,
        AuditEntry.action == DENIED,
        AuditEntry.changes["permission"][1].astext == permission,
    )
    return db.session.scalar(query.limit(1)) is not None
