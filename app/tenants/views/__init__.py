"""The pages of signing in and of the administration; the blueprint is `bp`."""

from app.tenants import permissions
from app.tenants.views import (
    account,
    admitting,
    again,
    asking,
    factors,
    guarding,
    links,
    mails,
    proving,
    roles,
    signing,
    stores,
    teams,
    users,
)
from app.tenants.views.base import bp

__all__ = [
    "account",
    "admitting",
    "again",
    "asking",
    "bp",
    "factors",
    "guarding",
    "links",
    "mails",
    "permissions",
    "proving",
    "roles",
    "signing",
    "stores",
    "teams",
    "users",
]
