"""Which column feeds which field: guesses in zh and en, choices and their words, and what is refused."""

from __future__ import annotations

import pytest

from app.core.errors import Invalid
from app.core.guard.permissions import Actor, system_actor
from app.core.jobs.imports import mapping
from app.core.jobs.imports.mapping import FieldMapping, RowReader
from app.crm.imports import CUSTOMERS
from app.inventory.imports import VEHICLES
from app.sales.imports import SALES
from tests.core.jobs.imports.samples import KIND

SYSTEM = system_actor("test")
FIELDS = KIND.offered(SYSTEM)
HEADERS = ("Name", "Price", "Date", "Color")
COLUMNS = {"name": "Name", "amount": "Price", "on": "Date", "colour": "Color"}


@pytest.mark.parametrize(
    ("kind", "headers", "expected"),
    [
        (SALES, "year make model trim vin state odometer color sellingprice saledate", {
            "model_year": "year", "make": "make", "model": "model", "trim": "trim", "vin": "vin", "store": "state",
            "odometer": "odometer", "colour": "color", "price": "sellingprice", "sold_on": "saledate",
        }),
        (VEHICLES, "VIN Stock# Price Mileage Used/New State ExteriorColor FuelType", {
            "vin": "VIN", "stock_number": "Stock#", "asking_price": "Price", "odometer": "Mileage",
            "condition": "Used/New", "store": "State", "colour": "ExteriorColor", "fuel": "FuelType",
        }),
        (SALES, "车架号 品牌 车系 成交价 成交日期 门店 销售顾问 车牌号 行驶里程", {
            "vin": "车架号", "make": "品牌", "model": "车系", "price": "成交价", "sold_on": "成交日期", "store": "门店",
            "salesperson": "销售顾问", "plate": "车牌号", "odometer": "行驶里程",
        }),
        (CUSTOMERS, "姓名 手机 邮箱 门店 备注", {
            "name": "姓名", "phone": "手机", "email": "邮箱", "store": "门店", "notes": "备注",
        }),
        (CUSTOMERS, "First_Name LAST-NAME e-mail Phone", {
            "given_name": "First_Name", "family_name": "LAST-NAME", "email": "e-mail", "phone": "Phone",
        }),
    ],
)  # fmt: skip
def test_headers_are_recognised(kind, headers, expected):
    assert dict(mapping.guess(kind.fields, headers.split(" ")).columns) == expected


def test_a_header_serves_one_field_and_the_first_of_two_wins():
    guessed = mapping.guess(FIELDS, ("title", "Name", "name"))
    assert dict(guessed.columns) == {"name": "Name"}


@pytest.mark.parametrize("kind", [CUSTOMERS, VEHICLES, SALES])
def test_a_word_means_one_field_of_a_kind(kind):
    seen: dict[str, str] = {}
    for item in kind.fields:
        for word in {mapping.header_key(name) for name in (item.key, *item.aliases)}:
            assert seen.setdefault(word, item.key) == item.key, word


def read(cells, defaults=None, values=None, actor=SYSTEM):
    wanted = FieldMapping(COLUMNS, defaults or {}, values or {})
    return RowReader(KIND.offered(actor), actor, HEADERS, wanted).read(cells)


def test_a_row_is_read_or_says_everything_that_is_wrong():
    values, errors = read(["Ada", "$5", "2024-01-02", "red"])
    assert (values["name"], values["amount"], values["colour"], errors) == ("Ada", 5, "r", [])
    _, errors = read(["", "x", "y", "green", "too much"])
    assert [error.field for error in errors] == ["name", "amount", "on", "colour", "row"]


def test_short_rows_are_filled_up():
    values, errors = read(["Ada"])
    assert errors == []
    assert values["amount"] is None


def test_a_default_stands_where_the_file_says_nothing_and_for_words_nobody_knows():
    assert read(["a", "—"], {"amount": "7"})[0]["amount"] == 7
    assert read(["a", "", "", "green"], {"colour": "Blue"})[0]["colour"] == "b"
    # An unreadable amount is no empty one.
    assert read(["a", "seven"], {"amount": "7"})[1]


def test_a_word_of_two_choices_means_neither():
    assert read(["a", "", "", "warm"])[1][0].code == "unknown_choice"
    assert read(["a", "", "", "warm"], values={"colour": {"warm": "o"}})[0]["colour"] == "o"
    assert read(["a", "", "", "  WARM "], values={"colour": {"warm": mapping.EMPTY}})[0]["colour"] is None


def test_words_around_a_choice_are_suggested():
    item = next(item for item in VEHICLES.fields if item.key == "condition")
    found = mapping.suggest(item, SYSTEM, ["Kia Certified", "Used", "renewed", "new and used", "—"])
    assert found == {"kia certified": "certified"}


def test_our_error_file_comes_back_as_it_was():
    assert read(["'=cmd()"])[0]["name"] == "=cmd()"
    assert read(["'tis"])[0]["name"] == "'tis"


@pytest.mark.parametrize(
    ("columns", "defaults", "values", "fields"),
    [
        ({}, {}, {}, ["name"]),
        ({"name": "Nobody"}, {}, {}, ["name"]),
        ({"name": "Name", "wrong": "Name"}, {}, {}, ["wrong"]),
        ({"name": "Name"}, {"amount": "x", "colour": "green", "wrong": "1"}, {}, ["wrong", "amount", "colour"]),
        ({"name": "Name"}, {}, {"colour": {"x": "green"}}, ["colour"]),
    ],
)
def test_a_mapping_that_cannot_work_is_refused(columns, defaults, values, fields):
    with pytest.raises(Invalid) as refused:
        mapping.check(FIELDS, SYSTEM, HEADERS, FieldMapping(columns, defaults, values))
    assert [error.field for error in refused.value.errors] == fields


def test_a_field_is_filled_by_whoever_sees_it_in_full():
    nobody = Actor(None, "nobody", {"import.create": "all"})
    assert "secret" not in {item.key for item in KIND.offered(nobody)}
    trusted = Actor(None, "trusted", {"import.create": "all"}, sights={"cost": "visible"})
    assert "secret" in {item.key for item in KIND.offered(trusted)}
