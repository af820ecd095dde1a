"""The finance office's catalogue and the table of tax rules: operations, pages, the deal's card and the API."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal as D

import pytest

from app.core.db import db, transaction
from app.core.db.ids import to_public
from app.core.errors import FieldClosed, Invalid, PermissionDenied, Stale
from app.core.guard.permissions import Actor
from app.sales.errors import ProductNotForDeal, SheetIsFrozen, TaxRuleTaken
from app.sales.operations import catalogue, tax_table
from app.sales.operations.policies import set_policy
from app.sales.queries import catalogue as queries
from app.sales.queries import policies, sheets
from app.sales.rules.catalogue import Eligibility, Term
from app.sales.rules.policies import PolicyKind
from app.sales.rules.tax_examples import EXAMPLES, US_CREDIT
from tests.factories.catalogue import LONG_AGO, make_loan, make_product, make_tax_rule
from tests.factories.inventory import SYSTEM
from tests.factories.pages import error_of, field_of, post
from tests.factories.sales import make_deal
from tests.fixtures.people import find_user
from tests.fixtures.programs import Program, make_key

SELLER = {"deal.see": "all", "deal.edit": "all", "deal.create": "all", "fi_product.see": "all", "stock.see": "all"}


@pytest.fixture
def seller(in_alpha) -> Actor:
    """Sees no costs."""
    return Actor(user_id=find_user("salesperson").id, name="Sam Seller", grants=SELLER)


@pytest.fixture
def deal(stores):
    return make_deal(stores[0], price=D(31950))


def desk(deal):
    return sheets.desk_of(SYSTEM, deal)


def offer(actor, deal, product, **values):
    with transaction():
        return catalogue.offer_product(actor=actor, deal_id=deal.id, product_id=product.id, **values)


def edit(product, actor=SYSTEM, **values):
    with transaction():
        return catalogue.edit_product(actor=actor, product_id=product.id, version=None, **values)


def test_a_contract_goes_onto_the_worksheet_with_a_cost_its_seller_does_not_see(deal, seller):
    offer(seller, deal, make_product())
    (item,) = desk(deal).lines
    assert (item.line.label, item.line.amount, item.line.cost) == ("Contract of three years", D(1800), D(900))


def test_a_term_becomes_a_way_to_pay_with_its_buy_rate(deal, seller):
    loan = make_loan()
    offer(seller, deal, loan, months=60)
    offer(seller, deal, loan, months=36)
    ways = desk(deal).ways
    assert [(way.scenario.term_months, way.scenario.apr, way.buy_rate, way.chosen) for way in ways] == [
        (60, D("6.9"), D("5.9"), True),
        (36, D("4.49"), D("3.9"), False),
    ]
    with pytest.raises(Invalid):
        offer(seller, deal, loan, months=48)


def test_what_is_not_for_the_deal_is_refused_and_says_why(deal, seller):
    dear = make_product(eligibility=Eligibility(min_amount=D(40_000)))
    with pytest.raises(ProductNotForDeal):
        offer(seller, deal, dear)
    assert desk(deal).lines == ()


def test_an_agreed_deal_takes_nothing_more(stores, seller):
    sold = make_deal(stores[0], status="sold")
    with pytest.raises(SheetIsFrozen):
        offer(SYSTEM, sold, make_product())


def test_who_sees_no_costs_changes_the_rest_and_keeps_them(in_alpha):
    product = make_product()
    clerk = Actor(user_id=None, name="Clerk", grants={"fi_product.edit": "all", "fi_product.see": "all"})
    edit(product, clerk, name="Contract of four years", price=D(2000))
    found = queries.get_product(product.id)
    assert (found.name, found.price, found.cost) == ("Contract of four years", D(2000), D(900))
    with pytest.raises(FieldClosed):
        edit(product, clerk, cost=D(1))
    with pytest.raises(PermissionDenied):
        edit(product, Actor(user_id=None, name="Nobody", grants={}), name="Mine")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"),
        ({"price": None}, "price"),
        ({"price": D(-1)}, "price"),
        ({"valid_until": date(2019, 12, 31)}, "valid_until"),
        ({"kind": "loan"}, "price"),
        ({"kind": "loan", "price": None}, "terms.0.months"),
        ({"kind": "lease", "price": None, "terms": (Term(36, D("0.001")),)}, "terms.0.rest"),
    ],
)
def test_a_product_that_is_none_is_refused_by_its_field(in_alpha, values, field):
    with pytest.raises(Invalid) as refused:
        make_product(**values)
    assert field in [problem.field for problem in refused.value.errors]


def test_rules_of_one_key_follow_each_other_by_their_days(in_alpha):
    make_tax_rule(key="state")
    with transaction():
        tax_table.add_tax_rule(
            actor=SYSTEM, body=US_CREDIT.to_body() | {"key": "state", "trade_credit": False},
            valid_from=date(2026, 7, 1),
        )  # fmt: skip
    before, after = (queries.tax_rule_on("state", day) for day in (date(2026, 6, 30), date(2026, 7, 1)))
    assert (before.trade_credit, after.trade_credit) == (True, False)
    assert queries.tax_rule_on("state", LONG_AGO - timedelta(days=1)) is None
    with pytest.raises(TaxRuleTaken):
        make_tax_rule(key="state")


def test_a_rule_no_sale_could_be_taxed_by_is_refused_by_its_field(in_alpha):
    for wrong, field in (({"method": "vat", "layers": []}, "layers"), ({"key": "No Key"}, "key")):
        with pytest.raises(Invalid) as refused:
            make_tax_rule(**wrong)
        assert refused.value.errors[0].field == field


def test_the_examples_go_in_once(in_alpha):
    with transaction():
        first = tax_table.add_examples(actor=SYSTEM, rules=EXAMPLES, today=date(2026, 11, 20))
        second = tax_table.add_examples(actor=SYSTEM, rules=EXAMPLES, today=date(2026, 11, 20))
    assert (first, second) == (len(EXAMPLES), 0)
    assert queries.tax_rule_on("cn_nev", date(2028, 1, 1)) is None


@pytest.mark.usefixtures("no_policies_left")
def test_a_store_says_what_a_new_worksheet_begins_with(stores):
    make_tax_rule()
    body = {"tax_key": "us_credit", "fees": [{"label": "Doc fee", "amount": D("499.00"), "taxed": True}]}
    with transaction():
        set_policy(actor=SYSTEM, kind=PolicyKind.FEES, body=body, store_id=stores[0].id)
    today = policies.today_at(stores[0].id)
    rule, fees = queries.beginning_of(stores[0].id, today)
    assert rule == US_CREDIT
    assert [(fee.label, fee.amount, fee.taxed) for fee in fees] == [("Doc fee", D("499.00"), True)]
    assert queries.beginning_of(stores[1].id, today) == (None, ())


def test_a_product_is_added_and_changed_by_its_form(client_for, alpha, in_alpha):
    client = client_for(alpha)
    page = client.get("/fi-products/new?kind=loan").text
    form = {"kind": "loan", "name": "Bank of Examples", "terms.0.months": "60", "terms.0.rate": "6.9"}
    refused = post(client, "/fi-products", **form | {"terms.1.months": "60", "terms.1.rate": "7"})
    assert refused.status_code == 422
    assert error_of(refused.text, "terms.1.months")
    assert field_of(refused.text, "name") == "Bank of Examples"
    made = post(client, "/fi-products", **form | {"terms.0.buy": "5.9", "conditions": "used", "max_age_years": "8"})
    assert made.status_code == 303, page
    row = db.session.query(queries.FIProduct).filter_by(name="Bank of Examples").one()
    product = queries.product_of(row)
    assert product.terms == (Term(60, D("6.9")),)
    assert (product.buy_rates[0].rate, product.eligibility.conditions) == (D("5.9"), ("used",))
    address = f"/fi-products/{to_public('fip', row.id)}"
    assert field_of(client.get(address).text, "terms.0.buy") == "5.9"


def test_a_tax_rule_is_added_changed_and_taken_out_by_its_form(client_for, alpha, in_alpha):
    client = client_for(alpha)
    form = {
        "key": "ohio", "name": "Ohio", "method": "sales", "valid_from": "2026-01-01", "layers.0.name": "State",
        "layers.0.rate": "5.75", "layers.1.name": "County", "layers.1.rate": "1.5", "trade_credit": "1",
    }  # fmt: skip
    refused = post(client, "/tax-rules", **form | {"layers.0.rate": "-1"})
    assert refused.status_code == 422
    assert post(client, "/tax-rules", **form).status_code == 303
    rule = queries.tax_rule_on("ohio", date(2026, 11, 20))
    assert [(layer.name, layer.rate) for layer in rule.layers] == [("State", D("5.75")), ("County", D("1.5"))]
    assert rule.trade_credit
    row = next(row for row in queries.rules_on(date(2026, 11, 20)) if row.key == "ohio")
    address, read = f"/tax-rules/{to_public('tax', row.id)}", row.version
    assert field_of(client.get(address).text, "layers.1.rate") == "1.5"
    assert post(client, address, **form | {"version": read, "layers.1.rate": "2"}).status_code == 303
    assert post(client, f"{address}/delete", version=read).status_code == 409
    assert post(client, f"{address}/delete", version=read + 1).status_code == 303
    assert queries.tax_rule_on("ohio", date(2026, 11, 20)) is None


def test_the_card_of_a_deal_offers_what_fits_and_says_what_stands_against_the_rest(client_for, alpha, deal):
    make_product()
    make_product(name="For dear cars", eligibility=Eligibility(min_amount=D(40_000)))
    client = client_for(alpha)
    page = client.get(f"/deals/{to_public('deal', deal.id)}").text
    assert "Contract of three years" in page
    assert "The amount is below" in page
    product = queries.offers_for(queries.Case(date(2026, 11, 20), amount=D(31950)))[0]
    done = post(client, f"/deals/{to_public('deal', deal.id)}/offers", product_id=to_public("fip", product.id))
    assert done.status_code == 303
    assert len(desk(deal).lines) == 1


def test_a_program_without_costs_sees_none_and_writes_over_none(client_for, alpha, in_alpha):
    product = make_loan()
    address = f"/fi-products/{to_public('fip', product.id)}"
    seller = Program(client_for(alpha, None), make_key("salesperson"))
    seen = seller.get(address).get_json()
    assert seen["terms"][0] == {"months": 36, "rate": "4.49", "rest": None}
    assert "buy_rates" in seen["_hidden"]
    assert "cost" in seen["_hidden"]
    boss = Program(client_for(alpha, None), make_key("fi_manager"))
    answer = boss.get(address)
    assert answer.get_json()["buy_rates"][0]["rate"] == "3.9"
    changed = boss.ask("PATCH", address, {"name": "Other Bank"}, If_Match=answer.headers["ETag"])
    assert changed.status_code == 200
    assert [buy["rate"] for buy in changed.get_json()["buy_rates"]] == ["3.9", "5.9"]


def test_two_who_change_one_rule_do_not_overwrite_each_other(in_alpha):
    row = make_tax_rule(key="contested")
    with pytest.raises(Stale), transaction():
        tax_table.delete_tax_rule(actor=SYSTEM, rule_id=row.id, version=row.version + 1)
