"""Sales over the API; `shapes` says what goes in and out."""

from app.sales.api import deals

blueprints = (deals.bp,)
