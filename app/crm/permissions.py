"""The rights over customers, their activities, leads and next steps, and test drives."""

from __future__ import annotations

from app.core.guard.permissions import declare

declare("customer", extra=("reveal",))
declare("activity", verbs=("see", "create", "edit", "delete"))
declare("follow_up", verbs=("see", "create", "edit", "delete"))
declare("test_drive", verbs=("see", "create", "edit", "export"))
# `lead.take` makes a lead one's own, `lead.assign` anybody's; `lead.setup` says how a store answers its leads.
declare("lead", verbs=("see", "create", "edit", "delete", "export"), extra=("take", "assign", "setup"))
