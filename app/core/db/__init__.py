"""The database room: dialect, tenancy, session and the only commit, directory, identifiers, column types."""

from app.core.db.scopes import NoScope, Tenant, WrongScope, current_tenant, find_tenant
from app.core.db.session import after_commit, db, end_reading, transaction
from app.core.db.tenancy import operators, platform, tenant

__all__ = [
    "NoScope",
    "Tenant",
    "WrongScope",
    "after_commit",
    "current_tenant",
    "db",
    "end_reading",
    "find_tenant",
    "operators",
    "platform",
    "tenant",
    "transaction",
]
