"""Leads without a database: their way, the clocks, opening hours, and figures over waits that have not ended."""

from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from random import Random

import pytest

from app.crm.rules.leads import OPEN, PIPELINE, LeadChannel, LeadStatus, advanced, life, moves_from, status_on_arrival
from app.crm.rules.waiting import Clocks, Deed, Urgency, Wait, clocks_of, open_time, summarise, urgency

T0 = datetime(2026, 3, 2, 15, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def deed(minutes, type="call", direction="outbound", outcome=None, by_person=True):
    return Deed(T0 + minutes * MINUTE, type, direction, outcome, by_person)


def test_nothing_moves_before_an_attempt_and_nothing_is_new_again():
    assert moves_from(LeadStatus.NEW, attempted=False) == ()
    assert moves_from(LeadStatus.NEW, attempted=True) == PIPELINE[1:]
    for status in PIPELINE[1:]:
        assert LeadStatus.NEW not in moves_from(status, attempted=True)
        assert status not in moves_from(status, attempted=True)
    assert moves_from(LeadStatus.LOST, attempted=False) == (LeadStatus.NEW,)
    assert moves_from(LeadStatus.LOST, attempted=True) == PIPELINE[1:]
    assert moves_from(LeadStatus.WON, attempted=True) == ()


def test_what_happens_brings_a_lead_on_and_never_back():
    for status in LeadStatus:
        for reached in PIPELINE:
            after = advanced(status, reached)
            if status in OPEN:
                assert PIPELINE.index(after) == max(PIPELINE.index(status), PIPELINE.index(reached))
            else:
                assert after is status
    assert [state for _, state in life(LeadStatus.VISITED)] == ["done", "done", "done", "on", "", ""]
    assert life(LeadStatus.LOST)[-1] == (LeadStatus.LOST, "off")
    assert status_on_arrival(LeadChannel.WALK_IN) is LeadStatus.VISITED


@pytest.mark.parametrize(
    ("deeds", "attempt", "contact"),
    [
        ([], None, None),
        ([deed(2, "message", by_person=False)], None, None),  # the automatic reply
        ([deed(2, "note", None)], None, None),
        ([deed(2, "message", "inbound")], None, None),  # the person asks again; nobody has answered
        ([deed(9)], 9, None),
        ([deed(9, outcome="no_answer"), deed(30, outcome="reached")], 9, 30),
        ([deed(9, "message"), deed(12, "message", "inbound")], 9, 12),  # written back to
        ([deed(4, "call", "inbound")], 4, 4),
        ([deed(20, "visit", None)], 20, 20),
        ([deed(-5, outcome="reached"), deed(7)], 7, None),  # what was before the enquiry answers nothing
        ([deed(30, outcome="reached"), deed(9, outcome="no_answer")], 9, 30),  # logged in another order
    ],
)
def test_a_persons_attempt_stops_the_clock_and_nothing_else(deeds, attempt, contact):
    def at(minutes):
        return None if minutes is None else T0 + minutes * MINUTE

    found = clocks_of(T0, deeds)
    assert (found.attempt_at, found.contact_at) == (at(attempt), at(contact))


def test_an_automatic_reply_changes_no_clock_wherever_it_stands():
    chance = Random(5)
    kinds = [("call", "outbound"), ("call", "inbound"), ("message", "inbound"), ("message", "outbound"), ("note", None)]
    for _ in range(300):
        deeds = [deed(chance.randrange(-20, 200), *chance.choice(kinds)) for _ in range(chance.randrange(5))]
        robots = [deed(chance.randrange(200), "message", by_person=False) for _ in range(3)]
        assert clocks_of(T0, deeds + robots) == clocks_of(T0, deeds)
        found = clocks_of(T0, deeds)
        assert found == Clocks() or found.attempt_at is not None
        assert found.contact_at is None or found.contact_at >= found.attempt_at


def test_a_wait_is_urgent_from_half_its_target_and_late_past_it():
    target = 10 * MINUTE
    states = [urgency(minutes * MINUTE, target) for minutes in (0, 5, 6, 10, 11)]
    assert states == [Urgency.FRESH, Urgency.FRESH, Urgency.SOON, Urgency.SOON, Urgency.LATE]


WEEK = {day: (time(9), time(18)) for day in ("mon", "tue", "wed", "thu", "fri")}


def test_opening_hours_count_on_the_stores_own_wall():
    zone = "America/New_York"
    friday = datetime(2026, 3, 6, 22, 30, tzinfo=UTC)  # 17:30 on Friday
    monday = datetime(2026, 3, 9, 13, 20, tzinfo=UTC)  # 09:20 on Monday, after the clocks went forward
    assert open_time(friday, monday, WEEK, zone) == timedelta(minutes=50)
    assert open_time(monday, friday, WEEK, zone) == timedelta(0)
    assert open_time(friday, friday + timedelta(minutes=10), WEEK, zone) == timedelta(minutes=10)
    assert open_time(friday + timedelta(hours=1), friday + timedelta(hours=30), WEEK, zone) == timedelta(0)


def test_a_day_that_skips_an_hour_is_that_much_shorter():
    always = {day: (time(0), time(23, 59)) for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    start = datetime(2026, 3, 8, 5, tzinfo=UTC)  # midnight in New York, the Sunday the clocks go forward
    assert open_time(start, start + timedelta(hours=30), always, "America/New_York") > timedelta(hours=29)
    only_sunday = {"sun": (time(0), time(23, 59))}
    assert open_time(start, start + timedelta(hours=40), only_sunday, "America/New_York") == timedelta(
        hours=22, minutes=59
    )


def waits(*answered, open_ones=()):
    return [Wait(m * MINUTE, True) for m in answered] + [Wait(m * MINUTE, False) for m in open_ones]


def test_without_open_waits_the_figures_are_the_ordinary_ones():
    found = summarise(waits(*range(1, 11)))
    assert (found.count, found.answered, found.median, found.p90) == (10, 10, 5 * MINUTE, 9 * MINUTE)


def test_leads_nobody_answered_stay_in_the_denominator():
    three_of_ten = summarise(waits(1, 2, 3, open_ones=[60] * 7))
    assert (three_of_ten.count, three_of_ten.answered, three_of_ten.median) == (10, 3, None)
    half = summarise(waits(1, 2, 3, 4, 5, open_ones=[60] * 5))
    assert (half.median, half.p90) == (5 * MINUTE, None)
    # Leaving the silent ones out would say two minutes.
    assert summarise(waits(1, 2, 3)).median == 2 * MINUTE
    assert summarise([]).median is None


def test_who_has_waited_a_moment_says_nothing_about_later():
    # One that came just now is no failure: it leaves those at risk, and is no answer.
    young = summarise(waits(10, 20, 30, 40, open_ones=[1]))
    assert young.median == 20 * MINUTE


def test_figures_agree_with_the_product_limit_in_fractions():
    chance = Random(11)
    for _ in range(200):
        some = [Wait(chance.randrange(1, 40) * MINUTE, chance.random() < 0.6) for _ in range(chance.randrange(1, 30))]
        found = summarise(some)
        for share, figure in ((Fraction(1, 2), found.median), (Fraction(9, 10), found.p90)):
            left, expected = Fraction(1), None
            for moment in sorted({wait.lasted for wait in some if wait.ended}):
                at_risk = sum(wait.lasted >= moment for wait in some)
                left *= 1 - Fraction(sum(wait.lasted == moment and wait.ended for wait in some), at_risk)
                if 1 - left >= share:
                    expected = moment
                    break
            assert figure == expected
