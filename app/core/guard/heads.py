"""Where the chains of the audits ended, kept by the platform's owner: of days that are over, one head each."""

from __future__ import annotations

from app.core.db.owner import owner
from app.core.db.tenancy import current_settings

# Every round of sealing leaves a head. Those of the last hour all stay: they are the ones a cut tail would show by.
_THIN = """
DELETE FROM audit_heads WHERE noted_at < now() - interval '1 hour' AND id NOT IN (
    SELECT max(id) FROM audit_heads GROUP BY tenant_id, date_trunc('day', noted_at AT TIME ZONE 'UTC'))
"""


def thin_heads() -> int:
    """Keep each tenant's last head of each day and those of the last hour; returns how many went. Raises NoOwner."""
    gone = 0
    for dsn_name in current_settings().database_urls:
        with owner(dsn_name) as connection:
            gone += connection.execute(_THIN).rowcount
    return gone
