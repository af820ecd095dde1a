"""What belongs to no module over the API, one file a kind of record."""

from app.web.api import audit_events, changes, finding

blueprints = (audit_events.bp, changes.bp, finding.bp)
