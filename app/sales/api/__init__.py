"""Sales over the API; `shapes` says what goes in and out."""

from app.sales.api import catalogue, deals

blueprints = (deals.bp, catalogue.bp)
