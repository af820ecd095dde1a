"""Every worked number of the trade's facts about a deal's money."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.sales.rules.gross import Costs, Counts, GrossPolicy, gross
from app.sales.rules.payments import Loan, schedule
from app.sales.rules.scenarios import Scenario, ScenarioKind, quote
from app.sales.rules.sheet import Line, LineKind, Sheet, Trade, total
from app.sales.rules.tax_examples import CN_NEV, CN_NEW, CN_USED, UK_MARGIN
from app.sales.rules.taxes import TaxLayer, TaxMethod, TaxPlace, TaxRule


def D(text: str) -> Decimal:
    return Decimal(text)


def american(*, credit: bool) -> Sheet:
    rule = TaxRule("us", "US", TaxMethod.SALES, (TaxLayer("State", D("7")),), trade_credit=credit)
    lines = (
        Line(LineKind.FEE, "Doc fee", D("499"), cost=D("0"), taxed=True),
        Line(LineKind.FEE, "Registration", D("320")),
        Line(LineKind.PRODUCT, "Service contract", D("2800")),
        Line(LineKind.REBATE, "Manufacturer", D("1500")),
    )
    return Sheet("USD", D("32000"), lines=lines, trades=(Trade(D("12000"), D("14500"), D("11000")),), tax=rule)


@pytest.mark.parametrize(
    ("credit", "taxable", "tax", "financed", "payment"),
    [(True, "20499", "1434.93", "36053.93", "612.95"), (False, "32499", "2274.93", "36893.93", "627.23")],
)
def test_the_same_deal_where_trade_ins_count_and_where_they_do_not(credit, taxable, tax, financed, payment):
    sheet = american(credit=credit)
    totals = total(sheet)
    assert (totals.taxable, totals.tax, totals.net_trade) == (D(taxable), D(tax), D("-2500"))
    assert (totals.negative_equity, totals.over_allowance) == (D("2500"), D("1000"))
    found = quote(sheet, Scenario(ScenarioKind.LOAN, down=D("2000"), term_months=72, apr=D("6.9")))
    assert (found.amount_financed, found.payment, found.payments) == (D(financed), D(payment), 72)


def test_the_last_payment_absorbs_the_rounding():
    instalments = schedule(Loan(D("30000"), D("6"), 60), "USD")
    assert [one.payment for one in instalments] == [D("579.98")] * 59 + [D("580.27")]
    assert sum(one.interest for one in instalments) == D("4799.09")
    assert instalments[-1].balance == 0


def test_lease():
    terms = {"term_months": 36, "msrp": D("23000"), "residual_percent": D("57"), "money_factor": D("0.00125")}
    found = quote(Sheet("USD", D("20000")), Scenario(ScenarioKind.LEASE, **terms))
    assert (found.adjusted_cap, found.residual) == (D("20000"), D("13110"))
    assert (found.depreciation, found.rent_charge, found.payment) == (D("191.39"), D("41.39"), D("232.78"))
    assert found.equivalent_rate == D("3")


COSTS = Costs(vehicle=D("29800"), holdback=D("640"))
SOLD = Sheet("USD", D("32000"), trades=(Trade(D("12000"), acv=D("11000")),))


def test_front_gross_and_what_of_it_pays_commission():
    found = gross(SOLD, COSTS, GrossPolicy(pack=D("300")))
    assert (found.front, found.commissionable_front) == (D("1200"), D("900"))


def test_front_gross_with_holdback_counted():
    assert gross(SOLD, COSTS, GrossPolicy(holdback=Counts.BOTH)).front == D("1840")


@pytest.mark.parametrize(
    ("rule", "price", "tax"),
    [(CN_NEW, "180000", "15929.20"), (CN_NEV, "180000", "7964.60"), (CN_NEV, "400000", "20398.23")],
)
def test_vehicle_purchase_tax(rule, price, tax):
    # The last has 35,398.23 in full, of which half would be 17,699.12, but no more than 15,000 is waived.
    assert total(Sheet("CNY", D(price), tax=rule)).tax == D(tax)


def test_rows_of_a_chinese_vehicle_invoice():
    vat = total(Sheet("CNY", D("180000"), tax=CN_NEW)).taxes[0]
    assert (vat.base, vat.amount, vat.place) == (D("159292.04"), D("20707.96"), TaxPlace.INCLUDED)
    assert vat.base + vat.amount == D("180000")


def test_a_used_car_of_a_chinese_dealer():
    found = total(Sheet("CNY", D("100500"), tax=CN_USED))
    assert (found.tax, found.tax_included, found.taxes[0].base) == (D("0"), D("500.00"), D("100000.00"))


@pytest.mark.parametrize(("sale", "bought", "vat"), [("12000", "9000", "500"), ("9000", "12000", "0")])
def test_margin_scheme(sale, bought, vat):
    found = total(Sheet("GBP", D(sale), tax=UK_MARGIN, purchase_cost=D(bought)))
    assert (found.tax, found.tax_included, found.total) == (D("0"), D(vat), D(sale))
    assert all(line.confidential for line in found.taxes)
