"""How somebody wants to work: settings of the user's own record. No right depends on them, so nobody audits them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, literal, update
from sqlalchemy.dialects.postgresql import JSONB

from app.core.db import db
from app.core.guard.permissions import Actor
from app.tenants.models import User
from app.tenants.rules.preferences import is_offered


def keep_preferences(actor: Actor, chosen: Mapping[str, str], *, locale: str | None = None) -> None:
    """Set the offered ones of `chosen`, and the language when one is given.

    The record's version stays: whoever edits the user meanwhile has seen all there is to see.
    """
    offered = {name: value for name, value in chosen.items() if is_offered(name, value)}
    values: dict[str, object] = {}
    if offered:
        values["preferences"] = User.preferences.op("||")(literal(offered, JSONB))
    if locale is not None:
        values["locale"] = locale
    if values and actor.user_id is not None:
        # Without the event of the ORM, which would count the version up.
        statement = update(User.__table__).where(User.__table__.c.id == actor.user_id)
        db.session.execute(statement.values(**values, updated_at=func.now()))
