"""What sales stores."""

from app.sales.models.applications import Application
from app.sales.models.catalogue import TAX_RULE_DAY, FIProduct, StoredTaxRule
from app.sales.models.commission import (
    ENTRY_ONCE,
    PERIOD_CLOSED,
    PLAN_NUMBER,
    CommissionEntry,
    CommissionPlan,
    CommissionStatement,
)
from app.sales.models.deal import CLAIMING_DEAL, DEAL_NUMBER, Deal
from app.sales.models.documents import EDITION, ONCE, DealDocument, DocumentEvent
from app.sales.models.moves import LIVE_RESERVATION, WAITING_REQUEST, Approval, Reservation, Snapshot
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
    "CHOSEN_WORKSHEET",
    "CLAIMING_DEAL",
    "DEAL_NUMBER",
    "EDITION",
    "ENTRY_ONCE",
    "LIVE_RESERVATION",
    "ONCE",
    "PERIOD_CLOSED",
    "PLAN_NUMBER",
    "POLICY_NUMBER",
    "RECEIPT_NUMBER",
    "TAX_RULE_DAY",
    "TRADED_VEHICLE",
    "WAITING_REQUEST",
    "WORKSHEET_NUMBER",
    "Application",
    "Approval",
    "CommissionEntry",
    "CommissionPlan",
    "CommissionStatement",
    "Deal",
    "DealDocument",
    "DealLine",
    "DocumentEvent",
    "FIProduct",
    "Payment",
    "Reservation",
    "SalesPolicy",
    "Scenario",
    "Snapshot",
    "StoredTaxRule",
    "TradeIn",
    "Worksheet",
]
