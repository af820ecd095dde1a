"""The rights over deals; a deal is its salesperson's and its store's."""

from __future__ import annotations

from app.core.guard.permissions import declare

# `deal.deliver` hands the vehicle over; `deal.unwind` takes a delivered deal back.
declare("deal", extra=("deliver", "unwind"))

# `payment.create` writes money down as it comes, `payment.refund` gives it back; nobody edits or deletes a payment.
declare("payment", verbs=("see", "create", "export"), extra=("refund",))

# `application.fund` says that the lender's money came.
declare("application", verbs=("see", "create", "edit", "export"), extra=("fund",))
