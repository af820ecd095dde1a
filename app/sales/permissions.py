"""The rights over deals; a deal is its salesperson's and its store's."""

from __future__ import annotations

from app.core.guard.permissions import declare

# `deal.deliver` hands the vehicle over; `deal.unwind` takes a delivered deal back.
declare("deal", extra=("deliver", "unwind"))
