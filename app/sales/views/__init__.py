"""The pages of sales."""

from app.sales.views import (
    approvals,
    catalogue,
    commission,
    deals,
    delivery,
    desk,
    documents,
    financing,
    gross,
    money,
    moves,
    starting,
    tax_table,
)
from app.sales.views.pages import bp
from app.sales.views.settings import pages as settings_pages

__all__ = [
    "approvals",
    "bp",
    "catalogue",
    "commission",
    "deals",
    "delivery",
    "desk",
    "documents",
    "financing",
    "gross",
    "money",
    "moves",
    "settings_pages",
    "starting",
    "tax_table",
]
