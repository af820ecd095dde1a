"""Who holds a right and who can grant it: what a refused page tells whoever asked."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from app.core.db import db
from app.tenants.models import Membership, Role, User
from app.tenants.queries.people import RoleLine, list_roles
from app.tenants.rules.roles import ADMIN

# A dealership may have many administrators; two names are enough to ask.
MOST_NAMES = 2


@dataclass(frozen=True)
class WhoMay:
    """Names of roles and people around one right."""

    own: Sequence[str]
    roles: Sequence[str]
    people: Sequence[str]


def who_may(permission: str, user_id: uuid.UUID) -> WhoMay:
    """The roles of the user, the roles that hold `permission`, and colleagues who can change roles."""
    lines = list_roles()
    held = set(db.session.scalars(select(Membership.role_id).where(Membership.user_id == user_id)))
    granting = (
        select(User.name)
        .join(Membership, Membership.user_id == User.id)
        .join(Role, Role.id == Membership.role_id)
        .where(Role.key == ADMIN, User.state == "active", User.id != user_id)
        .distinct()
        .order_by(User.name)
        .limit(MOST_NAMES)
    )
    return WhoMay(
        own=[line.role.name for line in lines if line.role.id in held],
        roles=_holding(lines, permission),
        people=db.session.scalars(granting).all(),
    )


def roles_with(permission: str) -> Sequence[str]:
    """The names of the roles that hold `permission` in any scope."""
    return _holding(list_roles(), permission)


def _holding(lines: Sequence[RoleLine], permission: str) -> list[str]:
    return [line.role.name for line in lines if line.is_admin or permission in line.grants]
