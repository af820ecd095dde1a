"""The lists of the CRM."""

from app.crm.lists.customers import ACTIVITIES, CUSTOMERS

__all__ = ["ACTIVITIES", "CUSTOMERS"]
