"""What a worksheet may begin with: the tax rules that hold at a store, and the ways to pay people compare first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from app.sales.rules.scenarios import Scenario, ScenarioKind
from app.sales.rules.tax_examples import EXAMPLES
from app.sales.rules.taxes import TaxRule, in_force

FIRST_WAYS = (
    Scenario(ScenarioKind.CASH),
    Scenario(ScenarioKind.LOAN, term_months=36),
    Scenario(ScenarioKind.LOAN, term_months=60),
)


def tax_rules(on: date) -> Mapping[str, TaxRule]:
    """The tax rules that hold for a contract of that day, by key."""
    keys = dict.fromkeys(dated.rule.key for dated in EXAMPLES)
    found = {key: in_force(EXAMPLES, key, on) for key in keys}
    return {key: rule for key, rule in found.items() if rule is not None}
