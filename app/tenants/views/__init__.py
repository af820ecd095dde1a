"""The pages of signing in and of the administration; the blueprint is `bp`."""

from app.tenants import permissions
from app.tenants.views import account, again, links, mails, roles, signing, stores, teams, users
from app.tenants.views.base import bp

__all__ = ["account", "again", "bp", "links", "mails", "permissions", "roles", "signing", "stores", "teams", "users"]
