"""The rights over deals, which are their salesperson's and their store's, and over the settings of sales."""

from __future__ import annotations

from app.core.guard.permissions import declare

# `deal.deliver` hands the vehicle over; `deal.unwind` takes a delivered deal back.
declare("deal", extra=("deliver", "unwind"))

# `payment.create` writes money down as it comes, `payment.refund` gives it back; nobody edits or deletes a payment.
declare("payment", verbs=("see", "create", "export"), extra=("refund",))

# `application.fund` says that the lender's money came.
declare("application", verbs=("see", "create", "edit", "export"), extra=("fund",))

# What stores have decided about selling: limits, fees, what must be signed. Policies of all stores ask for all of them.
declare("sales_setting", verbs=("see", "edit"))
# The papers of a deal: seen, made or brought in, signed for, voided. They are the deal's salesperson's and its store's.
declare("deal_document", verbs=("see", "create", "delete"), extra=("sign",))

# What the finance office offers; tax rules are settings of sales.
declare("fi_product", verbs=("see", "create", "edit", "export"), whole=True)
# Plans are set by whoever may edit, statements are a person's own and his store's; `approve` closes a period for good.
declare("commission", verbs=("see", "edit", "approve", "export"))
