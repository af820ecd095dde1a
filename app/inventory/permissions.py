"""The rights over vehicles and stock."""

from __future__ import annotations

from app.core.guard.permissions import declare
from app.core.guard.policy import open_group

# A vehicle belongs to no store, so its rights are held for all or not at all.
declare("vehicle")
# `stock.price`: change the asking price; `stock.cost`: see and set what the store paid.
declare("stock", extra=("move", "price", "cost"))
open_group("cost", "stock.cost")
