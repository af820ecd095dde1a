"""The lists of the CRM."""

from app.crm.lists.customers import ACTIVITIES, CUSTOMERS
from app.crm.lists.follow_ups import FOLLOW_UPS
from app.crm.lists.leads import LEADS
from app.crm.lists.test_drives import TEST_DRIVES

__all__ = ["ACTIVITIES", "CUSTOMERS", "FOLLOW_UPS", "LEADS", "TEST_DRIVES"]
