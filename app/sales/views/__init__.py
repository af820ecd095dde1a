"""The pages of sales."""

from app.sales.views import catalogue, commission, deals, delivery, desk, documents, gross, tax_table
from app.sales.views.pages import bp
from app.sales.views.settings import pages as settings_pages

__all__ = [
    "bp",
    "catalogue",
    "commission",
    "deals",
    "delivery",
    "desk",
    "documents",
    "gross",
    "settings_pages",
    "tax_table",
]
