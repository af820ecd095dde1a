"""What a deal is owed: sums of its ledger, whatever is written into it and in whichever order."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sales.rules.financing import (
    StipulationState,
    days_in_transit,
    figures_hash,
    may_fund,
    open_stipulations,
    settled,
)
from app.sales.rules.receivables import (
    Direction,
    Method,
    Party,
    PaymentKind,
    Row,
    amount_is_possible,
    balance,
    contrary,
    has_card_number,
    refundable_of,
    side_of,
)

ZERO = Decimal(0)
money = st.integers(1, 10_000_000).map(lambda cents: Decimal(cents) / 100)
paid_kinds = st.sampled_from([kind for kind in PaymentKind if kind is not PaymentKind.REFUND])


@st.composite
def ledgers(draw):
    """A ledger that is possible: rows, some of which were taken back in parts, never beyond what they were."""
    rows, rests = [], []
    for kind, amount in draw(st.lists(st.tuples(paid_kinds, money), max_size=8)):
        direction, party = side_of(kind)
        rows.append(Row(kind, direction, party, amount))
        rests.append((direction, party, amount))
    for direction, party, amount in rests:
        left = amount
        for share in draw(st.lists(st.integers(1, 100), max_size=3)):
            back = (left * share / 100).quantize(Decimal("0.01"))
            if back > 0:
                rows.append(Row(PaymentKind.REFUND, contrary(direction), party, back))
                left -= back
    return rows


@given(ledgers(), money, money, money)
def test_the_balance_is_the_sum_of_the_rows_against_what_is_owed(rows, owed, financed, payoff):
    found = balance(rows, owed=owed, financed=financed, payoff=payoff)
    cash = sum((row.amount if row.direction == "in" else -row.amount for row in rows), ZERO)
    # Every cent that came in or went out is somebody's.
    assert found.paid + found.funded - found.paid_off == cash
    assert found.from_buyer + found.from_lender - found.to_payee == owed - payoff - cash
    assert found.financed <= owed


@given(ledgers())
def test_no_ledger_takes_more_back_than_was_paid(rows):
    found = balance(rows, owed=ZERO)
    assert found.paid >= 0
    assert found.funded >= 0
    assert found.paid_off >= 0


@given(ledgers(), money, money, money)
def test_an_ended_deal_owes_back_exactly_what_was_paid_and_is_then_as_before(rows, owed, financed, payoff):
    ended = balance(rows, owed=owed, financed=financed, payoff=payoff, ended=True)
    assert ended.refundable == ended.paid
    assert (ended.from_lender, ended.to_payee) == (-ended.funded, -ended.paid_off)
    back = [
        Row(PaymentKind.REFUND, direction, party, amount)
        for direction, party, amount in (
            (Direction.OUT, Party.BUYER, ended.paid),
            (Direction.OUT, Party.LENDER, ended.funded),
            (Direction.IN, Party.PAYEE, ended.paid_off),
        )
        if amount
    ]
    settled_deal = balance([*rows, *back], owed=owed, financed=financed, payoff=payoff, ended=True)
    assert settled_deal == balance([], owed=ZERO)
    assert settled_deal.is_settled


def test_a_financed_deal_in_figures():
    owed, financed = Decimal("38053.93"), Decimal("36053.93")
    rows = [Row("deposit", "in", "buyer", Decimal(500)), Row("payment", "in", "buyer", Decimal(1500))]
    open_deal = balance(rows, owed=owed, financed=financed, payoff=Decimal(14500))
    assert (open_deal.from_buyer, open_deal.from_lender, open_deal.to_payee) == (ZERO, financed, Decimal(14500))
    assert not open_deal.is_settled
    rows += [Row("lender_funding", "in", "lender", financed), Row("payoff", "out", "payee", Decimal(14500))]
    assert balance(rows, owed=owed, financed=financed, payoff=Decimal(14500)).is_settled
    assert balance(rows, owed=owed - 300, financed=financed, payoff=ZERO).refundable == 300


def test_what_is_left_of_a_payment():
    assert refundable_of(Decimal(500), [Decimal(200), Decimal("50.50")]) == Decimal("249.50")
    assert refundable_of(Decimal(500), []) == 500


@pytest.mark.parametrize(
    ("amount", "possible"),
    [("0.01", True), ("0", False), ("-1", False), ("NaN", False), ("Infinity", False), ("1e13", False)],
)
def test_amounts(amount, possible):
    assert amount_is_possible(Decimal(amount)) is possible


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("4242 4242 4242 4242", True),
        ("card 4111-1111-1111-1111 ok", True),
        ("visa …4242, auth 073412", False),
        ("4242 4242 4242 4243", False),
        ("", False),
    ],
)
def test_whole_card_numbers_are_recognised(text, found):
    assert has_card_number(text) is found


def test_kinds_and_methods_have_their_sides_and_words():
    assert side_of(PaymentKind.PAYOFF) == (Direction.OUT, Party.PAYEE)
    assert contrary(Direction.IN) is Direction.OUT
    with pytest.raises(KeyError):
        side_of(PaymentKind.REFUND)
    assert {"wechat_pay", "alipay", "finance"} <= set(Method)


def test_stipulations_hold_the_lenders_money_back():
    wanted = [{"name": "proof_of_income", "state": "open"}, {"name": "references", "state": "waived"}]
    assert open_stipulations(wanted) == ["proof_of_income"]
    assert not may_fund("conditional", wanted)
    met = settled(wanted, "proof_of_income", StipulationState.MET)
    assert (open_stipulations(met), may_fund("conditional", met), may_fund("declined", met)) == ([], True, False)
    with pytest.raises(KeyError):
        settled(wanted, "a_letter", StipulationState.MET)


def test_days_in_transit_and_the_mark_of_figures():
    assert days_in_transit(date(2026, 3, 1), None, date(2026, 3, 11)) == 10
    assert days_in_transit(None, None, date(2026, 3, 11)) is None
    assert days_in_transit(date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 11)) is None
    assert figures_hash({"a": 1, "b": "2"}) == figures_hash({"b": "2", "a": "1"}) != figures_hash({"a": 1, "b": "3"})
