"""What a worksheet may begin with: the tax rules that hold at a store, and the ways to pay people compare first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from app.sales.queries.catalogue import rules_on
from app.sales.rules.scenarios import Scenario, ScenarioKind
from app.sales.rules.taxes import TaxRule

FIRST_WAYS = (
    Scenario(ScenarioKind.CASH),
    Scenario(ScenarioKind.LOAN, term_months=36),
    Scenario(ScenarioKind.LOAN, term_months=60),
)


def tax_rules(on: date) -> Mapping[str, TaxRule]:
    """The tax rules of the dealership's table that hold for a contract of that day, by key."""
    return {row.key: TaxRule.from_body(row.body) for row in rules_on(on)}
