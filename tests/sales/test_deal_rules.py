"""Rules of deals: statuses and their moves, net price, and what counts as a sale."""

from datetime import date
from decimal import Decimal

import pytest

from app.sales.rules.status import (
    ACTIVE,
    AGREED,
    ENDED,
    DealStatus,
    amounts_are_possible,
    counts_as_sale,
    may_move,
    moves_from,
)


@pytest.mark.parametrize(
    ("before", "after", "delivered", "allowed"),
    [
        ("working", "pending", False, True),
        ("working", "sold", False, True),
        ("pending", "working", False, True),
        ("sold", "booked", False, True),
        ("booked", "finalized", True, True),
        ("sold", "lost", False, True),
        ("lost", "working", False, True),
        ("working", "working", False, True),
        ("working", "booked", False, False),
        ("finalized", "lost", False, False),
        ("lost", "sold", False, False),
        ("sold", "lost", True, False),
        ("sold", "pending", True, False),
        ("sold", "unwound", True, False),
        ("unwound", "working", False, False),
    ],
)
def test_moves(before, after, delivered, allowed):
    assert may_move(DealStatus(before), DealStatus(after), delivered=delivered) is allowed


def test_no_edit_unwinds_and_a_delivered_deal_stays_agreed():
    for status in DealStatus:
        assert DealStatus.UNWOUND not in moves_from(status, delivered=False)
        assert set(moves_from(status, delivered=True)) <= AGREED


def test_active_and_ended_cover_everything_once():
    assert set(DealStatus) == ACTIVE | ENDED
    assert not ACTIVE & ENDED
    assert AGREED < ACTIVE


@pytest.mark.parametrize(
    ("price", "discount", "possible"),
    [
        ("12000", "0", True),
        ("12000", "12000", True),
        ("0", "0", True),
        ("12000", "12000.01", False),
        ("12000", "-1", False),
        ("-1", "0", False),
        ("NaN", "0", False),
        ("Infinity", "0", False),
        ("1e13", "0", False),
    ],
)
def test_amounts(price, discount, possible):
    assert amounts_are_possible(Decimal(price), Decimal(discount)) is possible


@pytest.mark.parametrize(
    ("delivered_on", "unwound_on", "counts"),
    [(None, None, False), (date(2026, 1, 1), None, True), (date(2026, 1, 1), date(2026, 2, 1), False)],
)
def test_a_sale_is_delivered_and_not_unwound(delivered_on, unwound_on, counts):
    assert counts_as_sale(delivered_on, unwound_on) is counts
