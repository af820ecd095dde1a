"""The rights over customers and activities."""

from __future__ import annotations

from app.core.guard.permissions import declare

declare("customer", extra=("reveal",))
declare("activity", verbs=("see", "create", "edit", "delete"))
