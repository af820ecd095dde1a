"""Sales over the API; `shapes` says what goes in and out."""

from app.sales.api import applications, catalogue, commission, deals, documents, payments, trade_ins, worksheets

blueprints = (
    deals.bp,
    worksheets.bp,
    trade_ins.bp,
    catalogue.bp,
    payments.bp,
    applications.bp,
    documents.bp,
    commission.bp,
)
