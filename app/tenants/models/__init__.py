"""What is stored about stores, users, roles, sessions and links."""

from app.tenants.models.roles import Grant, Role, RoleSight
from app.tenants.models.signing import Link, Mail, SessionRow, SignInAttempt
from app.tenants.models.stores import Store, Team, TeamMember
from app.tenants.models.users import Membership, User

__all__ = [
    "Grant",
    "Link",
    "Mail",
    "Membership",
    "Role",
    "RoleSight",
    "SessionRow",
    "SignInAttempt",
    "Store",
    "Team",
    "TeamMember",
    "User",
]
