"""Numbers are taken as people write them, and never guessed at."""

from decimal import Decimal

import pytest
from werkzeug.datastructures import MultiDict

from app.core.errors import Invalid
from app.core.http.forms import Amount, FormSchema, Whole, load_form


class Numbers(FormSchema):
    amount = Amount(load_default=None)
    whole = Whole(load_default=None)


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("12500", "12500"),
        ("12,500", "12500"),
        ("1,234,567.80", "1234567.80"),
        ("$12,500.00", "12500.00"),
        ("£ 900", "900"),
        ("12 500", "12500"),
        ("12\u00a0500", "12500"),
        ("￥１２，５００．５０", "12500.50"),
        ("8.5", "8.5"),
        ("-3,000", "-3000"),
    ],
)
def test_amounts(typed, amount):
    assert load_form(Numbers, MultiDict({"amount": typed}))["amount"] == Decimal(amount)


@pytest.mark.parametrize("typed", ["12,5", "1,2345", "12,50,000", "1.234,50", ",500", "NaN", "Infinity", "twelve", "$"])
def test_what_is_not_clear_is_asked_again(typed):
    with pytest.raises(Invalid) as refused:
        load_form(Numbers, MultiDict({"amount": typed}))
    assert [error.field for error in refused.value.errors] == ["amount"]


def test_whole_numbers():
    assert load_form(Numbers, MultiDict({"whole": "52,300"}))["whole"] == 52_300
    with pytest.raises(Invalid):
        load_form(Numbers, MultiDict({"whole": "52.5"}))
