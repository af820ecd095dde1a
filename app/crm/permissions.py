"""The rights over customers, activities, leads and follow-ups; these two are their assignee's and their store's."""

from __future__ import annotations

from app.core.guard.permissions import declare

declare("customer", extra=("reveal",))
declare("activity", verbs=("see", "create", "edit", "delete"))
declare("follow_up", verbs=("see", "create", "edit", "delete"))
# `lead.take` makes a lead one's own, `lead.assign` anybody's; `lead.setup` says how a store answers its leads.
declare("lead", verbs=("see", "create", "edit", "delete", "export"), extra=("take", "assign", "setup"))
