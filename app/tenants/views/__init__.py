"""The pages of signing in and of the administration; the blueprint is `bp`."""

from app.tenants import permissions
from app.tenants.views import (
    account,
    admitting,
    again,
    api_keys,
    asking,
    explaining,
    factors,
    guarding,
    links,
    mails,
    partners,
    previews,
    proving,
    roles,
    sign_ups,
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
    "api_keys",
    "asking",
    "bp",
    "explaining",
    "factors",
    "guarding",
    "links",
    "mails",
    "partners",
    "permissions",
    "previews",
    "proving",
    "roles",
    "sign_ups",
    "signing",
    "stores",
    "teams",
    "users",
]
