"""Tax rules as data: layers, credits, caps, what is inside a price, days they hold for, and how they are kept."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sales.rules.bodies import BodyError, from_body, to_body
from app.sales.rules.scenarios import Scenario, ScenarioKind
from app.sales.rules.sheet import Line, LineKind, Sheet, Trade, is_taxed, total
from app.sales.rules.tax_examples import CN_NEV, CN_NEW, EXAMPLES, UK_MARGIN, UK_VAT, US_CREDIT, US_NO_CREDIT
from app.sales.rules.taxes import DatedRule, TaxKind, TaxLayer, TaxMethod, TaxPlace, TaxRule, in_force


def D(text: str) -> Decimal:
    return Decimal(text)


SHEET = Sheet("USD", D("20000"), trades=(Trade(D("12000"), payoff=D("9000")),), tax=US_CREDIT)


def taxes(sheet: Sheet) -> list[Decimal]:
    return [line.amount for line in total(sheet).taxes]


def test_every_layer_is_a_line_of_its_own_rounding():
    layers = (TaxLayer("State", D("4.225")), TaxLayer("County", D("1.125")), TaxLayer("City", D("0.5")))
    sheet = Sheet("USD", D("12345.67"), tax=replace(US_NO_CREDIT, layers=layers))
    assert taxes(sheet) == [D("521.60"), D("138.89"), D("61.73")]
    assert total(sheet).tax == D("722.22")


def test_a_cap_and_a_slice():
    layers = (
        TaxLayer("State", D("5"), cap=D("500")),
        TaxLayer("Single", D("2.75"), base_from=D("1600"), base_to=D("3200")),
    )
    assert taxes(Sheet("USD", D("40000"), tax=replace(US_NO_CREDIT, layers=layers))) == [D("500"), D("44.00")]
    assert taxes(Sheet("USD", D("1000"), tax=replace(US_NO_CREDIT, layers=layers))) == [D("50.00"), D("0.00")]


def test_the_allowance_is_credited_and_not_the_equity():
    assert total(SHEET).taxable == D("8000")
    assert total(replace(SHEET, tax=US_NO_CREDIT)).taxable == D("20000")
    assert total(replace(SHEET, tax=replace(US_CREDIT, trade_credit_cap=D("11000")))).taxable == D("9000")


def test_a_trade_in_above_the_price_makes_no_negative_tax():
    found = total(replace(SHEET, price=D("5000")))
    assert (found.taxable, found.tax) == (D("0"), D("0"))


@pytest.mark.parametrize(("reduces", "taxable"), [(True, "18500"), (False, "20000")])
def test_a_rebate_lowers_the_base_where_the_rule_says_so(reduces, taxable):
    rule = replace(US_NO_CREDIT, rebate_reduces=reduces)
    sheet = Sheet("USD", D("20000"), lines=(Line(LineKind.REBATE, "Maker", D("1500")),), tax=rule)
    assert total(sheet).taxable == D(taxable)
    # A rebate that says it itself is not asked again.
    said = (Line(LineKind.REBATE, "Maker", D("1500"), taxed=reduces),)
    assert total(replace(sheet, lines=said)).taxable == (D("20000") if reduces else D("18500"))


def test_a_discount_that_is_not_on_the_contract_stays_taxed():
    sheet = Sheet("USD", D("20000"), D("1000"), tax=US_NO_CREDIT)
    assert total(sheet).taxable == D("19000")
    assert total(replace(sheet, tax=replace(US_NO_CREDIT, discount_reduces=False))).taxable == D("20000")


@pytest.mark.parametrize(("kind", "taxed"), [("accessory", True), ("fee", False), ("product", False), ("rebate", True)])
def test_a_line_is_taxed_as_it_says_or_as_its_kind(kind, taxed):
    line = Line(LineKind(kind), "A line", D("100"))
    assert is_taxed(line, US_CREDIT) is taxed
    assert is_taxed(replace(line, taxed=not taxed), US_CREDIT) is not taxed
    assert not is_taxed(replace(line, taxed=True), None)


def test_vat_inside_and_on_top():
    inside = total(Sheet("GBP", D("12000"), tax=UK_VAT))
    assert (inside.total, inside.tax, inside.tax_included) == (D("12000"), D("0"), D("2000.00"))
    on_top = total(Sheet("GBP", D("10000"), tax=replace(UK_VAT, included=False)))
    assert (on_top.total, on_top.tax, on_top.tax_included) == (D("12000.00"), D("2000.00"), D("0"))


def test_margin_scheme_taxes_accessories_in_full_and_without_proof_the_whole_price():
    sheet = Sheet("GBP", D("12000"), lines=(Line(LineKind.ACCESSORY, "Roof box", D("600")),), tax=UK_MARGIN)
    with_proof = total(replace(sheet, purchase_cost=D("9000"))).taxes
    assert [(line.kind, line.amount) for line in with_proof] == [(TaxKind.MARGIN_VAT, 500), (TaxKind.VAT, 100)]
    assert [line.confidential for line in with_proof] == [True, False]
    assert taxes(sheet) == [D("2000.00"), D("100.00")]


def test_the_buyer_pays_the_purchase_tax_himself():
    found = total(Sheet("CNY", D("180000"), tax=replace(CN_NEW, collected=False)))
    assert (found.tax, found.tax_aside, found.total) == (D("0"), D("15929.20"), D("180000"))
    assert [line.place for line in found.taxes] == [TaxPlace.INCLUDED, TaxPlace.ASIDE]


def test_a_currency_without_decimals():
    assert taxes(Sheet("JPY", D("1234567"), tax=replace(US_NO_CREDIT, layers=(TaxLayer("", D("10")),)))) == [
        D("123457")
    ]


@pytest.mark.parametrize(("on", "found"), [("2025-12-31", None), ("2026-01-01", CN_NEV), ("2027-12-31", CN_NEV),
                                           ("2028-01-01", None)])  # fmt: skip
def test_a_rule_holds_on_its_days(on, found):
    assert in_force(EXAMPLES, "cn_nev", date.fromisoformat(on)) == found


def test_the_latest_of_several_rules_holds():
    newer = DatedRule(replace(US_CREDIT, layers=(TaxLayer("State", D("7.25")),)), since=date(2026, 7, 1))
    rules = [DatedRule(US_CREDIT), newer]
    assert in_force(rules, "us_credit", date(2026, 6, 30)) == US_CREDIT
    assert in_force(rules, "us_credit", date(2026, 7, 1)) == newer.rule


@pytest.mark.parametrize("dated", EXAMPLES, ids=lambda dated: dated.rule.key)
def test_rules_are_kept_as_json(dated):
    assert TaxRule.from_body(json.loads(json.dumps(dated.rule.to_body()))) == dated.rule
    assert from_body(DatedRule, json.loads(json.dumps(to_body(dated)))) == dated


def test_a_sheet_and_a_scenario_are_kept_as_json():
    sheet = replace(SHEET, lines=(Line(LineKind.FEE, "Doc fee", D("499.00"), cost=D("0"), taxed=True),))
    scenario = Scenario(ScenarioKind.LEASE, D("2000"), 36, msrp=D("34000"), money_factor=D("0.00125"))
    for value in (sheet, scenario):
        assert from_body(type(value), json.loads(json.dumps(to_body(value)))) == value


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"layers": [{"name": "State", "rate": "seven"}]}, "layers.0.rate", "not_a_number"),
        ({"layers": [{"name": "State", "rate": 7.25}]}, "layers.0.rate", "not_a_number"),
        ({"layers": [{"name": "State", "rate": "NaN"}]}, "layers.0.rate", "not_a_number"),
        ({"layers": [{"name": "State", "rate": "-1"}]}, "", "negative"),
        ({"layers": [{"rate": "7"}]}, "layers.0.name", "missing"),
        ({"layers": {}}, "layers", "not_a_list"),
        ({"method": "flat"}, "method", "not_known"),
        ({"method": "vat", "layers": []}, "layers", "needs_one"),
        ({"relief_percent": "101"}, "relief_percent", "too_much"),
        ({"trade_credit": "yes"}, "trade_credit", "wrong_type"),
        ({"trade_credits": True}, "trade_credits", "unknown"),
        ({"layers": ["7"]}, "layers.0", "not_an_object"),
    ],
)
def test_what_is_not_a_rule_is_refused_by_field(change, field, reason):
    with pytest.raises(BodyError) as refused:
        TaxRule.from_body({**US_CREDIT.to_body(), **change})
    assert (refused.value.field, refused.value.reason) == (field, reason)


AMOUNTS = st.decimals(min_value=0, max_value=10**7, places=2)
RATES = st.decimals(min_value=0, max_value=40, places=3)


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, RATES, st.sampled_from(list(TaxMethod)), st.booleans(), st.booleans())
def test_taxes_are_never_negative_and_totals_add_up(price, allowance, rebate, bought, rate, method, credit, included):
    layers = (TaxLayer("One", rate),) if method is not TaxMethod.NONE else ()
    rule = TaxRule("any", "Any", method, layers, trade_credit=credit, rebate_reduces=True, included=included,
                   purchase_rate=rate, relief_percent=Decimal(50))  # fmt: skip
    lines = (Line(LineKind.REBATE, "Maker", rebate), Line(LineKind.ACCESSORY, "Mats", Decimal("99.99")))
    found = total(Sheet("USD", price, lines=lines, trades=(Trade(allowance),), tax=rule, purchase_cost=bought))
    assert all(line.amount >= 0 and line.base >= 0 for line in found.taxes)
    assert found.tax + found.tax_included + found.tax_aside == sum(line.amount for line in found.taxes)
    assert found.total == found.selling_price + found.accessories + found.fees + found.products + found.tax
    assert found.due == found.total - found.rebates_applied - found.net_trade - found.deposit
