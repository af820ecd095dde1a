"""What the inventory stores."""

from app.inventory.models.appraisals import Appraisal, Photo
from app.inventory.models.stock import (
    FULL_VIN,
    OPEN_EPISODE,
    STOCK_NUMBER,
    OdometerReading,
    PriceChange,
    StockUnit,
    Vehicle,
)

__all__ = [
    "FULL_VIN", "OPEN_EPISODE", "STOCK_NUMBER", "Appraisal", "OdometerReading", "Photo", "PriceChange", "StockUnit",
    "Vehicle",
]  # fmt: skip
