"""The pages of the CRM."""

from app.crm.views import activities, customers, follow_ups, lead_moves, leads, quick, speed, test_drives
from app.crm.views.pages import bp

__all__ = ["activities", "bp", "customers", "follow_ups", "lead_moves", "leads", "quick", "speed", "test_drives"]
