"""Taxes of a sale as values: a jurisdiction's rule is data with flags, and one function reads every method of them.

Rates are percent (`Decimal("7")` is 7 %), amounts are in the currency of the sheet. Each tax line is rounded half-up to
the minor unit on its own, and none is ever below zero. Sources: docs/desk.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from app.core.money import round_amount
from app.sales.rules.bodies import BodyError, from_body, to_body

ZERO = Decimal(0)
HUNDRED = Decimal(100)


class TaxMethod(StrEnum):
    """How a tax is found from a sale."""

    NONE = "none"
    # United States: a rate on what is taxable, on top of the price, in layers of state, county and city.
    SALES = "sales"
    # United Kingdom and EU, used cars: VAT inside the price, on what is earned by the car alone.
    MARGIN = "margin"
    # China, new cars: VAT inside the price, and the vehicle purchase tax on the price without it.
    PURCHASE_CN = "purchase_cn"
    # VAT on the whole price, inside it or on top of it.
    VAT = "vat"


class TaxKind(StrEnum):
    """Which tax a line is."""

    SALES = "sales"
    VAT = "vat"
    MARGIN_VAT = "margin_vat"
    PURCHASE = "purchase"


class TaxPlace(StrEnum):
    """Where the amount of a line stands."""

    # On top of the prices, paid with the deal.
    ADDED = "added"
    # Already inside the prices.
    INCLUDED = "included"
    # The buyer pays it to the authority himself: shown, never part of a total.
    ASIDE = "aside"


@dataclass(frozen=True)
class TaxLayer:
    """One jurisdiction's rate line: `rate` percent of the part of the base above `base_from` and up to `base_to`."""

    name: str
    rate: Decimal
    # The highest tax of this line (South Carolina 500), None without such a limit.
    cap: Decimal | None = None
    # The slice of the base that this layer taxes (Tennessee: local tax on the first 1,600).
    base_from: Decimal = ZERO
    base_to: Decimal | None = None


@dataclass(frozen=True)
class TaxRule:
    """A jurisdiction's rule. Whatever a state or country decides is a field here, and never a branch in code."""

    key: str
    name: str
    method: TaxMethod
    # SALES: any number. VAT, MARGIN and PURCHASE_CN: exactly one, the VAT.
    layers: tuple[TaxLayer, ...] = ()
    # SALES: the allowance of trade-ins (never the equity) lowers the base, by at most `trade_credit_cap`.
    trade_credit: bool = False
    trade_credit_cap: Decimal | None = None
    # A manufacturer's rebate lowers the base; otherwise it stays taxed.
    rebate_reduces: bool = False
    # A dealer's discount lowers the base; otherwise the price before it is taxed.
    discount_reduces: bool = True
    # Whether lines of a kind are taxed where the line itself does not say.
    accessories_taxed: bool = True
    fees_taxed: bool = False
    products_taxed: bool = False
    # VAT only: prices are said with the tax inside. MARGIN and PURCHASE_CN always are.
    included: bool = True
    # PURCHASE_CN: percent of the price without VAT, the part of it that is waived, and the most that is waived a car.
    purchase_rate: Decimal = ZERO
    relief_percent: Decimal = ZERO
    relief_cap: Decimal | None = None
    # PURCHASE_CN: the dealer collects the purchase tax with the deal; otherwise the buyer pays it himself.
    collected: bool = True

    def __post_init__(self) -> None:
        """Refuse a rule that no sale could be taxed by."""
        amounts = [self.purchase_rate, self.relief_percent, self.relief_cap, self.trade_credit_cap]
        for layer in self.layers:
            amounts += [layer.rate, layer.cap, layer.base_from, layer.base_to]
        if any(amount is not None and (not amount.is_finite() or amount < 0) for amount in amounts):
            raise BodyError("", "negative")
        if self.relief_percent > HUNDRED:
            raise BodyError("relief_percent", "too_much")
        needs_one = self.method in (TaxMethod.VAT, TaxMethod.MARGIN, TaxMethod.PURCHASE_CN)
        if needs_one and len(self.layers) != 1:
            raise BodyError("layers", "needs_one")

    @property
    def steepest(self) -> Decimal:
        """The most, in percent, by which a unit more of price can raise the tax on top."""
        if self.method is TaxMethod.PURCHASE_CN:
            return self.purchase_rate
        return sum((layer.rate for layer in self.layers), ZERO)

    def to_body(self) -> dict[str, Any]:
        """The rule as JSON holds it, numbers as exact strings."""
        return to_body(self)

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> TaxRule:
        """The rule that `to_body` gave; BodyError names the first field that is not right."""
        return from_body(cls, body)


@dataclass(frozen=True)
class DatedRule:
    """A rule and the days of the contract it holds for, both included; None is open."""

    rule: TaxRule
    since: date | None = None
    until: date | None = None


def in_force(rules: Iterable[DatedRule], key: str, on: date) -> TaxRule | None:
    """The rule `key` that holds on `on`, the latest begun where several do; None where there is none."""
    holding = [
        dated
        for dated in rules
        if dated.rule.key == key and (dated.since or date.min) <= on <= (dated.until or date.max)
    ]
    return max(holding, key=lambda dated: dated.since or date.min).rule if holding else None


@dataclass(frozen=True)
class TaxBase:
    """What a tax looks at, in one currency."""

    price: Decimal  # before the dealer's discount
    selling_price: Decimal
    taxed_lines: Decimal = ZERO
    allowance: Decimal = ZERO
    reducing_rebates: Decimal = ZERO
    # What the dealer paid for the car; a margin scheme without proof of it taxes the whole price.
    purchase_cost: Decimal | None = None


@dataclass(frozen=True)
class TaxLine:
    """One line of tax. Inside a price, `base` is the part without the tax: `base + amount` is what was taxed."""

    kind: TaxKind
    name: str
    rate: Decimal
    base: Decimal
    amount: Decimal
    place: TaxPlace
    # It tells what the car cost the dealer: for eyes that may see costs, and for no document of the buyer.
    confidential: bool = False


def taxable_amount(rule: TaxRule, base: TaxBase) -> Decimal:
    """What `rule` taxes of a sale, never below zero; with the tax inside where prices contain it."""
    if rule.method is TaxMethod.NONE:
        return ZERO
    price = base.selling_price if rule.discount_reduces else base.price
    found = price + base.taxed_lines - base.reducing_rebates
    if rule.method is TaxMethod.SALES and rule.trade_credit:
        found -= base.allowance if rule.trade_credit_cap is None else min(base.allowance, rule.trade_credit_cap)
    return max(found, ZERO)


def tax_lines(rule: TaxRule, base: TaxBase, currency: str) -> tuple[TaxLine, ...]:
    """The lines of tax of a sale under `rule`, each rounded half-up to the minor unit and none below zero."""
    taxable = taxable_amount(rule, base)
    if rule.method is TaxMethod.SALES:
        return sales_lines(rule, taxable, currency)
    if rule.method is TaxMethod.MARGIN:
        return _margin_lines(rule, base, currency)
    if rule.method is TaxMethod.PURCHASE_CN:
        return _purchase_lines(rule, taxable, currency)
    if rule.method is TaxMethod.VAT:
        return sales_lines(rule, taxable, currency) if not rule.included else (_inside(rule, taxable, currency),)
    return ()


def sales_lines(rule: TaxRule, taxable: Decimal, currency: str) -> tuple[TaxLine, ...]:
    """A line for each layer of `rule` on top of `taxable`: slice × rate, rounded, and at most the cap."""
    kind = TaxKind.VAT if rule.method is TaxMethod.VAT else TaxKind.SALES
    found = []
    for layer in rule.layers:
        highest = taxable if layer.base_to is None else min(taxable, layer.base_to)
        part = max(highest - layer.base_from, ZERO)
        amount = round_amount(part * layer.rate / HUNDRED, currency)
        if layer.cap is not None:
            amount = min(amount, round_amount(layer.cap, currency))
        found.append(TaxLine(kind, layer.name, layer.rate, part, amount, TaxPlace.ADDED))
    return tuple(found)


def _inside(rule: TaxRule, gross: Decimal, currency: str, kind: TaxKind = TaxKind.VAT) -> TaxLine:
    """The VAT inside `gross`: gross × r / (100 + r)."""
    layer = rule.layers[0]
    amount = round_amount(gross * layer.rate / (HUNDRED + layer.rate), currency)
    return TaxLine(kind, layer.name, layer.rate, gross - amount, amount, TaxPlace.INCLUDED, kind is TaxKind.MARGIN_VAT)


def _margin_lines(rule: TaxRule, base: TaxBase, currency: str) -> tuple[TaxLine, ...]:
    """VAT on this car's margin alone, no loss of one carried to another; sold beside it, things have VAT in full."""
    price = base.selling_price if rule.discount_reduces else base.price
    bought = ZERO if base.purchase_cost is None else round_amount(base.purchase_cost, currency)
    margin = max(price - base.reducing_rebates - bought, ZERO)
    lines = [_inside(rule, margin, currency, TaxKind.MARGIN_VAT)]
    if base.taxed_lines > 0:
        lines.append(_inside(rule, base.taxed_lines, currency))
    return tuple(lines)


def _purchase_lines(rule: TaxRule, gross: Decimal, currency: str) -> tuple[TaxLine, ...]:
    """The invoice's price without VAT and the VAT in it; then the purchase tax on that price, less what is waived."""
    vat = _inside(rule, gross, currency)
    full = round_amount(vat.base * rule.purchase_rate / HUNDRED, currency)
    waived = round_amount(full * rule.relief_percent / HUNDRED, currency)
    if rule.relief_cap is not None:
        waived = min(waived, round_amount(rule.relief_cap, currency))
    place = TaxPlace.ADDED if rule.collected else TaxPlace.ASIDE
    return vat, TaxLine(TaxKind.PURCHASE, "", rule.purchase_rate, vat.base, full - waived, place)
