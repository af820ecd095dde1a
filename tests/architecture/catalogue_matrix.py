"""The rows of the access matrix that are of the catalogue: what the finance office offers, and how states tax."""

from __future__ import annotations

from tests.architecture.rows import Row

PLAIN, DEAL = Row(), Row(("deal_id",))
PRODUCT, TAX_RULE = Row(("product_id",), other_store=False), Row(("rule_id",), other_store=False)


def catalogue_rows() -> dict[str, Row]:
    """Both belong to the whole dealership; an offer hangs on a deal."""
    return {
        **dict.fromkeys(("GET /fi-products", "GET /fi-products/new", "POST /fi-products"), PLAIN),
        **dict.fromkeys((f"{way} /fi-products/<product_id>" for way in ("GET", "POST")), PRODUCT),
        "POST /deals/<deal_id>/offers": DEAL,
        **dict.fromkeys(("GET /tax-rules", "GET /tax-rules/new", "POST /tax-rules", "POST /tax-rules/examples"), PLAIN),
        **dict.fromkeys((f"{way} /tax-rules/<rule_id>" for way in ("GET", "POST")), TAX_RULE),
        "POST /tax-rules/<rule_id>/delete": TAX_RULE,
    }
