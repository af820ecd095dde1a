"""What sales stores."""

from app.sales.models.deal import ACTIVE_DEAL, DEAL_NUMBER, Deal

__all__ = ["ACTIVE_DEAL", "DEAL_NUMBER", "Deal"]
