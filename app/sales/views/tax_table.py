"""Pages of the dated table of tax rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext

from app.core import clock
from app.core.db import current_tenant, transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError
from app.core.guard.permissions import covers
from app.core.http.access import require
from app.core.http.forms import load_form, render_form
from app.core.http.lists import list_view
from app.core.http.sessions import current_actor
from app.core.http.timelines import history
from app.sales.lists import METHOD_LABELS, TAX_RULES
from app.sales.models import StoredTaxRule
from app.sales.operations import tax_table
from app.sales.queries import catalogue
from app.sales.rules.tax_examples import EXAMPLES
from app.sales.rules.taxes import TaxLayer, TaxMethod, TaxRule
from app.sales.schemas.catalogue import LAYER_ROWS, RowForm, TaxRuleForm
from app.sales.views.pages import bp, translated

FORM = "sales/catalogue/tax_rule.html"
EDIT = "sales_setting.edit"
_FLAGS = (
    "trade_credit", "rebate_reduces", "discount_reduces", "accessories_taxed", "fees_taxed", "products_taxed",
    "included", "collected",
)  # fmt: skip
_AMOUNTS = ("trade_credit_cap", "purchase_rate", "relief_percent", "relief_cap")
_PARTS = ("name", "rate", "cap", "base_from", "base_to")


@bp.get("/tax-rules")
@require("sales_setting.see")
def list_tax_rules():
    return list_view(TAX_RULES, "sales/catalogue/tax_rules.html", may_save=_may_save())


@bp.get("/tax-rules/new")
@require(EDIT)
def new_tax_rule():
    empty = TaxRule("", "", TaxMethod.SALES)
    values = {**_values(empty), "valid_from": clock.today(current_tenant().timezone)}
    return _form(None, values=values)


@bp.post("/tax-rules")
@require(EDIT)
def create_tax_rule():
    try:
        data = _read(load_form(TaxRuleForm))
        with transaction():
            tax_table.add_tax_rule(actor=current_actor(), **data)
    except DomainError as error:
        return _form(None, error)
    return _back(gettext("The rule is in the table."))


@bp.post("/tax-rules/examples")
@require(EDIT)
def add_tax_examples():
    with transaction():
        count = tax_table.add_examples(
            actor=current_actor(), rules=EXAMPLES, today=clock.today(current_tenant().timezone)
        )
    return _back(gettext("%(count)s rules were added. Confirm each before you sell by it.", count=count))


@bp.get("/tax-rules/<rule_id>")
@require("sales_setting.see")
def show_tax_rule(rule_id: str):
    row = catalogue.get_tax_rule(from_public("tax", rule_id))
    days = {"valid_from": row.valid_from, "valid_until": row.valid_until, "version": row.version}
    return _form(row, values={**_values(TaxRule.from_body(row.body)), **days})


@bp.post("/tax-rules/<rule_id>")
@require(EDIT)
def update_tax_rule(rule_id: str):
    key = from_public("tax", rule_id)
    try:
        form = load_form(TaxRuleForm)
        version = form["version"]
        with transaction():
            tax_table.edit_tax_rule(actor=current_actor(), rule_id=key, version=version, **_read(form))
    except DomainError as error:
        return _form(catalogue.get_tax_rule(key), error)
    return _back(gettext("The rule was saved."))


@bp.post("/tax-rules/<rule_id>/delete")
@require(EDIT)
def delete_tax_rule(rule_id: str):
    key = from_public("tax", rule_id)
    try:
        data = load_form(RowForm)
        with transaction():
            tax_table.delete_tax_rule(actor=current_actor(), rule_id=key, **data)
    except DomainError as error:
        return _form(catalogue.get_tax_rule(key), error)
    return _back(gettext("The rule is out of the table. Deals made by it keep it."))


def _may_save() -> bool:
    return covers(current_actor(), EDIT, owner_id=None, store_id=None)


def _read(form: Mapping[str, Any]) -> dict[str, Any]:
    """A loaded form as the operation takes it."""
    body: dict[str, Any] = {name: form[name] for name in ("key", "name", "method", *_FLAGS)}
    body |= {name: _text(form[name]) for name in _AMOUNTS}
    body["layers"] = []
    for _, part in sorted(form["layers"].items()):
        if part["rate"] is not None or part["name"]:
            base_from = part["base_from"] if part["base_from"] is not None else 0
            layer = {"name": part["name"] or "", "rate": _text(part["rate"] or 0), "base_from": _text(base_from)}
            body["layers"].append(layer | {name: _text(part[name]) for name in ("cap", "base_to")})
    return {"body": body, "valid_from": form["valid_from"], "valid_until": form["valid_until"]}


def _text(value: Any) -> str | None:
    return None if value is None else f"{value:f}" if hasattr(value, "is_finite") else str(value)


def _values(rule: TaxRule) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(rule, name) for name in ("key", "name", "method", *_FLAGS)}
    for name in _AMOUNTS:
        amount = getattr(rule, name)
        values[name] = "" if amount is None else amount
    for at, layer in enumerate(rule.layers):
        values |= {f"layers.{at}.{name}": _shown(layer, name) for name in _PARTS}
    return values


def _shown(layer: TaxLayer, name: str) -> Any:
    value = getattr(layer, name)
    return "" if value is None else value


def _form(row: StoredTaxRule | None, error: DomainError | None = None, values: Any = None) -> Any:
    actor = current_actor()
    return render_form(
        FORM,
        error,
        values=values,
        rule=row,
        public_id=to_public("tax", row.id) if row else None,
        version=row.version if row else None,
        methods=translated(METHOD_LABELS),
        layer_rows=max(LAYER_ROWS, len(row.body["layers"])) if row else LAYER_ROWS,
        may_save=_may_save(),
        history=history(actor, "tax_rule", row.id) if row else [],
    )


def _back(message: str) -> Any:
    flash(message)
    return redirect(url_for("sales.list_tax_rules"), 303)
