"""Looking at the pages as a role: the session says so, and its rights are cut to the role's until that ends."""

from __future__ import annotations

import uuid

from sqlalchemy import update

from app.core.db import db
from app.core.guard import audit
from app.core.guard.permissions import Actor, check
from app.tenants.models import SessionRow
from app.tenants.queries import people


def begin_preview(actor: Actor, session_id: uuid.UUID, role_id: uuid.UUID) -> None:
    """Let `actor` look as the role in this session; it never opens more than he has himself."""
    check(actor, "role.edit")
    role = people.get_role(role_id)
    _set(session_id, role.id)
    audit.record(actor, "role.preview", "role", role.id)


def end_preview(session_id: uuid.UUID) -> None:
    """Give the session its own rights back."""
    _set(session_id, None)


def _set(session_id: uuid.UUID, role_id: uuid.UUID | None) -> None:
    db.session.execute(update(SessionRow).where(SessionRow.id == session_id).values(preview_role_id=role_id))
