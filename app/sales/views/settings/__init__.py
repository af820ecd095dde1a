"""The settings of sales: one file a subject, which says what its form asks and what policy it makes of that."""

from __future__ import annotations

from app.core.errors import N_
from app.sales.views.settings import approval, fees, gross, papers, reservation
from app.sales.views.settings.parts import Link, Setting

# In the order in which they stand; each from the file of its subject.
SETTINGS: tuple[Setting | Link, ...] = (
    approval.SETTING,
    gross.SETTING,
    reservation.SETTING,
    fees.SETTING,
    papers.SETTING,
    Link(
        N_("Tax rules"), N_("The dated table of what states and countries tax, and how"), "sales.list_tax_rules",
        "sales_setting.see",
    ),
    Link(
        N_("Finance products"), N_("Loans, leases, insurance and contracts with their terms"), "sales.list_products",
        "fi_product.see",
    ),
)

__all__ = ["SETTINGS", "Link", "Setting"]
