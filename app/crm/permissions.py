"""The rights over customers, activities and leads; a lead is its assignee's and its store's."""

from __future__ import annotations

from app.core.guard.permissions import declare

declare("customer", extra=("reveal",))
declare("activity", verbs=("see", "create", "edit", "delete"))
# `lead.take` makes a lead one's own, `lead.assign` anybody's; `lead.setup` says how a store answers its leads.
declare("lead", verbs=("see", "create", "edit", "delete", "export"), extra=("take", "assign", "setup"))
