"""The lists of what the finance office offers and of the tax rules."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from app.core import clock
from app.core.db import current_tenant
from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.permissions import Actor
from app.core.lists.spec import By, Column, Filter, ListSpec, Sort, Target, View, declare_list
from app.sales.models import FIProduct, StoredTaxRule
from app.sales.rules.catalogue import KIND_LABELS
from app.sales.rules.taxes import TaxMethod

METHOD_LABELS = {
    TaxMethod.NONE.value: N_("No tax"),
    TaxMethod.SALES.value: N_("Sales tax on top"),
    TaxMethod.MARGIN.value: N_("VAT on the margin"),
    TaxMethod.PURCHASE_CN.value: N_("VAT inside, and purchase tax (China)"),
    TaxMethod.VAT.value: N_("VAT on the whole price"),
}


def _products(_actor: Actor) -> Select:
    return select(
        FIProduct.id, FIProduct.kind, FIProduct.name, FIProduct.provider, FIProduct.price, FIProduct.cost,
        FIProduct.currency, FIProduct.valid_from, FIProduct.valid_until, FIProduct.created_at,
    )  # fmt: skip


def _over(ends: Any) -> Any:
    def apply(wanted: bool) -> ColumnElement[bool]:
        live = or_(ends.is_(None), ends >= clock.today(current_tenant().timezone))
        return ~live if wanted else live

    return apply


def _product_page(row: Any) -> Target:
    return Target("sales.show_product", {"product_id": to_public("fip", row.id)})


PRODUCTS = declare_list(
    ListSpec(
        name="fi_products",
        label=N_("Finance products"),
        permission="fi_product.see",
        source=_products,
        columns=(
            Column("name", N_("Name"), url=_product_page, sort="name"),
            Column("kind", N_("Kind"), labels=KIND_LABELS),
            Column("provider", N_("Provider")),
            Column("price", N_("Price"), "money", currency=lambda row: row.currency),
            Column("cost", N_("Cost"), "money", currency=lambda row: row.currency, shown=False, field=FIProduct.cost),
            Column("valid_from", N_("Holds from"), "date", sort="begins"),
            Column("valid_until", N_("Holds until"), "date"),
            Column("created_at", N_("Added"), "instant", sort="created", shown=False),
        ),
        filters=(
            Filter("kind", N_("Kind"), "choices", column=FIProduct.kind, choices=tuple(KIND_LABELS.items())),
            Filter("over", N_("No longer offered"), "flag", apply=_over(FIProduct.valid_until)),
        ),
        sorts=(
            Sort("name", N_("Name"), (By(FIProduct.name, nullable=False),)),
            Sort("begins", N_("Holds from"), (By(FIProduct.valid_from, nullable=False),)),
            Sort("created", N_("Added"), (By(FIProduct.created_at),), words=(N_("Added first"), N_("Added last"))),
        ),
        default_sort="name",
        views=(
            View("offered", N_("Offered"), {"over": ("no",)}),
            View("lending", N_("Loans and leases"), {"kind": ("loan", "balloon", "lease"), "over": ("no",)}),
            View("all", N_("All")),
        ),
        id_prefix="fip",
        endpoint="sales.list_products",
        row_url=_product_page,
    )
)


def _tax_rules(_actor: Actor) -> Select:
    return select(
        StoredTaxRule.id, StoredTaxRule.key, StoredTaxRule.name, StoredTaxRule.valid_from, StoredTaxRule.valid_until,
        StoredTaxRule.body["method"].astext.label("method"), StoredTaxRule.created_at,
    )  # fmt: skip


def _rule_page(row: Any) -> Target:
    return Target("sales.show_tax_rule", {"rule_id": to_public("tax", row.id)})


TAX_RULES = declare_list(
    ListSpec(
        name="tax_rules",
        label=N_("Tax rules"),
        permission="sales_setting.see",
        source=_tax_rules,
        columns=(
            Column("name", N_("Name"), url=_rule_page, sort="name"),
            Column("key", N_("Key"), sort="key"),
            Column("method", N_("Method"), labels=METHOD_LABELS),
            Column("valid_from", N_("Holds from"), "date", sort="begins"),
            Column("valid_until", N_("Holds until"), "date"),
        ),
        filters=(
            Filter("over", N_("No longer holds"), "flag", apply=_over(StoredTaxRule.valid_until)),
            Filter("key", N_("Key"), column=StoredTaxRule.key, match="exact", normalise=str.strip),
        ),
        sorts=(
            Sort("name", N_("Name"), (By(StoredTaxRule.name, nullable=False),)),
            Sort(
                "key", N_("Key"), (By(StoredTaxRule.key, nullable=False), By(StoredTaxRule.valid_from, nullable=False)),
            ),
            Sort("begins", N_("Holds from"), (By(StoredTaxRule.valid_from, nullable=False),)),
        ),
        default_sort="name",
        views=(View("now", N_("In force"), {"over": ("no",)}), View("all", N_("All"))),
        id_prefix="tax",
        endpoint="sales.list_tax_rules",
        row_url=_rule_page,
        exports=False,
    )
)
