"""VIN rules: the regulation's example, the measured weakness of its check digit, and every published vector."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.inventory.rules import vin, wmi
from app.inventory.rules.vin import VinProblem, VinStatus

REGULATION = "1M8GDM9AXKP042788"
ALPHABET = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
VECTORS = Path(__file__).parents[3] / "shared" / "data" / "masks" / "vin_vectors.csv"

full_vins = st.text(ALPHABET, min_size=17, max_size=17)


@pytest.mark.parametrize(
    ("number", "digit"),
    [
        (REGULATION, "X"),
        ("11111111111111111", "1"),
        ("1G4AH59H45G118341", "4"),
        ("1FAPP64R7LH123456", "7"),
        ("WVWZZZ1KZ8W123456", "6"),
        ("1FA6P8CF0R5100000", "2"),
    ],
)
def test_check_digit(number, digit):
    assert vin.check_digit(number) == digit


@pytest.mark.parametrize("number", ["LSVAA49J2F2000001", "LFV2A21K8A3000001", "LBEHDAEB3PY000123"])
def test_chinese_style_numbers_are_valid(number):
    assert vin.status_of(number) is VinStatus.VALID
    assert vin.check_is_law(number)


def test_39_of_544_substitutions_go_unnoticed():
    others = [
        REGULATION[:at] + char + REGULATION[at + 1 :]
        for at in range(17)
        for char in ALPHABET
        if char != REGULATION[at]
    ]
    assert len(others) == 544
    assert sum(vin.status_of(other) is VinStatus.VALID for other in others) == 39


def test_one_of_15_adjacent_swaps_goes_unnoticed():
    swapped = {REGULATION[:at] + REGULATION[at + 1] + REGULATION[at] + REGULATION[at + 2 :] for at in range(16)}
    swapped.discard(REGULATION)
    assert len(swapped) == 15
    assert sum(vin.status_of(other) is VinStatus.VALID for other in swapped) == 1


@pytest.mark.skipif(not VECTORS.exists(), reason="the shared data folder is not here")
def test_published_vectors():
    with VECTORS.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 50
    for row in rows:
        number = row["vin"]
        assert vin.has_shape(number), number
        assert (vin.check_digit(number) == number[8]) == (row["check_digit_ok_computed_by_us"] == "True"), number
        if not row["year"]:
            continue
        assert int(row["year"]) in vin.model_years(number, 2027), number
        if number[0] in "12345":
            assert vin.likely_year(number, 2027) == int(row["year"]), number


@pytest.mark.parametrize(
    ("number", "status", "problem"),
    [
        (REGULATION, VinStatus.VALID, None),
        ("1M8GDM9A1KP042788", VinStatus.STRUCTURE_ONLY, VinProblem.CHECK_DIGIT),
        ("LSVAA49J3F2000001", VinStatus.STRUCTURE_ONLY, VinProblem.CHECK_DIGIT),
        ("WVWZZZ1KZ8W123456", VinStatus.STRUCTURE_ONLY, None),
        ("ZRE1429012345", VinStatus.INCOMPLETE, None),
        ("1M8GDM9AXKPO42788", VinStatus.NOT_VIN, VinProblem.LETTERS),
        (REGULATION + "1", VinStatus.NOT_VIN, VinProblem.UNREADABLE),
        ("1M8GDM9AXKP04278?", VinStatus.NOT_VIN, VinProblem.UNREADABLE),
        ("", VinStatus.NOT_VIN, VinProblem.UNREADABLE),
    ],
)
def test_status_and_where_the_check_digit_is_law(number, status, problem):
    assert vin.status_of(number) is status
    assert vin.problem_of(number) is problem


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        (" 1m8gdm9axkp042788\n", REGULATION),
        ("1M8-GDM9A-XKP 042788", REGULATION),
        ("１Ｍ８ＧＤＭ９ＡＸＫＰ０４２７８８", REGULATION),
        ("ZRE142\u20109012345", "ZRE1429012345"),
        ("1M8GDM9AXKPO42788", "1M8GDM9AXKPO42788"),
    ],
)
def test_normalise_never_replaces_a_letter(typed, normal):
    assert vin.normalise(typed) == normal


def test_lookalikes_are_suggested_only():
    assert vin.suggestions("IM8GDM9AXKPO42788") == (REGULATION,)
    assert vin.suggestions("QM8GDM9AXKP042788") == ("0M8GDM9AXKP042788",)
    assert vin.suggestions(REGULATION) == ()
    assert vin.suggestions("ZRE142O") == ()


@pytest.mark.parametrize(
    ("number", "years", "likely"),
    [
        (REGULATION, (1989, 2019), 1989),
        ("2C3CDYAGXDH825982", (1983, 2013), 2013),
        ("LSVAA49J2F2000001", (1985, 2015), None),
        ("WVWZZZ1KZ8W123456", (2008,), 2008),
        ("WVWZZZ1KZZW123456", (), None),
        ("WVWZZZ1KZ0W123456", (), None),
        ("ZRE1429012345", (), None),
    ],
)
def test_model_years(number, years, likely):
    assert vin.model_years(number, 2027) == years
    assert vin.likely_year(number, 2027) == likely


def test_the_cycle_comes_round_after_thirty_years():
    assert vin.model_years(REGULATION[:9] + "A" + REGULATION[10:], 2040) == (1980, 2010, 2040)
    assert vin.model_years(REGULATION[:9] + "9" + REGULATION[10:], 2040) == (2009, 2039)


@pytest.mark.parametrize(
    ("number", "make", "guess", "country"),
    [
        ("LSVAA49J2F2000001", "SAIC Volkswagen", False, "China"),
        ("WVWZZZ1KZ8W123456", "Volkswagen", False, "Germany"),
        ("1FAPP64R7LH123456", "Ford", True, "United States"),
        ("1N4BL3AP5DN508203", "Nissan", True, "United States"),
        ("1Z9AA11B5XP000001", None, False, "United States"),
        ("00000000000000000", "Maserati", False, None),
        ("0AA00000000000000", None, False, None),
    ],
)
def test_maker_from_the_first_characters(number, make, guess, country):
    assert wmi.maker(number) == wmi.Maker(make, guess, country)


def test_decode_tells_all_at_once():
    decoded = vin.decode("lsvaa49j2f2000001", 2027)
    assert (decoded.vin, decoded.status, decoded.problem) == ("LSVAA49J2F2000001", VinStatus.VALID, None)
    assert (decoded.check_digit, decoded.check_ok, decoded.tail) == ("2", True, "F2000001")
    assert (decoded.make, decoded.model_years) == ("SAIC Volkswagen", (1985, 2015))
    short = vin.decode("ZRE142-9012345", 2027)
    assert (short.status, short.check_ok, short.make, short.tail) == (VinStatus.INCOMPLETE, None, None, "29012345")


@given(st.text(max_size=40))
def test_anything_typed_is_decoded_without_failing(text):
    decoded = vin.decode(text, 2027)
    assert decoded.vin == vin.normalise(decoded.vin)
    assert (decoded.status is VinStatus.VALID) == bool(decoded.check_ok)
    assert decoded.likely_year is None or decoded.likely_year in decoded.model_years


@given(full_vins)
def test_exactly_one_character_of_position_nine_makes_it_valid(number):
    forms = [number[:8] + digit + number[9:] for digit in "0123456789X"]
    assert [form for form in forms if vin.status_of(form) is VinStatus.VALID] == [
        number[:8] + vin.check_digit(number) + number[9:]
    ]
