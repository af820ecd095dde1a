"""The pure rules of the CRM: names, phones, e-mails and the activity index."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crm.rules.customers import (
    ACTIVITY_BANDS,
    ENGAGEMENT_WEIGHTS,
    ContactStatus,
    engagement,
    fold_name,
    full_name,
    gap_index,
    gap_index_of,
    is_too_late,
    normalize_email,
    normalize_phone,
)

START = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
INSTANTS = st.integers(0, 40 * 365 * 86_400_000_000).map(lambda us: START + timedelta(microseconds=us))


@pytest.mark.parametrize(
    ("typed", "region", "normal"),
    [
        ("(202) 555-0143", "US", "+12025550143"),
        ("202.555.0143", "US", "+12025550143"),
        ("+1 202 555 0143", "CN", "+12025550143"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("+44 (0)20 7946 0018", "US", "+442079460018"),
        ("139 0000 0000", "CN", "+8613900000000"),
        ("１３９-００００-００００", "CN", "+8613900000000"),
        ("202-555-0143 ext. 12", "US", "+12025550143;ext=12"),
    ],
)
def test_phone_in_any_format_has_one_normal_form(typed, region, normal):
    contact = normalize_phone(typed, region)
    assert (contact.value, contact.status) == (normal, ContactStatus.VALID)


@pytest.mark.parametrize("typed", ["ask for Kim", "555-0143", "12", "1" * 40])
def test_what_cannot_be_dialled_is_kept_raw(typed):
    contact = normalize_phone(f"  {typed} ", "US")
    assert (contact.value, contact.status) == (typed, ContactStatus.RAW)


@pytest.mark.parametrize(
    ("typed", "normal", "status"),
    [
        (" Kim.Lee@Example.COM ", "kim.lee@example.com", ContactStatus.VALID),
        ("kim@bücher.example", "kim@xn--bcher-kva.example", ContactStatus.VALID),
        ("KIM@XN--BCHER-KVA.example.", "kim@xn--bcher-kva.example", ContactStatus.VALID),
        ("王@例子。测试", "王@xn--fsqu00a.xn--0zwm56d", ContactStatus.VALID),
        ("Kim at home", "kim at home", ContactStatus.RAW),
        ("kim@localhost", "kim@localhost", ContactStatus.RAW),
        ("kim@" + "a" * 80 + ".example", "kim@" + "a" * 80 + ".example", ContactStatus.RAW),
    ],
)
def test_email_is_lower_case_with_an_ascii_domain(typed, normal, status):
    contact = normalize_email(typed)
    assert (contact.value, contact.status) == (normal, status)


@given(st.text())
def test_normalising_twice_changes_nothing(text):
    assert normalize_email(normalize_email(text).value) == normalize_email(text)
    assert fold_name(fold_name(text)) == fold_name(text)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("  Zoë   ÅNGSTRÖM ", "zoe angstrom"),
        ("王 伟", "王 伟"),
        ("ＡＢＣ Motors", "abc motors"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
    ],
)
def test_names_are_compared_without_case_width_and_accents(name, key):
    assert fold_name(name) == key


@pytest.mark.parametrize(
    ("given_name", "family_name", "display"),
    [
        ("Kim", "Lee", "Kim Lee"),
        ("伟", "王", "王伟"),
        ("", "Lee", "Lee"),
        (" Kim ", "", "Kim"),
        ("伟", "Lee", "伟 Lee"),
    ],
)
def test_full_name_follows_the_script(given_name, family_name, display):
    assert full_name(given_name, family_name) == display


def test_activity_cannot_lie_in_the_future():
    assert not is_too_late(START + timedelta(minutes=5), START)
    assert is_too_late(START + timedelta(minutes=5, microseconds=1), START)


def test_activity_index_is_undefined_below_two():
    assert gap_index_of([]) is None
    assert gap_index_of([START]) is None
    assert gap_index(1, START, None) is None


def test_activity_index_is_the_last_gap_over_the_count():
    times = [START, START + timedelta(days=1), START + timedelta(days=3)]
    assert gap_index_of(times) == Decimal("57600.000000")
    # The last gap counts, in whatever order the activities were logged.
    assert gap_index_of(reversed(times)) == Decimal("57600.000000")


def test_two_activities_at_one_instant_have_no_gap():
    assert gap_index_of([START, START]) == 0
    assert gap_index_of([START - timedelta(days=9), START, START]) == 0


def test_activity_index_rounds_half_up_at_the_microsecond():
    assert gap_index(2, START + timedelta(microseconds=1), START) == Decimal("0.000001")
    assert gap_index(3, START + timedelta(microseconds=1), START) == Decimal("0.000000")
    assert gap_index(8, START + timedelta(microseconds=12), START) == Decimal("0.000002")


@given(st.lists(INSTANTS, min_size=2, max_size=12))
def test_activity_index_is_the_exact_quotient_rounded(times):
    latest, previous = sorted(times)[-1], sorted(times)[-2]
    exact = Fraction((latest - previous) // timedelta(microseconds=1), 1_000_000 * len(times))
    assert abs(Fraction(gap_index_of(times)) - exact) <= Fraction(1, 2_000_000)


@given(st.integers(0, 3), st.one_of(st.none(), st.decimals(0, 10**8, places=6)))
def test_every_customer_is_in_exactly_one_activity_band(activities, index):
    activities = min(activities, 1) if index is None else max(activities, 2)
    assert sum(band.holds(activities, index) for band in ACTIVITY_BANDS) == 1


def test_a_test_drive_counts_half_after_one_half_life():
    assert engagement([("test_drive", START)], START) == 5
    assert engagement([("test_drive", START - timedelta(days=30))], START) == Decimal("2.5")
    assert engagement([("call", START), ("message", START - timedelta(days=60))], START) == Decimal("2.25")
    assert engagement([], START) == 0


@given(
    st.lists(st.tuples(st.sampled_from(sorted(ENGAGEMENT_WEIGHTS)), st.integers(0, 10**9)), max_size=8),
    st.sampled_from(sorted(ENGAGEMENT_WEIGHTS)),
    st.integers(0, 10**9),
)
def test_another_activity_never_lowers_engagement(before, kind, age):
    logged = [(name, START - timedelta(seconds=seconds)) for name, seconds in before]
    assert engagement([*logged, (kind, START - timedelta(seconds=age))], START) >= engagement(logged, START)
