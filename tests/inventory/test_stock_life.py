"""Where a unit stands on its way."""

import pytest

from app.inventory.rules.stock import StockStatus, life


def test_what_lies_behind_is_done():
    assert life(StockStatus.AVAILABLE) == (
        ("in_transit", "done"),
        ("in_recon", "done"),
        ("available", "on"),
        ("sold", ""),
        ("delivered", ""),
    )


@pytest.mark.parametrize("status", list(StockStatus))
def test_every_status_has_one_place(status):
    assert [step for step, state in life(status) if state == "on"] == [status]


def test_a_unit_that_leaves_another_way_is_never_sold():
    assert life(StockStatus.WHOLESALED)[-1] == ("wholesaled", "on")
    assert StockStatus.SOLD not in dict(life(StockStatus.WHOLESALED))
