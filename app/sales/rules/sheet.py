"""The worksheet as values: what a deal is made of, and what follows from it before anyone asks how it is paid.

All amounts are in one currency and rounded half-up to its minor unit as they are read, so that the lines shown always
add up to the totals shown. Formulas: domain facts §5 1-4, explained in docs/desk.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.core.money import round_amount
from app.sales.rules.taxes import ZERO, TaxBase, TaxLine, TaxPlace, TaxRule, tax_lines, taxable_amount


class LineKind(StrEnum):
    """What a line of a worksheet is."""

    ACCESSORY = "accessory"
    FEE = "fee"
    # Of the finance office: service contracts, GAP, insurance.
    PRODUCT = "product"
    # Of the manufacturer to the buyer; its amount is positive and lowers what is due.
    REBATE = "rebate"


@dataclass(frozen=True)
class Line:
    """Something beside the car. `cost` is what it costs the dealer; None is not known, or passed on as it is."""

    kind: LineKind
    label: str
    amount: Decimal
    cost: Decimal | None = None
    # None: as the tax rule says for its kind. For a rebate True means that it stays in the taxed base.
    taxed: bool | None = None
    # Financed with the car; otherwise paid at signing. A rebate that is not goes to the buyer later and lowers nothing.
    capitalised: bool = True
    commissionable: bool = True


@dataclass(frozen=True)
class Trade:
    """A vehicle taken in payment: what is allowed for it, what is still owed on it, and what it is worth (`acv`)."""

    allowance: Decimal
    payoff: Decimal = ZERO
    acv: Decimal | None = None


@dataclass(frozen=True)
class Sheet:
    """A worksheet: the price before the dealer's discount, lines, trade-ins, the tax rule and what is already paid."""

    currency: str
    price: Decimal
    discount: Decimal = ZERO
    lines: tuple[Line, ...] = ()
    trades: tuple[Trade, ...] = ()
    tax: TaxRule | None = None
    deposit: Decimal = ZERO
    # What the dealer paid for the car; margin schemes alone look at it.
    purchase_cost: Decimal | None = None


@dataclass(frozen=True)
class Totals:
    """What follows from a worksheet, every amount at the minor unit of its currency."""

    currency: str
    selling_price: Decimal  # price − discount
    accessories: Decimal
    fees: Decimal
    products: Decimal
    # All of them, and those that lower what is due.
    rebates: Decimal
    rebates_applied: Decimal
    taxable: Decimal
    taxes: tuple[TaxLine, ...]
    # On top of the prices; inside them; and paid by the buyer to the authority himself.
    tax: Decimal
    tax_included: Decimal
    tax_aside: Decimal
    # selling price + accessories + fees + products + tax, before rebates and trade-ins.
    total: Decimal
    allowance: Decimal
    payoff: Decimal
    # Σ(allowance − payoff), and how much of it is below zero.
    net_trade: Decimal
    negative_equity: Decimal
    # Σ(allowance − ACV); None while the worth of one is not known.
    over_allowance: Decimal | None
    deposit: Decimal
    # Lines that are not financed: paid at signing whatever the way to pay. Part of `due`.
    upfront: Decimal
    # total − rebates applied − net trade − deposit: what is left to pay or to finance. Below zero the dealer owes it.
    due: Decimal


def is_taxed(line: Line, rule: TaxRule | None) -> bool:
    """Whether `line` stays in the taxed base: what it says itself, else what `rule` says of its kind."""
    if rule is None:
        return False
    if line.taxed is not None:
        return line.taxed
    return {
        LineKind.ACCESSORY: rule.accessories_taxed,
        LineKind.FEE: rule.fees_taxed,
        LineKind.PRODUCT: rule.products_taxed,
        LineKind.REBATE: not rule.rebate_reduces,
    }[line.kind]


def total(sheet: Sheet) -> Totals:
    """Everything that follows from `sheet`."""

    def cents(amount: Decimal) -> Decimal:
        return round_amount(amount, sheet.currency)

    def of(lines: Iterable[Line]) -> Decimal:
        return sum((cents(line.amount) for line in lines), ZERO)

    sums = {kind: of(line for line in sheet.lines if line.kind is kind) for kind in LineKind}
    beside = [line for line in sheet.lines if line.kind is not LineKind.REBATE]
    rebates = [line for line in sheet.lines if line.kind is LineKind.REBATE]
    selling = cents(sheet.price) - cents(sheet.discount)
    allowance = sum((cents(trade.allowance) for trade in sheet.trades), ZERO)
    payoff = sum((cents(trade.payoff) for trade in sheet.trades), ZERO)
    worths = [trade.acv for trade in sheet.trades]
    known = [cents(worth) for worth in worths if worth is not None]

    taxes: tuple[TaxLine, ...] = ()
    taxable = ZERO
    if sheet.tax is not None:
        base = TaxBase(
            price=cents(sheet.price),
            selling_price=selling,
            taxed_lines=of(line for line in beside if is_taxed(line, sheet.tax)),
            allowance=allowance,
            reducing_rebates=of(line for line in rebates if not is_taxed(line, sheet.tax)),
            purchase_cost=sheet.purchase_cost,
        )
        taxes = tax_lines(sheet.tax, base, sheet.currency)
        taxable = taxable_amount(sheet.tax, base)

    def at(place: TaxPlace) -> Decimal:
        return sum((line.amount for line in taxes if line.place is place), ZERO)

    tax = at(TaxPlace.ADDED)
    whole = selling + sums[LineKind.ACCESSORY] + sums[LineKind.FEE] + sums[LineKind.PRODUCT] + tax
    applied = of(line for line in rebates if line.capitalised)
    net_trade = allowance - payoff
    deposit = cents(sheet.deposit)
    return Totals(
        currency=sheet.currency,
        selling_price=selling,
        accessories=sums[LineKind.ACCESSORY],
        fees=sums[LineKind.FEE],
        products=sums[LineKind.PRODUCT],
        rebates=sums[LineKind.REBATE],
        rebates_applied=applied,
        taxable=taxable,
        taxes=taxes,
        tax=tax,
        tax_included=at(TaxPlace.INCLUDED),
        tax_aside=at(TaxPlace.ASIDE),
        total=whole,
        allowance=allowance,
        payoff=payoff,
        net_trade=net_trade,
        negative_equity=max(-net_trade, ZERO),
        over_allowance=allowance - sum(known, ZERO) if len(known) == len(worths) else None,
        deposit=deposit,
        upfront=of(line for line in beside if not line.capitalised),
        due=whole - applied - net_trade - deposit,
    )
