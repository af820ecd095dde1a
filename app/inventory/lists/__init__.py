"""The lists of the inventory, and how what they show is called."""

from app.inventory.lists.appraisals import APPRAISALS
from app.inventory.lists.stock import CONDITION_LABELS, STATUS_LABELS, UNITS, VEHICLES, vehicle_name

__all__ = ["APPRAISALS", "CONDITION_LABELS", "STATUS_LABELS", "UNITS", "VEHICLES", "vehicle_name"]
