"""Looking at the pages as a role: the session says so, and its rights are cut to the role's until that ends."""

from __future__ import annotations

import uuid

from sqlalchemy import select, update

from app.core.db import db
from app.core.errors import NotFound
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


def end_preview(actor: Actor, session_id: uuid.UUID) -> None:
    """Give the session its own rights back. An operator who was let in as a role has none beyond it: NotFound."""
    if actor.behind is not None:
        raise NotFound
    looked_as = db.session.scalar(select(SessionRow.preview_role_id).where(SessionRow.id == session_id))
    if looked_as is not None:
        _set(session_id, None)
        audit.record(actor, "role.preview_end", "role", looked_as)


def _set(session_id: uuid.UUID, role_id: uuid.UUID | None) -> None:
    db.session.execute(update(SessionRow).where(SessionRow.id == session_id).values(preview_role_id=role_id))
