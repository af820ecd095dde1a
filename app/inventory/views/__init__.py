"""The pages of the inventory."""

from app.inventory.views import appraisals, photos, units, vehicles
from app.inventory.views.pages import bp

__all__ = ["appraisals", "bp", "photos", "units", "vehicles"]
