"""What typed text means to the box that finds, and in which forms values are kept and asked for; no database."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.lists.search.asking import LONGEST, Meaning, read
from app.core.lists.search.tokens import TAIL, TAILS, WHOLE, Form, asked_forms, kept_forms
from app.core.lists.search.words import fold, forms, is_near, spellings_of, words_of

FIRST = [
    ("LSVAA49J2F2000001", "CN", Meaning.VIN),
    ("lsva a49j-2f2 000001", "CN", Meaning.VIN),
    ("1M8GDM9AXKPO42788", "US", Meaning.VIN),
    ("京A12345", "CN", Meaning.PLATE),
    ("京 A·12345", "CN", Meaning.PLATE),
    ("沪AD12345", "CN", Meaning.PLATE),
    ("粤B1234学", "CN", Meaning.PLATE),
    ("AB12 CDE", "GB", Meaning.PLATE),
    ("7ABC123", "US", Meaning.PLATE),
    ("13800001234", "CN", Meaning.PHONE),
    ("+86 138 0000 1234", "US", Meaning.PHONE),
    ("(202) 555-0171", "US", Meaning.PHONE),
    ("020 7946 0123", "GB", Meaning.PHONE),
    ("kim@example.com", "US", Meaning.EMAIL),
    ("D-2041", "US", Meaning.NUMBER),
    ("S1042", "US", Meaning.NUMBER),
    ("王伟", "CN", Meaning.NAME),
    ("张", "CN", Meaning.NAME),
    ("O'Brien", "GB", Meaning.NAME),
    ("Müller GmbH", "DE", Meaning.NAME),
]


@pytest.mark.parametrize(("text", "country", "meaning"), FIRST)
def test_the_likeliest_meaning_comes_first(text, country, meaning):
    assert read(text, country).meanings[0] is meaning


def test_text_may_mean_several_things():
    assert {Meaning.VIN, Meaning.PHONE, Meaning.NUMBER, Meaning.PLATE} <= set(read("042788", "US").meanings)
    assert Meaning.NAME not in read("042788", "US").meanings
    assert set(read("2041", "CN").meanings) >= {Meaning.PHONE, Meaning.NUMBER}


@pytest.mark.parametrize("text", ["Marker Customer 123", "Coventry Autos 2024", "marker customer 1234567"])
def test_a_name_with_a_number_is_no_vin_however_long(text):
    asked = read(text, "GB")
    assert Meaning.NAME in asked.meanings
    assert asked.words == tuple(text.lower().split())


@pytest.mark.parametrize("text", ["LSVAA49J2F2000001", "LSVA A49J 2F20 0000 1", "WVWZZZ 1K Z6W 000001"])
def test_a_vin_is_no_name_in_groups_either(text):
    assert read(text, "CN").words == ()


@pytest.mark.parametrize("text", ["", " ", "x", "%", "%%", "__", "\x00", "‮", "-", "🙂"])
def test_what_says_nothing_means_nothing(text):
    assert read(text, "US").is_empty


@given(st.text(max_size=200), st.sampled_from(["US", "CN", "GB", "DE", "XX"]))
def test_any_text_can_be_read(text, country):
    asked = read(text, country)
    assert len(asked.text) <= LONGEST
    assert "\x00" not in asked.folded + "".join(asked.codes)
    assert asked.is_empty or asked.codes or asked.words or asked.forms


NUMBERS = {
    "+8613800001234": (
        "13800001234", "138 0000 1234", "138-0000-1234", "+86 13800001234", "0086 138 0000 1234", "8613800001234",
    ),
    "+12025550171": (
        "2025550171", "(202) 555-0171", "202.555.0171", "1 202 555 0171", "+1 (202) 555-0171", "0012025550171",
    ),
    "+442079460123": ("020 7946 0123", "02079460123", "+44 20 7946 0123", "0044 20 7946 0123", "(020) 7946-0123"),
    "+493012345678": ("030 12345678", "030/12345678", "+49 30 12345678"),
}  # fmt: skip
HOME = {"+86": "CN", "+12": "US", "+44": "GB", "+49": "DE"}


@pytest.mark.parametrize(("number", "typed"), [(number, text) for number, texts in NUMBERS.items() for text in texts])
def test_a_phone_is_found_in_any_format(number, typed):
    kept = {form for form in kept_forms("phone", number) if form.part == WHOLE}
    assert kept & set(asked_forms(typed, HOME[number[:3]]))


@given(st.sampled_from(["CN", "US", "GB", "DE", "FR", "JP"]), st.data())
def test_every_countrys_example_is_found_as_it_is_written_there(region, data):
    kind = data.draw(st.sampled_from([phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE]))
    number = phonenumbers.example_number_for_type(region, kind)
    style = data.draw(
        st.sampled_from(
            [
                phonenumbers.PhoneNumberFormat.NATIONAL,
                phonenumbers.PhoneNumberFormat.INTERNATIONAL,
                phonenumbers.PhoneNumberFormat.E164,
            ]
        )
    )
    stored = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    typed = phonenumbers.format_number(number, style)
    assert {form for form in kept_forms("phone", stored) if form.part == WHOLE} & set(asked_forms(typed, region))


@pytest.mark.parametrize("length", TAILS["phone"])
def test_a_phone_is_found_by_its_declared_tails_alone(length):
    kept = set(kept_forms("phone", "+8613800001234"))
    assert Form("phone", TAIL, "13800001234"[-length:]) in kept & set(asked_forms("13800001234"[-length:], "CN"))
    assert len([form for form in kept if form.part == TAIL]) == len(TAILS["phone"])


def test_an_unreadable_phone_is_kept_by_its_digits():
    assert Form("phone", WHOLE, "12345") in kept_forms("phone", "ext 12345")
    assert kept_forms("phone", "none yet") == []


@pytest.mark.parametrize("typed", ["京A12345", "京a·12345", "京 A 12345", "A12345", "2345", "12345"])
def test_a_plate_is_found_whole_without_its_province_and_by_its_end(typed):
    assert set(kept_forms("plate", "京A·12345")) & set(asked_forms(typed, "CN"))


def test_other_values():
    assert set(kept_forms("email", "Kim@Example.COM")) & set(asked_forms(" kim@example.com ", "US"))
    assert set(kept_forms("email", "kim@bücher.example")) & set(asked_forms("kim@xn--bcher-kva.example", "US"))
    assert set(kept_forms("id_number", "11010519491231002X")) & set(asked_forms("11010519491231002x", "CN"))
    assert set(kept_forms("id_number", "11010519491231002X")) & set(asked_forms("002X", "CN"))


@pytest.mark.parametrize(
    ("written", "folded"),
    [("Müller", "muller"), ("O’Brien-Smith", "obrien smith"), ("ＫＩＭ  Lee", "kim lee"), ("王 伟", "王伟"),
     ("ŁÓDŹ", "lodz"), ("Strauß", "strauss"), ("欧阳·娜娜", "欧阳娜娜")],
)  # fmt: skip
def test_names_are_folded(written, folded):
    assert fold(written) == folded


def test_scripts_that_meet_are_words_of_their_own():
    assert words_of(fold("王伟 Wang Wei")) == ["王伟", "wang", "wei"]
    assert words_of(fold("宝马BMW店")) == ["宝马", "bmw", "店"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("jonh", "john"), ("smiht", "smith"), ("jonson", "johnson"), ("garcía", "garcia"), ("mueler", "mueller"),
     ("micheal", "michael"), ("王小名", "王小明"), ("王小", "王小明"), ("wiliams", "williams")],
)  # fmt: skip
def test_a_mistyped_name_meets_the_right_one(typed, kept):
    assert is_near(fold(typed), words_of(fold(kept)))


@pytest.mark.parametrize(("typed", "kept"), [("john", "jane"), ("li", "le"), ("王伟", "王芳"), ("smith", "jones")])
def test_another_name_is_not_met(typed, kept):
    assert not is_near(typed, [kept])


@given(st.text("abcdefgh", min_size=5, max_size=12), st.data())
def test_every_single_mistake_is_forgiven(word, data):
    at = data.draw(st.integers(0, len(word) - 2))
    letter = data.draw(st.sampled_from("abcxyz"))
    mistakes = [word[:at] + word[at + 1 :], word[:at] + letter + word[at:], word[:at] + letter + word[at + 1 :],
                word[:at] + word[at + 1] + word[at] + word[at + 2 :]]  # fmt: skip
    for mistake in mistakes:
        assert is_near(mistake, [word])
        assert {*spellings_of(mistake)} & {*spellings_of(word)}


def test_long_words_cost_no_more_than_a_line():
    assert len(spellings_of("a" * 10_000)) == 1
    assert len(spellings_of(" ".join(f"word{n:03}" for n in range(1_000)))) < 120
    assert forms("ab") == ["ab"]
