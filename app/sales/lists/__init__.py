"""The lists of sales, and how what they show is called."""

from app.sales.lists import approvals
from app.sales.lists.applications import APPLICATIONS
from app.sales.lists.catalogue import METHOD_LABELS, PRODUCTS, TAX_RULES
from app.sales.lists.commission import PLANS, STATEMENTS
from app.sales.lists.deals import DEALS, STATUS_LABELS, TYPE_LABELS, vehicle_name
from app.sales.lists.payments import PAYMENTS

__all__ = [
    "APPLICATIONS",
    "DEALS",
    "METHOD_LABELS",
    "PAYMENTS",
    "PLANS",
    "PRODUCTS",
    "STATEMENTS",
    "STATUS_LABELS",
    "TAX_RULES",
    "TYPE_LABELS",
    "approvals",
    "vehicle_name",
]
