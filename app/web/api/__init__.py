"""What belongs to no module over the API, one file a kind of record."""

from app.web.api import audit_events, changes, finding, saved_views

blueprints = (audit_events.bp, changes.bp, finding.bp, saved_views.bp)
