"""The lists of sales, and how what they show is called."""

from app.sales.lists.deals import DEALS, STATUS_LABELS, TYPE_LABELS, vehicle_name

__all__ = ["DEALS", "STATUS_LABELS", "TYPE_LABELS", "vehicle_name"]
