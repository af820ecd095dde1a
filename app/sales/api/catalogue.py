"""The finance office's catalogue and the dated table of tax rules over the API."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select

from app.core.guard.permissions import Actor
from app.core.http.access import require
from app.core.http.api import (
    ApiBlueprint,
    ApiRecord,
    answer_list,
    answer_one,
    created,
    creates,
    delete_record,
    deletes,
    lists,
    load_body,
    patch_record,
    patches,
    shows,
)
from app.core.http.sessions import current_actor
from app.sales.api.catalogue_shapes import FIProductFields, FIProductSchema, NewFIProduct, TaxRuleFields, TaxRuleSchema
from app.sales.lists import PRODUCTS, TAX_RULES
from app.sales.models import FIProduct, StoredTaxRule
from app.sales.operations import catalogue, tax_table
from app.sales.rules.tax_examples import US_CREDIT

bp = ApiBlueprint("catalogue", "Finance products and tax rules.")

EDITED = (
    "name", "provider", "valid_from", "valid_until", "price", "cost", "taxed", "capitalised", "commissionable", "terms",
    "buy_rates", "eligibility",
)  # fmt: skip
EXAMPLE = {
    "kind": "loan", "name": "Example Bank, used cars", "provider": "Example Bank",
    "terms": [{"months": 60, "rate": "6.9"}], "eligibility": {"conditions": ["used"], "max_age_years": 8},
}  # fmt: skip
RULE = {"body": US_CREDIT.to_body() | {"key": "example_state", "name": "Example state"}, "valid_from": "2026-01-01"}


def _products(actor: Actor) -> Select[Any]:
    own = (FIProduct.version, FIProduct.taxed, FIProduct.capitalised, FIProduct.commissionable, FIProduct.terms)
    return PRODUCTS.source(actor).add_columns(
        *own, FIProduct.buy_rates, FIProduct.eligibility, FIProduct.updated_at
    )


def _rules(actor: Actor) -> Select[Any]:
    own = (StoredTaxRule.version, StoredTaxRule.body, StoredTaxRule.updated_at)
    return TAX_RULES.source(actor).add_columns(*own)


PRODUCT = ApiRecord(
    name="fi_product", path="fi-products", spec=PRODUCTS, schema=FIProductSchema, source=_products,
    names={"valid_from": "begins", "created_at": "created"}, edits=EDITED,
)  # fmt: skip
TAX_RULE = ApiRecord(
    name="tax_rule", path="tax-rules", spec=TAX_RULES, schema=TaxRuleSchema, source=_rules,
    names={"valid_from": "begins"}, edits=("body", "valid_from", "valid_until"),
)  # fmt: skip


@bp.route("/fi-products", methods=["GET"])
@require("fi_product.see")
@lists(PRODUCT)
def list_fi_products():
    """List finance products"""
    return answer_list(PRODUCT)


@bp.route("/fi-products", methods=["POST"])
@require("fi_product.create")
@creates(PRODUCT, NewFIProduct, EXAMPLE)
def add_fi_product():
    """Offer a product"""
    data = load_body(NewFIProduct)
    return created(PRODUCT, lambda: catalogue.add_product(actor=current_actor(), **_tuples(data)).id)


@bp.route("/fi-products/<product_id>", methods=["GET"])
@require("fi_product.see")
@shows(PRODUCT)
def show_fi_product(product_id: str):
    """Read a finance product"""
    return answer_one(PRODUCT, product_id)


@bp.route("/fi-products/<product_id>", methods=["PATCH"])
@require("fi_product.edit")
@patches(PRODUCT, FIProductFields, {"valid_until": "2027-12-31"})
def edit_fi_product(product_id: str):
    """Change a finance product; deals keep what they have of it"""
    return patch_record(PRODUCT, product_id, FIProductFields, _edit)


@bp.route("/tax-rules", methods=["GET"])
@require("sales_setting.see")
@lists(TAX_RULE)
def list_tax_rules():
    """List the tax rules of the table"""
    return answer_list(TAX_RULE)


@bp.route("/tax-rules", methods=["POST"])
@require("sales_setting.edit")
@creates(TAX_RULE, TaxRuleFields, RULE)
def add_tax_rule():
    """Add a tax rule"""
    data = load_body(TaxRuleFields)
    return created(TAX_RULE, lambda: tax_table.add_tax_rule(actor=current_actor(), **data).id)


@bp.route("/tax-rules/<rule_id>", methods=["GET"])
@require("sales_setting.see")
@shows(TAX_RULE)
def show_tax_rule(rule_id: str):
    """Read a tax rule"""
    return answer_one(TAX_RULE, rule_id)


@bp.route("/tax-rules/<rule_id>", methods=["PATCH"])
@require("sales_setting.edit")
@patches(TAX_RULE, TaxRuleFields, {"valid_until": "2027-12-31"})
def edit_tax_rule(rule_id: str):
    """Correct a tax rule; deals keep the rule they were made by"""
    return patch_record(TAX_RULE, rule_id, TaxRuleFields, _edit_rule)


@bp.route("/tax-rules/<rule_id>", methods=["DELETE"])
@require("sales_setting.edit")
@deletes(TAX_RULE)
def delete_tax_rule(rule_id: str):
    """Take a tax rule out of the table"""
    return delete_record(TAX_RULE, rule_id, _delete_rule)


def _tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    lists_of = {name: tuple(data[name]) for name in ("terms", "buy_rates") if name in data}
    return {**data, **lists_of}


def _edit(key: uuid.UUID, version: int, values: Mapping[str, Any], sent: Mapping[str, Any]) -> None:
    # What is not sent is left alone: whoever sees no costs could not say them again.
    said = {name: values[name] for name in values if name in sent}
    catalogue.edit_product(actor=current_actor(), product_id=key, version=version, **_tuples(said))


def _edit_rule(key: uuid.UUID, version: int, values: Mapping[str, Any], _sent: Mapping[str, Any]) -> None:
    tax_table.edit_tax_rule(actor=current_actor(), rule_id=key, version=version, **values)


def _delete_rule(key: uuid.UUID, version: int | None) -> None:
    tax_table.delete_tax_rule(actor=current_actor(), rule_id=key, version=version)
