"""What the CRM stores."""

from app.crm.models.customers import Activity, ActivitySummary, ContactPoint, Customer
from app.crm.models.follow_ups import FollowUp
from app.crm.models.leads import Lead, LeadRules, Rotation
from app.crm.models.test_drives import TestDrive

__all__ = [
    "Activity", "ActivitySummary", "ContactPoint", "Customer", "FollowUp", "Lead", "LeadRules", "Rotation", "TestDrive",
]  # fmt: skip
