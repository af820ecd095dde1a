"""Accounts opened by the system itself with a password it was given, such as those of the demonstration."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from app.core import clock
from app.core.db import current_tenant, db
from app.core.errors import PermissionDenied
from app.core.guard import audit
from app.core.guard.permissions import Actor
from app.tenants import ports
from app.tenants.models import User
from app.tenants.operations.links import void_links
from app.tenants.operations.users import Places, change_user, invite_user
from app.tenants.queries.sessions import find_user_by_email
from app.tenants.rules.passwords import check_password


class Account(NamedTuple):
    """Somebody who is to sign in, with roles at stores."""

    name: str
    email: str
    places: Places


def open_accounts(actor: Actor, accounts: Sequence[Account], password: str) -> dict[str, uuid.UUID]:
    """Active users who share one password, hashed once; ids by e-mail. Only for the system.

    Somebody known by the e-mail is changed into what the account says; links in mails on their way stop working.
    """
    if not actor.system:
        raise PermissionDenied("user.create")
    tenant = current_tenant()
    check_password(password, (tenant.name, tenant.slug))
    hashed = ports.hash_password(password)
    ids: dict[str, uuid.UUID] = {}
    for name, email, places in accounts:
        user: User | None = find_user_by_email(email)
        if user is None:
            user = invite_user(actor, name=name, email=email, places=places)
        else:
            user = change_user(
                actor, user.id, version=user.version, name=name, email=email, locale=user.locale, places=places
            )
        void_links(user.id)
        user.password_hash, user.password_changed_at, user.state = hashed, clock.now(), "active"
        db.session.flush()
        audit.record(actor, "password.set", "user", user.id, changes={"by": (None, "system")})
        ids[email] = user.id
    return ids
