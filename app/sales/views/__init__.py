"""The pages of sales."""

from app.sales.views import deals, delivery, desk, documents, gross
from app.sales.views.pages import bp
from app.sales.views.settings import pages as settings_pages

__all__ = ["bp", "deals", "delivery", "desk", "documents", "gross", "settings_pages"]
