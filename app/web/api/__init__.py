"""What belongs to no module over the API, one file a kind of record."""

from app.web.api import audit_events, changes, exports, files, finding, imports, jobs, saved_views

blueprints = (
    *(audit_events.bp, changes.bp, finding.bp, saved_views.bp),
    *(jobs.bp, files.bp, imports.bp, exports.bp),
)
