"""Sales over the API; `shapes` says what goes in and out."""

from app.sales.api import applications, catalogue, commission, deals, documents, payments

blueprints = (deals.bp, catalogue.bp, payments.bp, applications.bp, documents.bp, commission.bp)
