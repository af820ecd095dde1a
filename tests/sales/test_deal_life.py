"""Where a deal stands on its way, and how it ended."""

import pytest

from app.sales.rules.status import ACTIVE, DealStatus, life


@pytest.mark.parametrize("status", sorted(ACTIVE))
def test_an_active_deal_stands_in_one_place(status):
    assert [step for step, state in life(status) if state == "on"] == [status]


def test_what_lies_behind_is_done():
    assert [state for _, state in life(DealStatus.SOLD)] == ["done", "done", "on", "", ""]


def test_an_ended_deal_shows_how():
    assert life(DealStatus.LOST) == (("working", "done"), ("lost", "off"))
    assert [step for step, _ in life(DealStatus.UNWOUND, agreed=True)] == ["working", "pending", "sold", "unwound"]
