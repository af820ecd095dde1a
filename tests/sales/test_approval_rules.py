"""How far somebody may go alone: limits, what exceeds them, several roles, and who may approve."""

from decimal import Decimal
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from app.sales.rules.approvals import (
    UNLIMITED,
    UNNAMED,
    Excess,
    Figures,
    Limit,
    Limits,
    exceeded,
    limits_of,
    may_decide,
    widest,
)

AMOUNTS = st.decimals(0, 100_000, places=2)
MAYBE = st.none() | AMOUNTS
LIMITS = st.builds(Limits, MAYBE, MAYBE, MAYBE, MAYBE)
FIGURES = st.builds(Figures, AMOUNTS, AMOUNTS, MAYBE, MAYBE)
ROLE, OTHER = uuid4(), uuid4()


def test_reaching_a_limit_is_allowed_and_a_cent_beyond_is_not():
    limits = Limits(discount_amount=Decimal(500), front_gross=Decimal(300), over_allowance=Decimal(0))
    assert exceeded(Figures(Decimal(20000), Decimal(500), Decimal(300), Decimal(0)), limits) == ()
    found = exceeded(Figures(Decimal(20000), Decimal("500.01"), Decimal("299.99"), Decimal("0.01")), limits)
    assert [(item.limit, item.by) for item in found] == [
        (Limit.DISCOUNT_AMOUNT, Decimal("0.01")),
        (Limit.FRONT_GROSS, Decimal("0.01")),
        (Limit.OVER_ALLOWANCE, Decimal("0.01")),
    ]


def test_a_percentage_is_exact_and_of_the_price():
    limits = Limits(discount_percent=Decimal("3.33"))
    assert exceeded(Figures(Decimal(30000), Decimal(999)), limits) == ()
    assert exceeded(Figures(Decimal(30000), Decimal("999.01")), limits)[0].limit is Limit.DISCOUNT_PERCENT
    assert exceeded(Figures(Decimal(0), Decimal(0)), Limits(discount_percent=Decimal(0))) == ()


def test_what_is_not_known_exceeds_nothing_and_a_loss_does():
    limits = Limits(front_gross=Decimal(0))
    assert exceeded(Figures(Decimal(1), Decimal(0), None), limits) == ()
    asked = Decimal(-50)
    assert exceeded(Figures(Decimal(1), Decimal(0), asked), limits) == (Excess(Limit.FRONT_GROSS, Decimal(0), asked),)


def test_a_policy_names_roles_and_others_may_give_nothing_away():
    body = {"limits": {str(ROLE): {"discount_amount": "250.00"}}}
    assert limits_of(None, [ROLE]) == UNLIMITED
    assert limits_of(body, [ROLE]) == Limits(discount_amount=Decimal(250))
    assert limits_of(body, [OTHER]) == limits_of(body, []) == UNNAMED
    assert limits_of(body, [OTHER, ROLE]).discount_amount == 250


def test_nobody_approves_his_own_nor_beyond_his_limits():
    figures, me, you = Figures(Decimal(100), Decimal(30)), uuid4(), uuid4()
    assert may_decide(figures, UNLIMITED, asked_by=you, decider=me)
    assert not may_decide(figures, UNLIMITED, asked_by=me, decider=me)
    assert not may_decide(figures, UNLIMITED, asked_by=you, decider=None)
    assert not may_decide(figures, Limits(discount_amount=Decimal(29)), asked_by=you, decider=me)


@given(FIGURES, st.lists(LIMITS, min_size=1, max_size=3), LIMITS)
def test_another_role_never_takes_away(figures, held, more):
    before = {item.limit for item in exceeded(figures, widest(held))}
    assert {item.limit for item in exceeded(figures, widest([*held, more]))} <= before


@given(FIGURES, LIMITS)
def test_an_excess_says_how_much_and_no_limit_is_never_exceeded(figures, limits):
    assert exceeded(figures, UNLIMITED) == ()
    assert all(item.by > 0 for item in exceeded(figures, limits))
