"""Pages of the finance office's catalogue: the list, a product's form, and offering a product in a deal."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from app.core import clock
from app.core.db import current_tenant, transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError, NotFound
from app.core.guard.permissions import allows
from app.core.guard.policy import policy_for
from app.core.http.access import require
from app.core.http.forms import load_form, render_form
from app.core.http.lists import list_view
from app.core.http.sessions import current_actor
from app.core.http.timelines import history
from app.core.money import plain_amount
from app.inventory.lists import CONDITION_LABELS
from app.sales.lists import PRODUCTS
from app.sales.models import FIProduct
from app.sales.operations import catalogue as operations
from app.sales.queries import catalogue
from app.sales.rules.catalogue import KIND_LABELS, LENDING, BuyRate, Eligibility, ProductKind, Term
from app.sales.schemas.catalogue import TAXED, TERM_ROWS, OfferForm, ProductForm
from app.sales.views.pages import bp, deal_page, to_deal, translated

FORM = "sales/catalogue/product.html"
_PLAIN = ("name", "provider", "valid_from", "valid_until", "kind", "version", "capitalised", "commissionable")
_ASKED = ("conditions", "max_age_years", "max_odometer", "min_amount", "max_amount")


@bp.get("/fi-products")
@require("fi_product.see")
def list_products():
    return list_view(PRODUCTS, "sales/catalogue/products.html")


@bp.get("/fi-products/new")
@require("fi_product.create")
def new_product():
    kind = _kind(request.args.get("kind", ProductKind.SERVICE_CONTRACT.value))
    today = clock.today(current_tenant().timezone)
    values = {"kind": kind.value, "valid_from": today, "taxed": "", "capitalised": True, "commissionable": True}
    return _form(None, kind, values=values)


@bp.post("/fi-products")
@require("fi_product.create")
def create_product():
    kind = _kind(request.form.get("kind", ""))
    try:
        data = _read(load_form(ProductForm), kind)
        with transaction():
            operations.add_product(actor=current_actor(), kind=kind.value, **data)
    except DomainError as error:
        return _form(None, kind, error)
    flash(gettext("The product is offered."))
    return redirect(url_for("sales.list_products"), 303)


@bp.get("/fi-products/<product_id>")
@require("fi_product.see")
def show_product(product_id: str):
    row = catalogue.get_product(from_public("fip", product_id))
    return _form(row, ProductKind(row.kind), values=_values(row))


@bp.post("/fi-products/<product_id>")
@require("fi_product.edit")
def update_product(product_id: str):
    key = from_public("fip", product_id)
    row = catalogue.get_product(key)
    try:
        form = load_form(ProductForm)
        version = form["version"]
        data = _read(form, ProductKind(row.kind))
        with transaction():
            operations.edit_product(actor=current_actor(), product_id=key, version=version, **data)
    except DomainError as error:
        return _form(catalogue.get_product(key), ProductKind(row.kind), error)
    flash(gettext("The product was saved."))
    return redirect(url_for("sales.show_product", product_id=product_id), 303)


@bp.post("/deals/<deal_id>/offers")
@require("deal.edit")
def offer_product(deal_id: str):
    key = from_public("deal", deal_id)
    try:
        form = load_form(OfferForm)
        with transaction():
            operations.offer_product(
                actor=current_actor(),
                deal_id=key,
                product_id=from_public("fip", form["product_id"]),
                months=form["months"],
                version=form["version"],
            )
    except NotFound:
        raise
    except DomainError as error:
        return deal_page(key, error)
    flash(gettext("It is on the worksheet."))
    return to_deal(key)


def _kind(text: str) -> ProductKind:
    try:
        return ProductKind(text)
    except ValueError as error:
        raise NotFound from error


def _sees_costs() -> bool:
    policy = policy_for(current_actor())
    return policy.may_query("fi_product", FIProduct.cost)


def _read(form: dict[str, Any], kind: ProductKind) -> dict[str, Any]:
    """A loaded form as the operation takes it; costs are left alone by who sees none."""
    found = {name: form[name] for name in ("name", "provider", "valid_from", "valid_until")}
    if found["valid_from"] is None:
        found["valid_from"] = clock.today(current_tenant().timezone)
    asked = {name: form[name] for name in _ASKED}
    found["eligibility"] = Eligibility(**asked | {"conditions": tuple(form["conditions"])})
    if kind in LENDING:
        rows = [part for _, part in sorted(form["terms"].items()) if part["months"] is not None]
        found["terms"] = tuple(Term(part["months"], part["rate"] or Decimal(0), part["rest"]) for part in rows)
        if _sees_costs():
            found["buy_rates"] = tuple(BuyRate(part["months"], part["buy"]) for part in rows if part["buy"] is not None)
        return found
    found |= {name: form[name] for name in ("price", "capitalised", "commissionable")}
    found["taxed"] = TAXED[form["taxed"]]
    return found | ({"cost": form["cost"]} if _sees_costs() else {})


def _values(row: FIProduct) -> Mapping[str, Any]:
    product = catalogue.product_of(row)
    asked = product.eligibility
    values: dict[str, Any] = {name: getattr(asked, name) for name in _ASKED}
    for name in ("min_amount", "max_amount"):
        values[name] = "" if values[name] is None else plain_amount(values[name], row.currency)
    values |= {name: getattr(row, name) for name in _PLAIN}
    values["taxed"] = {None: "", True: "yes", False: "no"}[row.taxed]
    for name in ("price", "cost"):
        amount = getattr(row, name)
        values[name] = "" if amount is None else plain_amount(amount, row.currency)
    buys = {buy.months: buy.rate for buy in product.buy_rates}
    for at, term in enumerate(product.terms):
        parts = {"months": term.months, "rate": term.rate, "rest": term.rest, "buy": buys.get(term.months)}
        values |= {f"terms.{at}.{name}": "" if part is None else part for name, part in parts.items()}
    if _sees_costs():
        return values
    return {name: value for name, value in values.items() if name != "cost" and not name.endswith(".buy")}


def _form(row: FIProduct | None, kind: ProductKind, error: DomainError | None = None, values: Any = None) -> Any:
    actor = current_actor()
    return render_form(
        FORM,
        error,
        values=values,
        product=row,
        public_id=to_public("fip", row.id) if row else None,
        version=row.version if row else None,
        kind=kind.value,
        kinds=translated(KIND_LABELS),
        kind_label=gettext(KIND_LABELS[kind.value]),
        is_lending=kind in LENDING,
        term_rows=max(TERM_ROWS, len(row.terms)) if row else TERM_ROWS,
        conditions=translated(CONDITION_LABELS),
        currency=row.currency if row else current_tenant().currency,
        sees_costs=_sees_costs(),
        may_save=allows(actor, "fi_product.edit" if row else "fi_product.create"),
        history=history(actor, "fi_product", row.id) if row else [],
    )
