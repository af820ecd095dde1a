"""The rights over customers and activities."""

from __future__ import annotations

from app.core.guard.permissions import declare
from app.core.guard.policy import open_group

# `customer.contact`: read phone numbers and e-mail addresses in full; everybody else sees the masked form.
declare("customer", extra=("contact",))
open_group("contact", "customer.contact")
declare("activity", verbs=("see", "create", "edit", "delete"))
