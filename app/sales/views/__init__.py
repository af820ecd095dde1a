"""The pages of sales."""

from app.sales.views import deals, delivery
from app.sales.views.pages import bp

__all__ = ["bp", "deals", "delivery"]
