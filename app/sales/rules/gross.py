"""Front and back gross of a deal under a store's policy, and apart from it what commission is paid on.

Front gross = selling price − accounting cost − over-allowance − dealer-paid extras, with doc fee, holdback and pack as
the store's policy says; back gross = finance reserve + Σ(product price − cost) − chargebacks (domain facts §5.8). The
policy is a value with a version, kept with every figure made by it, so that a figure of years ago can be made again.
Everything here tells costs: it is for eyes that may see margins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.core.money import round_amount
from app.sales.rules.bodies import BodyError
from app.sales.rules.payments import Loan, schedule
from app.sales.rules.sheet import Line, LineKind, Sheet, Totals, total
from app.sales.rules.taxes import HUNDRED, ZERO


class Counts(StrEnum):
    """Where an amount counts: in the gross, in what commission is paid on, in both, or nowhere."""

    NEVER = "never"
    GROSS = "gross"
    COMMISSION = "commission"
    BOTH = "both"

    @property
    def in_gross(self) -> bool:
        """Whether it is part of the gross."""
        return self in (Counts.GROSS, Counts.BOTH)

    @property
    def in_commission(self) -> bool:
        """Whether it is part of what commission is paid on."""
        return self in (Counts.COMMISSION, Counts.BOTH)


@dataclass(frozen=True)
class GrossPolicy:
    """A store's way of counting, in one version: a change is a new one and alters no figure already made."""

    version: int = 1
    # A charge of the house on every car: usually it lowers only what commission is paid on.
    pack: Decimal = ZERO
    pack_counts: Counts = Counts.COMMISSION
    holdback: Counts = Counts.NEVER
    # Fees with a cost of their own on the sheet, such as the doc fee; fees without one are passed on.
    fees: Counts = Counts.NEVER
    accessories: Counts = Counts.BOTH
    over_allowance: Counts = Counts.BOTH
    extras: Counts = Counts.BOTH
    # VAT inside the prices is not the dealer's money. NEVER where costs are kept with VAT inside as well.
    included_tax: Counts = Counts.BOTH
    reserve: Counts = Counts.BOTH
    products: Counts = Counts.BOTH
    chargebacks: Counts = Counts.BOTH

    def __post_init__(self) -> None:
        """Refuse a pack that is not an amount."""
        if not self.pack.is_finite() or self.pack < 0:
            raise BodyError("pack", "negative")


@dataclass(frozen=True)
class Charge:
    """Something named that costs the dealer `amount` (positive)."""

    label: str
    amount: Decimal


@dataclass(frozen=True)
class Costs:
    """What the dealer knows about a deal and the buyer does not."""

    # Accounting cost of the car; None is not known, and then the front gross is not known either.
    vehicle: Decimal | None
    # What the maker pays back of the invoice.
    holdback: Decimal = ZERO
    # Paid by the dealer for the buyer: a full tank, a repair promised.
    extras: tuple[Charge, ...] = ()
    # Of the lender, for the contract: see `reserve`.
    reserve: Decimal = ZERO
    # Taken back by lenders and insurers.
    chargebacks: tuple[Charge, ...] = ()


class Part(StrEnum):
    """Which gross a line belongs to."""

    FRONT = "front"
    BACK = "back"


@dataclass(frozen=True)
class RecapLine:
    """One line of the recap: a signed amount, and where the policy counts it. `key` names it, `label` is typed text."""

    part: Part
    key: str
    label: str
    amount: Decimal
    counts: Counts


@dataclass(frozen=True)
class Gross:
    """The gross of a deal and how it came about; the front is None while the cost of the car is not known."""

    policy_version: int
    front: Decimal | None
    back: Decimal
    total: Decimal | None
    commissionable_front: Decimal | None
    commissionable_back: Decimal
    commissionable: Decimal | None
    lines: tuple[RecapLine, ...]
    # Accessories and products sold without a known cost: they count nothing until it is known.
    unknown_costs: tuple[str, ...]


def gross(sheet: Sheet, costs: Costs, policy: GrossPolicy, totals: Totals | None = None) -> Gross:
    """The gross of `sheet` with `costs` under `policy`; each gross is the sum of the recap lines that count in it."""
    totals = totals or total(sheet)
    lines = (*_front(sheet, costs, policy, totals), *_back(sheet, costs, policy))
    known = costs.vehicle is not None
    front = _sum(lines, Part.FRONT, commission=False) if known else None
    paid_front = _sum(lines, Part.FRONT, commission=True) if known else None
    back = _sum(lines, Part.BACK, commission=False)
    paid_back = _sum(lines, Part.BACK, commission=True)
    return Gross(
        policy.version,
        front=front,
        back=back,
        total=None if front is None else front + back,
        commissionable_front=paid_front,
        commissionable_back=paid_back,
        commissionable=None if paid_front is None else paid_front + paid_back,
        lines=lines,
        unknown_costs=tuple(
            line.label
            for line in sheet.lines
            if line.kind in (LineKind.ACCESSORY, LineKind.PRODUCT) and line.cost is None
        ),
    )


def reserve(
    loan: Loan, buy_rate: Decimal, share_percent: Decimal, currency: str, highest_spread: Decimal | None = None
) -> Decimal:
    """The dealer's share of what the buyer pays in interest above the lender's own rate, never below zero.

    Both rates percent a year, `loan.rate` is the one sold; points of spread above `highest_spread` earn nothing. The
    interest of each rate is that of its schedule to the cent.
    """
    spread = loan.rate - buy_rate
    if spread <= 0:
        return ZERO
    sold = buy_rate + (spread if highest_spread is None else min(spread, highest_spread))

    def interest(rate: Decimal) -> Decimal:
        at = Loan(loan.principal, rate, loan.term, loan.balloon, loan.first_days)
        return sum((one.interest for one in schedule(at, currency)), ZERO)

    return max(round_amount((interest(sold) - interest(buy_rate)) * share_percent / HUNDRED, currency), ZERO)


def _front(sheet: Sheet, costs: Costs, policy: GrossPolicy, totals: Totals) -> Iterable[RecapLine]:
    def line(key: str, amount: Decimal, counts: Counts, label: str = "") -> RecapLine:
        return RecapLine(Part.FRONT, key, label, round_amount(amount, sheet.currency), counts)

    yield line("selling_price", totals.selling_price, Counts.BOTH)
    if costs.vehicle is not None:
        yield line("vehicle_cost", -costs.vehicle, Counts.BOTH)
    if totals.tax_included:
        yield line("included_tax", -totals.tax_included, policy.included_tax)
    if totals.over_allowance:
        yield line("over_allowance", -totals.over_allowance, policy.over_allowance)
    for extra in costs.extras:
        yield line("extra", -extra.amount, policy.extras, extra.label)
    for sold in sheet.lines:
        if sold.kind in (LineKind.ACCESSORY, LineKind.FEE) and sold.cost is not None:
            counts = policy.accessories if sold.kind is LineKind.ACCESSORY else policy.fees
            yield line(sold.kind.value, _profit(sold, sheet.currency), _paid(sold, counts), sold.label)
    if costs.holdback:
        yield line("holdback", costs.holdback, policy.holdback)
    if policy.pack:
        yield line("pack", -policy.pack, policy.pack_counts)


def _back(sheet: Sheet, costs: Costs, policy: GrossPolicy) -> Iterable[RecapLine]:
    def line(key: str, amount: Decimal, counts: Counts, label: str = "") -> RecapLine:
        return RecapLine(Part.BACK, key, label, round_amount(amount, sheet.currency), counts)

    if costs.reserve:
        yield line("reserve", costs.reserve, policy.reserve)
    for sold in sheet.lines:
        if sold.kind is LineKind.PRODUCT and sold.cost is not None:
            yield line("product", _profit(sold, sheet.currency), _paid(sold, policy.products), sold.label)
    for taken in costs.chargebacks:
        yield line("chargeback", -taken.amount, policy.chargebacks, taken.label)


def _profit(line: Line, currency: str) -> Decimal:
    return round_amount(line.amount, currency) - round_amount(line.cost or ZERO, currency)


def _paid(line: Line, counts: Counts) -> Counts:
    """Where a line counts when it may be one that pays no commission."""
    if line.commissionable:
        return counts
    return Counts.GROSS if counts.in_gross else Counts.NEVER


def _sum(lines: Iterable[RecapLine], part: Part, *, commission: bool) -> Decimal:
    wanted = [line for line in lines if line.part is part]
    return sum(
        (one.amount for one in wanted if (one.counts.in_commission if commission else one.counts.in_gross)), ZERO
    )
