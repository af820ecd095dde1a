"""The lists of the CRM."""

from app.crm.lists.customers import ACTIVITIES, CUSTOMERS
from app.crm.lists.leads import LEADS

__all__ = ["ACTIVITIES", "CUSTOMERS", "LEADS"]
