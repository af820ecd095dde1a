"""How users, their roles and their sessions are called where they are only mentioned, such as in a notification."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping

from sqlalchemy import literal, select

from app.core.db import db
from app.core.db.ids import to_public
from app.core.guard.permissions import Actor, allows
from app.core.jobs.topics import Named, verbatim
from app.tenants.models import Membership, Role, SessionRow, Store, User
from app.tenants.queries import people

ACCOUNT_PAGE = "tenants.account"


def name_users(actor: Actor, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Named]:
    """Users within the actor's reach; their page opens to those who may change it."""
    reached = people.reachable_users(actor, "user.see")
    opens = people.reachable_users(actor, "user.edit") if allows(actor, "user.edit") else literal(False)
    rows = db.session.execute(select(User.id, User.name, opens.label("opens")).where(User.id.in_(ids), reached))
    return {
        row.id: Named(verbatim(row.name), None, "tenants.show_user", {"user_id": to_public("usr", row.id)})
        if row.opens
        else Named(verbatim(row.name))
        for row in rows
    }


def name_account(actor: Actor, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Named]:
    """One's own account."""
    return {key: Named(verbatim(actor.name), None, ACCOUNT_PAGE) for key in ids if key == actor.user_id}


def name_rights(actor: Actor, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Named]:
    """One's own roles as they are now, whatever it was that changed them."""
    rows = db.session.execute(
        select(Role.name, Store.name.label("store"))
        .join(Membership, Membership.role_id == Role.id)
        .join(Store, Store.id == Membership.store_id)
        .where(Membership.user_id == actor.user_id)
        .order_by(Store.name, Role.name)
    )
    held = " · ".join(f"{row.name} ({row.store})" for row in rows)
    named = Named(verbatim(actor.name), verbatim(held) if held else None, ACCOUNT_PAGE)
    return dict.fromkeys(ids, named)


def name_sessions(actor: Actor, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Named]:
    """One's own sessions that have not ended, by the device."""
    own = SessionRow.id.in_(ids), SessionRow.user_id == actor.user_id, SessionRow.agent.is_not(None)
    rows = db.session.execute(select(SessionRow.id, SessionRow.agent).where(*own))
    return {row.id: Named(verbatim(row.agent or ""), None, ACCOUNT_PAGE) for row in rows}
