"""What the CRM stores."""

from app.crm.models.customers import Activity, ActivitySummary, ContactPoint, Customer

__all__ = ["Activity", "ActivitySummary", "ContactPoint", "Customer"]
