"""Random deals through the product's rules and through `exact_deals`: every figure must be the same to the cent."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from app.sales.rules.gross import Charge, Costs, Counts, GrossPolicy, gross
from app.sales.rules.leases import LeaseTax
from app.sales.rules.scenarios import Quote, Scenario, ScenarioKind, loan_schedule, quote
from app.sales.rules.sheet import Line, LineKind, Sheet, Trade, total
from app.sales.rules.taxes import TaxLayer, TaxMethod, TaxRule
from bench.exact_deals import Deal, random_deal
from bench.exact_payments import figures, rate_is_right
from bench.report import say

DEALS = 12_000
SEED = 20_260_101
LOAN = ("principal", "amount_financed", "payment", "last_payment", "interest", "finance_charge", "total_of_payments",
        "due_at_signing")  # fmt: skip
LEASE = ("gross_cap", "cap_reduction", "adjusted_cap", "residual", "depreciation", "rent_charge", "payment",
         "due_at_signing", "total_of_payments")  # fmt: skip


def measure() -> dict[str, float | int | bool]:
    """The part of the bench: how many deals, and how many figures of them differ."""
    rng = random.Random(SEED)
    kinds, problems = Counter[str](), Counter[str]()
    differences = compared = 0
    spent = 0.0
    for number in range(DEALS):
        deal = random_deal(rng)
        sheet, scenario = to_sheet(deal), to_scenario(deal)
        began = time.perf_counter()
        found = quote(sheet, scenario)
        spent += time.perf_counter() - began
        kinds[deal["kind"]] += 1
        if found.problem:
            problems[f"{deal['kind']}: {found.problem.value}"] += 1
        for name, ours, exact in compare(deal, sheet, scenario, found):
            compared += 1
            if ours != exact:
                differences += 1
                say(f"deal {number} ({deal['kind']}): {name} is {ours}, exactly {exact}")
    say(f"{DEALS} random deals: {dict(kinds)}; without a payment in both: {dict(problems)}")
    say(f"{compared} figures compared, {differences} differ; a sheet and its quote take {spent / DEALS * 1e6:.0f} µs")
    return {"random_deals": DEALS, "figures_compared": compared, "differences": differences,
            "quote_us": round(spent / DEALS * 1e6)}  # fmt: skip


def compare(deal: Deal, sheet: Sheet, scenario: Scenario, found: Quote) -> Iterator[tuple[str, Any, Any]]:
    """Every figure of the deal: its name, what the product says, and what it must be."""
    must = figures(deal)
    totals = total(sheet)
    for name in ("tax", "tax_included", "tax_aside", "total", "net_trade", "over_allowance", "upfront", "due"):
        yield name, Fraction(getattr(totals, name)), must["sheet"][name]
    earned = gross(sheet, to_costs(deal), to_policy(deal), totals)
    for name, exact in must["gross"].items():
        value = getattr(earned, name)
        yield name, None if value is None else Fraction(value), exact
    yield "possible", found.problem is None, must["quote"] is not None
    if found.problem or must["quote"] is None:
        return
    if deal["kind"] == "cash":
        yield "due_at_signing", Fraction(found.due_at_signing), must["quote"]["due_at_signing"]
    elif deal["kind"] == "lease":
        for name in LEASE:
            yield name, Fraction(getattr(found, name)), must["quote"][name]
    else:
        for name in LOAN:
            yield name, Fraction(getattr(found, name)), must["quote"][name]
        paid = [Fraction(one.payment) for one in loan_schedule(sheet, scenario, totals)]
        yield "schedule", paid, must["quote"]["paid"]
        if found.apr is not None and (deal["charge"] or deal["first_days"] != 30):
            advanced = must["quote"]["amount_financed"]
            yield "apr", rate_is_right(Fraction(found.apr), advanced, paid, deal["first_days"]), True


def exactly(number: Fraction) -> Decimal:
    """A fraction that ends, as Decimal; AssertionError for one that does not."""
    with localcontext(prec=60):
        value = Decimal(number.numerator) / Decimal(number.denominator)
    assert Fraction(value) == number
    return value


def perhaps(number: Fraction | None) -> Decimal | None:
    """The same where there may be none."""
    return None if number is None else exactly(number)


def to_rule(tax: Deal) -> TaxRule:
    """The product's tax rule of a plain one; what lines are taxed they say themselves."""
    layers = tuple(
        TaxLayer(str(number), exactly(layer["rate"]), perhaps(layer["cap"]), exactly(layer["base_from"]),
                 perhaps(layer["base_to"]))
        for number, layer in enumerate(tax["layers"])
    )  # fmt: skip
    return TaxRule(
        "random", "random", TaxMethod(tax["method"]), layers, tax["trade_credit"], perhaps(tax["trade_credit_cap"]),
        discount_reduces=tax["discount_reduces"], included=tax["included"], purchase_rate=exactly(tax["purchase_rate"]),
        relief_percent=exactly(tax["relief_percent"]), relief_cap=perhaps(tax["relief_cap"]),
        collected=tax["collected"],
    )  # fmt: skip


def to_sheet(deal: Deal) -> Sheet:
    """The product's worksheet of a plain deal."""
    lines = tuple(
        Line(LineKind(line["kind"]), line["kind"], exactly(line["amount"]), perhaps(line["cost"]), line["taxed"],
             line["capitalised"], line["commissionable"])
        for line in deal["lines"]
    )  # fmt: skip
    trades = tuple(
        Trade(exactly(trade["allowance"]), exactly(trade["payoff"]), exactly(trade["acv"])) for trade in deal["trades"]
    )
    return Sheet("USD", exactly(deal["price"]), exactly(deal["discount"]), lines, trades, to_rule(deal["tax"]),
                 exactly(deal["deposit"]), exactly(deal["purchase_cost"]))  # fmt: skip


def to_scenario(deal: Deal) -> Scenario:
    """The product's scenario of a plain deal."""
    return Scenario(
        ScenarioKind(deal["kind"]), exactly(deal["down"]), deal["term"], exactly(deal["rate"]),
        exactly(deal["balloon"]), exactly(deal["charge"]), deal["charge_financed"], deal["first_days"],
        exactly(deal["msrp"]), exactly(deal["residual_percent"]), exactly(deal["mileage_adjustment"]),
        exactly(deal["money_factor"]), LeaseTax(deal["tax_on"]), exactly(deal["acquisition"]),
        deal["acquisition_capitalised"], exactly(deal["security"]),
    )  # fmt: skip


def to_costs(deal: Deal) -> Costs:
    """What the dealer knows, of a plain deal."""
    return Costs(exactly(deal["cost"]), exactly(deal["holdback"]), (Charge("extra", exactly(deal["extra"])),),
                 exactly(deal["reserve"]), (Charge("chargeback", exactly(deal["chargeback"])),))  # fmt: skip


def to_policy(deal: Deal) -> GrossPolicy:
    """The product's gross policy of a plain deal."""
    toggles: dict[str, Any] = {name: Counts(how) for name, how in deal["policy"].items() if name != "pack"}
    return GrossPolicy(pack=exactly(deal["policy"]["pack"]), **toggles)
