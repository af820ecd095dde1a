"""What a worksheet comes to, for the page and for its figures alone: stored, or as it stands in somebody's form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from app.core.errors import N_
from app.core.guard.permissions import Actor
from app.core.guard.policy import Sight, policy_for
from app.inventory.queries.trading import cost_of
from app.sales.models import Deal
from app.sales.operations.contents import SheetInput
from app.sales.queries.grossing import terms_on
from app.sales.queries.sheets import Desk
from app.sales.rules.gross import Costs, Gross, gross
from app.sales.rules.gross_terms import reserve_of
from app.sales.rules.scenarios import Problem, Quote, Scenario, quote
from app.sales.rules.sheet import Sheet, Totals, total
from app.sales.rules.solving import Reason, Solved, Unknown, Unsolvable, solve
from app.sales.rules.taxes import TaxLine, TaxMethod

PROBLEMS: Mapping[Problem, str] = {
    Problem.TERM: N_("Say for how many months, up to 600."),
    Problem.RATE: N_("Say the yearly rate."),
    Problem.FIRST_PAYMENT: N_("The first payment is due after 1 to 120 days."),
    Problem.BALLOON: N_("Say a balloon of at most what is financed."),
    Problem.MSRP: N_("Say the list price."),
    Problem.RESIDUAL: N_("Say a residual below what is financed."),
    Problem.MONEY_FACTOR: N_("Say the money factor, between 0 and 1."),
    Problem.NOTHING_TO_FINANCE: N_("Nothing is left to finance."),
    Problem.TOO_SMALL: N_("Too little to finance for so long."),
}
UNKNOWNS: Mapping[Unknown, str] = {
    Unknown.PRICE: N_("Asking price"),
    Unknown.DOWN: N_("Down payment"),
    Unknown.TERM: N_("Months"),
    Unknown.RATE: N_("Rate"),
    Unknown.PAYMENT: N_("Payment"),
    Unknown.ALLOWANCE: N_("Allowance"),
}
REASONS: Mapping[Reason, str] = {
    Reason.TARGET_TOO_LOW: N_("Not possible: the payment is too low for that."),
    Reason.TARGET_TOO_HIGH: N_("Not possible: the payment is too high for that."),
    Reason.NEVER_REPAID: N_("Not possible: this would not even pay the interest."),
    Reason.TERM_TOO_LONG: N_("Not possible: it would take too long."),
    Reason.NO_TRADE: N_("Not possible: there is no trade-in."),
    Reason.WITHOUT_EFFECT: N_("Not possible: this does not change what is paid."),
    Reason.SCENARIO: N_("First complete the terms of the chosen way to pay."),
}


@dataclass(frozen=True)
class Option:
    """A way to pay with what it comes to; `key` is that of its form's fields."""

    key: str
    scenario: Scenario
    quote: Quote

    @property
    def problem(self) -> str:
        """Why there is no payment, in marked words."""
        return PROBLEMS[self.quote.problem] if self.quote.problem else ""


@dataclass(frozen=True)
class Reckoned:
    """Every figure of a worksheet. `gross` is None for whoever does not see it."""

    sheet: Sheet
    totals: Totals
    taxes: Sequence[TaxLine]
    options: Mapping[str, Option]
    choice: str
    gross: Gross | None
    solved: Solved | Unsolvable | None = None
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def unknown(self) -> str:
        """What was looked for, in marked words."""
        return UNKNOWNS[self.solved.unknown] if self.solved else ""

    @property
    def reason(self) -> str:
        """Why nothing was found, in marked words."""
        return REASONS[self.solved.reason] if isinstance(self.solved, Unsolvable) else ""

    @property
    def chosen(self) -> Option | None:
        """The way to pay that is chosen."""
        return self.options.get(self.choice)


def sees_gross(actor: Actor) -> bool:
    """Whether the actor sees what the store earns."""
    return policy_for(actor).field("deal", "front_gross") is Sight.VISIBLE


def reckon(
    actor: Actor,
    deal: Deal,
    sheet: Sheet,
    ways: Mapping[str, Scenario],
    choice: str,
    buy_rate: Decimal | None = None,
) -> Reckoned:
    """What `sheet` comes to, paid in each of `ways`; `buy_rate` is the lender's for the chosen one."""
    totals = total(sheet)
    options = {key: Option(key, way, quote(sheet, way, totals)) for key, way in ways.items()}
    sees_cost = policy_for(actor).group("cost") is Sight.VISIBLE
    taxes = [line for line in totals.taxes if sees_cost or not line.confidential]
    earned = None
    if sees_gross(actor):
        _, terms = terms_on(deal.store_id, deal)
        costs = Costs(cost_of(deal.stock_unit_id), reserve=reserve_of(sheet, ways.get(choice), buy_rate, terms))
        earned = gross(sheet, costs, terms.policy, totals)
    return Reckoned(sheet, totals, taxes, options, choice, earned)


def reckon_desk(actor: Actor, deal: Deal, desk: Desk) -> Reckoned:
    """What a stored worksheet comes to."""
    chosen = desk.way
    ways = {way.id.hex: way.scenario for way in desk.ways}
    return reckon(actor, deal, desk.sheet, ways, chosen.id.hex if chosen else "", chosen.buy_rate if chosen else None)


def reckon_input(actor: Actor, deal: Deal, desk: Desk, content: SheetInput) -> Reckoned:
    """What a worksheet would come to if it were saved so; costs that were not said are those it has."""
    costs = {item.id: item.line.cost for item in desk.lines}
    cars = {car.id: car.trade for car in desk.trades}
    for car in content.trades:
        if car.id in cars:
            worth = cars[car.id].acv if car.keep_acv else car.acv
            cars[car.id] = replace(cars[car.id], allowance=car.allowance, payoff=car.payoff, acv=worth)
    taxes_the_margin = content.tax is not None and content.tax.method is TaxMethod.MARGIN
    sheet = replace(
        desk.sheet,
        price=content.price,
        discount=content.discount,
        lines=tuple(
            replace(item.line, cost=costs.get(item.id)) if item.keep_cost and item.id else item.line
            for item in content.lines
        ),
        trades=tuple(cars.values()),
        tax=content.tax,
        purchase_cost=cost_of(deal.stock_unit_id) if taxes_the_margin else None,
    )
    keys = {way.at: way.at[2:-1] for way in content.ways}
    chosen = next((way for way in content.ways if way.chosen), None)
    rates = {way.id: way.buy_rate for way in desk.ways}
    rate = None
    if chosen is not None:
        rate = rates.get(chosen.id) if chosen.keep_buy_rate and chosen.id else chosen.buy_rate
    ways = {keys[way.at]: way.scenario for way in content.ways}
    return reckon(actor, deal, sheet, ways, keys[chosen.at] if chosen else "", rate)


def solve_for(found: Reckoned, unknown: str, wanted: Decimal) -> Reckoned:
    """With the answer to what must change for the chosen way to pay to come to `wanted`."""
    chosen = found.chosen
    if chosen is None or unknown not in {*Unknown} - {Unknown.PAYMENT}:
        return found
    return replace(found, solved=solve(found.sheet, chosen.scenario, Unknown(unknown), wanted))
