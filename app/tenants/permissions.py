"""The rights over stores, users, roles and the records of what happened."""

from __future__ import annotations

from app.core.guard.permissions import declare

declare("store", verbs=("see", "create", "edit", "delete"))
declare("user", verbs=("see", "create", "edit", "delete"))
declare("role", verbs=("see", "create", "edit", "delete"), whole=True)
declare("audit", verbs=("see", "export"))
declare("api_key", verbs=("see", "create", "edit"))
declare("dealership", verbs=(), extra=("admit_operator", "identity", "origins", "samples"), whole=True)
