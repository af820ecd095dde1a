"""The catalogue of the finance office: adding a product, changing it, and offering it in a deal."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from app.core import clock
from app.core.db import current_tenant, db
from app.core.db.columns import new_id
from app.core.errors import FieldError, Invalid, NotFound, Stale
from app.core.guard import audit
from app.core.guard.permissions import Actor, check
from app.core.guard.policy import policy_for
from app.core.money import round_amount
from app.sales import errors
from app.sales.errors import ProductNotForDeal
from app.sales.models import FIProduct, Worksheet
from app.sales.operations.contents import LineInput, WayInput
from app.sales.operations.worksheets import change_sheet, open_deal
from app.sales.queries import catalogue, sheets
from app.sales.queries.cases import case_of
from app.sales.rules.bodies import to_body
from app.sales.rules.catalogue import LENDING, BuyRate, Eligibility, ProductKind, Term, line_of, term_problems, way_of

_TOLD = (
    "kind", "name", "provider", "valid_from", "valid_until", "price", "cost", "taxed", "capitalised", "commissionable",
    "terms", "buy_rates", "eligibility",
)  # fmt: skip
_COSTS = ("cost", "buy_rates")


def add_product(
    *,
    actor: Actor,
    kind: str,
    name: str,
    provider: str | None = None,
    valid_from: date | None = None,
    valid_until: date | None = None,
    price: Decimal | None = None,
    cost: Decimal | None = None,
    taxed: bool | None = None,
    capitalised: bool = True,
    commissionable: bool = True,
    terms: tuple[Term, ...] = (),
    buy_rates: tuple[BuyRate, ...] = (),
    eligibility: Eligibility = Eligibility(),  # noqa: B008 - a frozen value
) -> FIProduct:
    """Offer something new from that day on (today where none is given). Raises Invalid and FieldClosed."""
    check(actor, "fi_product.create")
    day = valid_from or clock.today(current_tenant().timezone)
    row = FIProduct(id=new_id(), kind=kind, currency=current_tenant().currency)
    values = {
        "name": name, "provider": provider, "valid_from": day, "valid_until": valid_until, "price": price,
        "cost": cost, "taxed": taxed, "capitalised": capitalised, "commissionable": commissionable, "terms": terms,
        "buy_rates": buy_rates, "eligibility": eligibility,
    }  # fmt: skip
    _fill(actor, row, values)
    db.session.add(row)
    db.session.flush()
    audit.record(actor, "fi_product.create", "fi_product", row.id, changes=_changes({}, row))
    return row


def edit_product(*, actor: Actor, product_id: uuid.UUID, version: int | None, **values: Any) -> FIProduct:
    """Change what is said, all else stays; deals that have it already keep what they have.

    Raises NotFound, Stale, Invalid, and FieldClosed for a cost of somebody who sees none.
    """
    check(actor, "fi_product.edit")
    row = catalogue.get_product(product_id, lock=True)
    if version is not None and row.version != version:
        raise Stale
    before = _state(row)
    _fill(actor, row, values)
    db.session.flush()
    audit.record(actor, "fi_product.edit", "fi_product", row.id, changes=_changes(before, row))
    return row


def offer_product(
    *, actor: Actor, deal_id: uuid.UUID, product_id: uuid.UUID, months: int | None = None, version: int | None = None
) -> Worksheet:
    """Put a product on the deal's chosen worksheet: a line, or a lender's term as a way to pay.

    The cost and the buy rate come from the catalogue whoever offers it. Raises NotFound, ProductNotForDeal, Invalid
    for a term the lender has not, SheetIsFrozen and Stale.
    """
    check(actor, "fi_product.see")
    deal = open_deal(actor, deal_id)
    desk = sheets.desk_of(actor, deal)
    offers = {offer.id: offer for offer in catalogue.offers_for(case_of(actor, deal, desk))}
    offer = offers.get(product_id)
    if offer is None:
        raise NotFound
    if offer.against:
        raise ProductNotForDeal(name=offer.product.name)
    if offer.product.kind not in LENDING:
        line = LineInput(line_of(offer.product))
        return change_sheet(
            actor=actor, deal_id=deal_id, version=version,
            change=lambda content: replace(content, lines=(*content.lines, line)),
        )  # fmt: skip
    down = desk.way.scenario.down if desk.way else Decimal(0)
    price = desk.price - desk.discount
    made = (
        way_of(offer.product, months, selling_price=price, msrp=None, currency=desk.currency, down=down)
        if months is not None
        else None
    )
    if made is None:
        raise Invalid([FieldError("months", "unknown_choice", errors.UNKNOWN_CHOICE)])
    way = WayInput(made[0], buy_rate=made[1], chosen=not desk.ways)
    return change_sheet(
        actor=actor, deal_id=deal_id, version=version,
        change=lambda content: replace(content, ways=(*content.ways, way)),
    )  # fmt: skip


def _fill(actor: Actor, row: FIProduct, values: dict[str, Any]) -> None:
    """Make the row what `values` say; raises Invalid naming fields, and FieldClosed."""
    policy = policy_for(actor)
    for name in _COSTS:
        if name in values and _stored(name, values[name], row.currency) != (getattr(row, name) or _EMPTY.get(name)):
            policy.check_write("fi_product", name, field=name)
    wanted = {name: getattr(row, name) for name in _TOLD} | values
    problems = _problems(wanted)
    if problems:
        raise Invalid(problems)
    for name, value in values.items():
        setattr(row, name, _stored(name, value, row.currency))


_EMPTY: dict[str, Any] = {"terms": [], "buy_rates": []}


def _stored(name: str, value: Any, currency: str) -> Any:
    """A value as its column holds it."""
    if name in ("price", "cost"):
        return None if value is None else round_amount(value, currency)
    if name in ("terms", "buy_rates", "eligibility"):
        return to_body(value)
    return value.strip() or None if isinstance(value, str) else value


def _problems(wanted: dict[str, Any]) -> list[FieldError]:
    """What is wrong with a product, by the fields of its form."""
    problems, kind = [], ProductKind(wanted["kind"])
    if not (wanted["name"] or "").strip():
        problems.append(FieldError("name", "required", errors.REQUIRED))
    if wanted["valid_until"] is not None and wanted["valid_until"] < wanted["valid_from"]:
        problems.append(FieldError("valid_until", "before_begin", errors.ENDS_BEFORE_IT_BEGINS))
    if kind in LENDING:
        if wanted["price"] is not None:
            problems.append(FieldError("price", "not_possible", errors.LENDING_HAS_NO_PRICE))
        if not wanted["terms"] or isinstance(wanted["terms"][0], Term):
            problems += [
                FieldError(f"terms.{at}.{name}", "term_not_possible", errors.TERM_NOT_POSSIBLE)
                for at, name in term_problems(kind, tuple(wanted["terms"]))
            ]
    elif wanted["price"] is None:
        problems.append(FieldError("price", "required", errors.REQUIRED))
    problems += [
        FieldError(name, "not_possible", errors.AMOUNT_NOT_POSSIBLE)
        for name in ("price", "cost")
        if (amount := wanted[name]) is not None and not (amount.is_finite() and 0 <= amount < Decimal(10) ** 13)
    ]
    return problems


def _state(row: FIProduct) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _TOLD}


def _changes(before: dict[str, Any], row: FIProduct) -> dict[str, tuple[Any, Any]]:
    return {name: (before.get(name), value) for name, value in _state(row).items() if before.get(name) != value}
