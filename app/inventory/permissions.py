"""The rights over vehicles and stock."""

from __future__ import annotations

from app.core.guard.permissions import declare

# A vehicle belongs to no store, so its rights are held for all or not at all.
declare("vehicle", whole=True)
# `stock.price`: change the asking price.
declare("stock", extra=("move", "price"))
# `appraisal.approve`: agree to what a car was found to be worth, or refuse it.
declare("appraisal")
