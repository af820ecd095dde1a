"""The pages of the CRM."""

from app.crm.views import activities, customers, quick
from app.crm.views.pages import bp

__all__ = ["activities", "bp", "customers", "quick"]
