"""A second worksheet, written apart in whole fractions, agrees with the product's on random deals."""

from __future__ import annotations

import ast
import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

import bench
from app.sales.rules.scenarios import quote
from bench.desk_random import compare, to_scenario, to_sheet
from bench.exact_deals import cents, random_deal


@pytest.mark.parametrize("seed", range(8))
def test_random_deals_agree_to_the_cent(seed):
    rng = random.Random(f"desk {seed}")
    for _ in range(40):
        deal = random_deal(rng)
        sheet, scenario = to_sheet(deal), to_scenario(deal)
        figures = list(compare(deal, sheet, scenario, quote(sheet, scenario)))
        assert [(name, ours) for name, ours, exact in figures if ours != exact] == []


def test_a_cent_more_is_noticed():
    rng = random.Random("a cent")
    deal = {**random_deal(rng), "kind": "loan", "tax": {**random_deal(rng)["tax"], "method": "none", "layers": []}}
    deal |= {"price": Fraction(40_000), "down": Fraction(0), "trades": [], "discount": Fraction(0), "rate": Fraction(6)}
    sheet, scenario = to_sheet(deal), to_scenario(deal)
    dearer = replace(sheet, price=sheet.price + sheet.price.scaleb(-6).quantize(sheet.price.scaleb(-2)))
    assert dearer.price > sheet.price
    differing = {
        name for name, ours, exact in compare(deal, dearer, scenario, quote(dearer, scenario)) if ours != exact
    }
    assert {"total", "due", "principal", "front"} <= differing


@pytest.mark.parametrize(
    ("amount", "rounded"), [("0.005", "0.01"), ("-0.005", "-0.01"), ("0.0049", "0"), ("2.5", "2.5")]
)
def test_half_goes_away_from_zero(amount, rounded):
    assert cents(Fraction(amount)) == Fraction(rounded)


@pytest.mark.parametrize("name", ["exact_deals", "exact_payments"])
def test_it_knows_nothing_of_the_product(name):
    tree = ast.parse((Path(bench.__file__).parent / f"{name}.py").read_text())
    imported = {
        found.module or "" if isinstance(found, ast.ImportFrom) else alias.name
        for found in ast.walk(tree)
        if isinstance(found, ast.Import | ast.ImportFrom)
        for alias in found.names
    }
    assert imported <= {"__future__", "random", "fractions", "typing", "bench.exact_deals"}
