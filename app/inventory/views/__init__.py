"""The pages of the inventory."""

from app.inventory.views import units, vehicles
from app.inventory.views.pages import bp

__all__ = ["bp", "units", "vehicles"]
