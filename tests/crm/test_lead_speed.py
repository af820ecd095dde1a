"""The figures of speed: what counts, whose figures somebody sees, and the same figures for people and programs."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from app.core import clock
from app.core.db import transaction
from app.core.db.ids import to_public
from app.crm.operations import activities, pipeline
from app.crm.queries.speed import Span, list_arrivals, speeds
from app.crm.rules.speed import Arrival, speed_by, speed_of
from app.crm.rules.waiting import Wait
from tests.factories.inventory import SYSTEM
from tests.factories.leads import make_lead
from tests.factories.pages import error_of, recorded
from tests.fixtures.people import find_user
from tests.fixtures.programs import Program, make_key

MINUTE, PLACE = timedelta(minutes=1), UUID(int=1)


def arrival(minutes, answered=True, *, is_open=True, source="portal", assignee=None):
    return Arrival(PLACE, source, assignee, Wait(minutes * MINUTE, answered), 5 * MINUTE, is_open)


def test_without_leads_nothing_is_said():
    none = speed_of([])
    assert (none.waits.count, none.waits.median, none.waits.p90, none.share) == (0, None, None, None)


def test_a_lead_within_its_target_is_not_decided_until_it_is_answered_or_late():
    assert speed_of([arrival(3, answered=False)]).share is None
    assert speed_of([arrival(3, answered=False), arrival(5)]).share == 100
    late = speed_of([arrival(6, answered=False), arrival(5), arrival(6)])
    assert (late.within, late.decided, late.share) == (1, 3, Decimal("33.3"))
    given_up = speed_of([arrival(3, answered=False, is_open=False), arrival(1)])
    assert given_up.share == 50


def test_half_a_tenth_is_rounded_up():
    assert speed_of([arrival(1), *(arrival(9) for _ in range(15))]).share == Decimal("6.3")


def test_groups_stand_by_how_many_leads_they_have():
    found = speed_by([arrival(1, source="event"), arrival(2), arrival(3)], lambda one: one.source)
    assert [(key, one.waits.count) for key, one in found.items()] == [("portal", 2), ("event", 1)]


@pytest.fixture
def crew(stores, actor, alpha):
    """A seller's two leads, one answered at once, nobody's, and one of the other store, on a day of their own."""
    day = clock.today(alpha.timezone) - timedelta(days=200)
    span = Span(day, day)
    with_day = span.instants[0] + timedelta(hours=12)
    seller = find_user("salesperson")
    if not list_arrivals(SYSTEM, span, clock.now()):
        mine = [make_lead(stores[0], received_at=with_day, assignee_id=seller.id) for _ in range(2)]
        make_lead(stores[0], received_at=with_day, source="event")
        make_lead(stores[1], received_at=with_day)
        make_lead(stores[0], received_at=with_day, channel="phone")
        make_lead(stores[0], received_at=with_day + timedelta(days=1))
        with transaction():
            activities.log_activity(
                actor=actor(alpha, "salesperson"), customer_id=mine[0].customer_id, type="call",
                direction="outbound", outcome="no_answer", at=with_day + 2 * MINUTE,
            )  # fmt: skip
    return span, seller


def test_whose_figures_somebody_sees(crew, stores, actor, alpha):
    span, seller = crew
    now = clock.now()

    def counts(role):
        found = speeds(actor(alpha, role), span, now)
        return found.total.waits.count, dict.fromkeys(found.by_person)

    assert counts("salesperson") == (2, {seller.id: None})
    assert counts("sales_manager")[0] == 3
    assert counts("gm")[0] == counts("controller")[0] == 4
    assert counts("fi_manager") == counts("bdc_agent") == (0, {})
    assert counts("technician") == (0, {})
    other = speeds(actor(alpha, "gm"), Span(span.since, span.until, stores[1].id), now)
    assert (other.total.waits.count, list(other.by_store)) == (1, [stores[1].id])


def test_the_figures_of_the_day(crew, stores, actor, alpha):
    span, seller = crew
    found = speeds(actor(alpha, "gm"), span, clock.now())
    mine = found.by_person[seller.id]
    assert (mine.waits.answered, mine.waits.median, mine.waits.p90, mine.share) == (1, 2 * MINUTE, None, 50)
    assert (found.total.waits.median, found.total.share) == (None, 25)
    assert list(found.by_source) == ["portal", "event"]
    assert found.names[seller.id] == seller.name
    with recorded() as sent:
        speeds(actor(alpha, "gm"), span, clock.now())
    few = len(sent)
    wide = Span(span.since - timedelta(days=160), span.until + timedelta(days=200))
    with recorded() as sent:
        speeds(actor(alpha, "gm"), wide, clock.now())
    assert len(sent) == few <= 6


def test_a_lead_that_was_given_up_unanswered_was_late(crew, stores, actor, alpha):
    day = crew[0].since - timedelta(days=30)
    span = Span(day, day)
    lead = make_lead(stores[0], received_at=span.instants[0])
    with transaction():
        pipeline.lose_lead(actor=SYSTEM, lead_id=lead.id, version=lead.version, reason="duplicate")
    total = speeds(SYSTEM, span, clock.now()).total
    assert (total.waits.count, total.waits.answered, total.share) == (1, 0, 0)


def test_the_page_says_it_and_leads_to_the_leads(crew, client_for, alpha):
    span, seller = crew
    asked = f"since={span.since}&until={span.until}"
    page = client_for(alpha, "gm").get(f"/leads/speed?{asked}").text
    assert re.search(r">25(.0)? %<", page), re.findall(r".{9} %<", page)
    assert seller.name in page
    assert "your own leads" not in page
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/leads\?[^"]*assignee=usr[^"]*)"', page)]
    rows = client_for(alpha, "gm").get(links[0]).text
    assert len(set(re.findall(r'data-row="(lead_\w+)"', rows))) == 2
    own = client_for(alpha, "salesperson").get(f"/leads/speed?{asked}").text
    assert "your own leads" in own
    assert re.search(r">50(.0)? %<", own)
    assert "By person" in own
    nothing = client_for(alpha, "gm").get("/leads/speed?since=1999-01-01&until=1999-01-02").text
    assert "No lead came by itself" in nothing
    assert client_for(alpha, "technician").get("/leads/speed").status_code == 403


@pytest.mark.parametrize("asked", ["since=2026-02-02&until=2026-02-01", "since=2020-01-01&until=2026-01-01", "since=x"])
def test_a_span_that_is_none_is_refused(client_for, alpha, asked):
    answer = client_for(alpha).get(f"/leads/speed?{asked}")
    assert answer.status_code == 422
    assert error_of(answer.text, "since")


def test_programs_are_told_the_same(crew, stores, client_for, alpha):
    span, seller = crew
    program = Program(client_for(alpha, None), make_key("gm"))
    told = program.get(f"/lead-speed?since={span.since}&until={span.until}").get_json()
    assert (told["total"]["received"], told["total"]["answered"], told["total"]["decided"]) == (4, 1, 4)
    assert (told["total"]["median_seconds"], told["total"]["share_within_target"]) == (None, "25.0")
    mine = next(row for row in told["by_person"] if row["assignee_id"] == to_public("usr", seller.id))
    assert (mine["median_seconds"], mine["p90_seconds"], mine["within_target"]) == (120, None, 1)
    assert {row["assignee_id"] for row in told["by_person"]} == {None, mine["assignee_id"]}
    # A key is nobody's: without the right to take leads along it has no figures of its own either.
    own = Program(client_for(alpha, None), make_key("salesperson"))
    assert own.get(f"/lead-speed?since={span.since}&until={span.until}").get_json()["total"]["received"] == 0
    bad = program.get("/lead-speed?since=2026-02-02&until=2026-02-01")
    assert bad.status_code == 400
    nothing = program.get("/lead-speed?since=1999-01-01&until=1999-01-02").get_json()["total"]
    assert (nothing["received"], nothing["median_seconds"], nothing["share_within_target"]) == (0, None, None)
