"""What sales stores."""

from app.sales.models.applications import Application
from app.sales.models.deal import ACTIVE_DEAL, DEAL_NUMBER, Deal
from app.sales.models.documents import EDITION, ONCE, DealDocument, DocumentEvent
from app.sales.models.payments import RECEIPT_NUMBER, Payment
from app.sales.models.policies import POLICY_NUMBER, SalesPolicy
from app.sales.models.worksheets import (
    CHOSEN_WORKSHEET,
    TRADED_VEHICLE,
    WORKSHEET_NUMBER,
    DealLine,
    Scenario,
    TradeIn,
    Worksheet,
)

__all__ = [
    "ACTIVE_DEAL",
    "CHOSEN_WORKSHEET",
    "DEAL_NUMBER",
    "EDITION",
    "ONCE",
    "POLICY_NUMBER",
    "RECEIPT_NUMBER",
    "TRADED_VEHICLE",
    "WORKSHEET_NUMBER",
    "Application",
    "Deal",
    "DealDocument",
    "DealLine",
    "DocumentEvent",
    "Payment",
    "SalesPolicy",
    "Scenario",
    "TradeIn",
    "Worksheet",
]
