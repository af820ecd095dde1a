"""The catalogue of the finance office: what a product costs, for whom it is, and what it puts on a worksheet.

Lending (loans, balloons, leases) becomes a way to pay, everything else a line. Rates are percent a year, a lease's a
money factor; what remains at the end is percent of the selling price (a balloon) or of the MSRP (a residual).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from app.core.errors import N_
from app.core.money import round_amount
from app.sales.rules.payments import LONGEST_TERM
from app.sales.rules.scenarios import Scenario, ScenarioKind
from app.sales.rules.sheet import Line, LineKind

ZERO = Decimal(0)
HUNDRED = Decimal(100)


class ProductKind(StrEnum):
    """What the finance office offers."""

    LOAN = "loan"
    BALLOON = "balloon"
    LEASE = "lease"
    SERVICE_CONTRACT = "service_contract"
    GAP = "gap"
    INSURANCE = "insurance"
    MAINTENANCE = "maintenance"
    PROTECTION = "protection"
    OTHER = "other"


LENDING = frozenset({ProductKind.LOAN, ProductKind.BALLOON, ProductKind.LEASE})
KIND_LABELS = {
    ProductKind.LOAN.value: N_("Loan"),
    ProductKind.BALLOON.value: N_("Balloon loan"),
    ProductKind.LEASE.value: N_("Lease"),
    ProductKind.SERVICE_CONTRACT.value: N_("Service contract"),
    ProductKind.GAP.value: N_("GAP"),
    ProductKind.INSURANCE.value: N_("Insurance"),
    ProductKind.MAINTENANCE.value: N_("Maintenance plan"),
    ProductKind.PROTECTION.value: N_("Protection"),
    ProductKind.OTHER.value: N_("Other product"),
}


@dataclass(frozen=True)
class Term:
    """One term a lender offers: months, the rate (a lease's money factor), and what remains at its end, percent."""

    months: int
    rate: Decimal
    rest: Decimal | None = None


@dataclass(frozen=True)
class BuyRate:
    """What the lender asks of the store for a term."""

    months: int
    rate: Decimal


@dataclass(frozen=True)
class Eligibility:
    """For which deals a product is; what is None or empty asks nothing."""

    conditions: tuple[str, ...] = ()
    max_age_years: int | None = None
    max_odometer: int | None = None
    min_amount: Decimal | None = None
    max_amount: Decimal | None = None


@dataclass(frozen=True)
class Product:
    """A product as the catalogue has it."""

    kind: ProductKind
    name: str
    since: date
    until: date | None = None
    price: Decimal | None = None
    cost: Decimal | None = None
    taxed: bool | None = None
    capitalised: bool = True
    commissionable: bool = True
    terms: tuple[Term, ...] = ()
    buy_rates: tuple[BuyRate, ...] = ()
    eligibility: Eligibility = Eligibility()


@dataclass(frozen=True)
class Case:
    """What eligibility looks at: the car, the day of the contract and the amount (to finance, or the selling price)."""

    on: date
    condition: str | None = None
    model_year: int | None = None
    odometer: int | None = None
    amount: Decimal | None = None


class Reason(StrEnum):
    """Why a product is not for a deal."""

    NOT_YET = "not_yet"
    NO_LONGER = "no_longer"
    CONDITION = "condition"
    AGE = "age"
    ODOMETER = "odometer"
    TOO_LITTLE = "too_little"
    TOO_MUCH = "too_much"


REASON_LABELS = {
    Reason.NOT_YET: N_("It does not begin before {since}."),
    Reason.NO_LONGER: N_("It ended on {until}."),
    Reason.CONDITION: N_("It is not for a car in this condition."),
    Reason.AGE: N_("The car is older than {max_age_years} years, or its year is not known."),
    Reason.ODOMETER: N_("The car has gone further than {max_odometer}, or its odometer is not known."),
    Reason.TOO_LITTLE: N_("The amount is below {min_amount}."),
    Reason.TOO_MUCH: N_("The amount is above {max_amount}."),
}


def reasons_against(product: Product, case: Case) -> tuple[Reason, ...]:
    """Why the product is not for this deal, none where it is; what is asked and not known counts against it."""
    asked, found = product.eligibility, []
    if case.on < product.since:
        found.append(Reason.NOT_YET)
    if product.until is not None and case.on > product.until:
        found.append(Reason.NO_LONGER)
    if asked.conditions and case.condition not in asked.conditions:
        found.append(Reason.CONDITION)
    if asked.max_age_years is not None and (
        case.model_year is None or case.on.year - case.model_year > asked.max_age_years
    ):
        found.append(Reason.AGE)
    if asked.max_odometer is not None and (case.odometer is None or case.odometer > asked.max_odometer):
        found.append(Reason.ODOMETER)
    if asked.min_amount is not None and (case.amount is None or case.amount < asked.min_amount):
        found.append(Reason.TOO_LITTLE)
    if asked.max_amount is not None and (case.amount is None or case.amount > asked.max_amount):
        found.append(Reason.TOO_MUCH)
    return tuple(found)


def line_of(product: Product) -> Line:
    """The line that a product which is no lending puts on a worksheet."""
    return Line(
        LineKind.PRODUCT,
        product.name,
        product.price or ZERO,
        product.cost,
        product.taxed,
        product.capitalised,
        product.commissionable,
    )


def way_of(
    product: Product, months: int, *, selling_price: Decimal, msrp: Decimal | None, currency: str, down: Decimal = ZERO
) -> tuple[Scenario, Decimal | None] | None:
    """The way to pay that a lender's term makes, with the buy rate; None where the lender has no such term."""
    term = next((term for term in product.terms if term.months == months), None)
    if term is None:
        return None
    buy_rate = next((buy.rate for buy in product.buy_rates if buy.months == months), None)
    kind = ScenarioKind(product.kind.value)
    if kind is ScenarioKind.LEASE:
        made = Scenario(
            kind, down, months, msrp=msrp or selling_price, residual_percent=term.rest, money_factor=term.rate
        )
    elif kind is ScenarioKind.BALLOON:
        balloon = round_amount(selling_price * (term.rest or ZERO) / HUNDRED, currency)
        made = Scenario(kind, down, months, term.rate, balloon)
    else:
        made = Scenario(kind, down, months, term.rate)
    return made, buy_rate


def term_problems(kind: ProductKind, terms: tuple[Term, ...]) -> list[tuple[int, str]]:
    """What is wrong with a lender's terms: (place in the list, field); no term at all is wrong with the first."""
    if kind not in LENDING:
        return []
    if not terms:
        return [(0, "months")]
    found, seen = [], set()
    for place, term in enumerate(terms):
        if not 1 <= term.months <= LONGEST_TERM or term.months in seen:
            found.append((place, "months"))
        seen.add(term.months)
        most = Decimal(1) if kind is ProductKind.LEASE else Decimal(1000)
        if not 0 <= term.rate <= most:
            found.append((place, "rate"))
        needs_rest = kind is not ProductKind.LOAN
        if needs_rest and (term.rest is None or not 0 <= term.rest <= HUNDRED):
            found.append((place, "rest"))
    return found
