"""Leads: taken in, answered, handed on, moved, lost and won, and what that does to their clocks and to inboxes."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.db import db, transaction
from app.core.errors import Invalid, PermissionDenied, Stale
from app.core.guard import audit
from app.core.jobs.models import Outbox
from app.crm.errors import (
    LeadIsEnded,
    LeadMoveNotAllowed,
    LeadNeedsPerson,
    LeadNotAttempted,
    LeadReferredTo,
    LeadTaken,
    NobodyInTurn,
)
from app.crm.models import Lead, Rotation
from app.crm.operations import activities, handing, leads, pipeline
from app.crm.queries.leads import list_waits
from app.crm.rules.waiting import summarise
from app.notifications.models import Item
from app.notifications.operations.telling import fan_out
from app.sales.operations import delivery
from tests.factories.inventory import SYSTEM, make_unit
from tests.factories.leads import make_lead, set_rules
from tests.factories.sales import make_customer, make_deal
from tests.fixtures.people import find_user


def reload(lead):
    return db.session.get(Lead, lead.id, populate_existing=True)


def log(actor, lead, type="call", **values):
    with transaction():
        activities.log_activity(actor=actor, customer_id=lead.customer_id, type=type, **values)
    return reload(lead)


def owed(task, lead):
    rows = db.session.scalars(select(Outbox).where(Outbox.task == task))
    return [row for row in rows if row.payload["lead"] == str(lead.id)]


def told(lead, topic):
    query = select(Item.user_id).where(Item.subject_id == lead.id, Item.topic == topic, Item.done_at.is_(None))
    return set(db.session.scalars(query))


def test_a_web_lead_waits_until_a_person_tries(stores, actor, alpha):
    seller = actor(alpha, "salesperson")
    replied = clock.now() - timedelta(minutes=3)
    lead = make_lead(stores[0], received_at=clock.now() - timedelta(minutes=4), first_auto_reply_at=replied)
    assert (lead.status, lead.first_attempt_at, lead.first_auto_reply_at) == ("new", None, replied)
    lead = log(SYSTEM, lead, "message", direction="outbound")
    assert lead.first_attempt_at is None, "an automaton's message is no answer"
    lead = log(seller, lead, outcome="no_answer", direction="outbound")
    first = lead.first_attempt_at
    assert first is not None
    assert (lead.status, lead.first_contact_at) == ("new", None)
    lead = log(seller, lead, outcome="reached")
    assert (lead.status, lead.first_attempt_at) == ("contacted", first)
    assert lead.first_contact_at is not None
    assert log(seller, lead, "visit").status == "visited"


def test_who_calls_or_walks_in_is_answered_by_that(stores):
    for channel, status in (("phone", "contacted"), ("walk_in", "visited")):
        lead = make_lead(stores[0], channel=channel)
        assert (lead.status, lead.first_attempt_at, lead.first_contact_at) == (
            status, lead.received_at, lead.received_at,
        )  # fmt: skip
        assert owed(handing.REMIND, lead) == []


def test_taking_an_answer_back_starts_the_clock_again(stores, actor, alpha):
    lead = make_lead(stores[0], received_at=clock.now() - timedelta(minutes=4))
    with transaction():
        made = activities.log_activity(actor=actor(alpha, "salesperson"), customer_id=lead.customer_id, type="call")
    assert reload(lead).first_attempt_at is not None
    with transaction():
        activities.delete_activity(actor=SYSTEM, activity_id=made.id)
    assert reload(lead).first_attempt_at is None


def test_nothing_moves_before_an_attempt(stores, actor, alpha):
    manager = actor(alpha, "sales_manager")
    lead = make_lead(stores[0])
    with pytest.raises(LeadNotAttempted), transaction():
        pipeline.move_lead(actor=manager, lead_id=lead.id, version=lead.version, status="negotiating")
    lead = log(manager, lead, outcome="reached")
    with transaction():
        pipeline.move_lead(actor=manager, lead_id=lead.id, version=lead.version, status="appointment_set")
    lead = reload(lead)
    assert lead.status == "appointment_set"
    assert lead.first_appointment_at is not None
    for status in ("new", "won", "lost"):
        with pytest.raises(LeadMoveNotAllowed), transaction():
            pipeline.move_lead(actor=manager, lead_id=lead.id, version=lead.version, status=status)
    with pytest.raises(Stale), transaction():
        pipeline.move_lead(actor=manager, lead_id=lead.id, version=1, status="visited")


def test_two_take_one_lead_and_the_second_is_told_who_was_first(stores, actor, alpha):
    seller, agent = actor(alpha, "salesperson"), actor(alpha, "bdc_agent")
    lead = make_lead(stores[0])
    with transaction():
        pipeline.take_lead(actor=seller, lead_id=lead.id)
    assert reload(lead).assignee_id == seller.user_id
    with pytest.raises(LeadNeedsPerson), transaction():
        pipeline.take_lead(actor=SYSTEM, lead_id=lead.id)
    other = make_lead(stores[0], assignee_id=agent.user_id)
    with pytest.raises(LeadTaken) as refusal, transaction():
        pipeline.take_lead(actor=seller, lead_id=other.id)
    assert refusal.value.params["name"] == agent.name


def test_a_lost_lead_has_a_reason_and_may_come_back(stores, actor, alpha):
    manager = actor(alpha, "sales_manager")
    lead = log(manager, make_lead(stores[0]))
    with transaction():
        pipeline.lose_lead(actor=manager, lead_id=lead.id, version=lead.version, reason="price", note="Too dear")
    lead = reload(lead)
    assert (lead.status, lead.lost_reason, lead.ended_at is None) == ("lost", "price", False)
    with pytest.raises(LeadIsEnded), transaction():
        pipeline.take_lead(actor=manager, lead_id=lead.id)
    with transaction():
        pipeline.move_lead(actor=manager, lead_id=lead.id, version=lead.version, status="contacted")
    lead = reload(lead)
    assert (lead.status, lead.lost_reason, lead.lost_note, lead.ended_at) == ("contacted", None, "", None)
    actions = [line.action for line in audit.list_history(manager, "lead", lead.id, 20)]
    assert actions[:2] == ["lead.move", "lead.lose"]


def test_a_delivered_deal_wins_its_lead_and_an_unwound_one_gives_it_back(stores, actor, alpha):
    seller = actor(alpha, "salesperson")
    unit = make_unit(stores[0])
    lead = make_lead(stores[0], stock_unit_id=unit.id)
    assert lead.vehicle_id == unit.vehicle_id
    deal = make_deal(stores[0], unit, lead_id=lead.id)
    assert (deal.customer_id, reload(lead).status) == (lead.customer_id, "negotiating")
    with pytest.raises(LeadReferredTo), transaction():
        leads.delete_lead(actor=SYSTEM, lead_id=lead.id)
    with transaction():
        delivery.deliver_deal(actor=SYSTEM, deal_id=deal.id, version=None)
    assert (reload(lead).status, reload(lead).ended_at is None) == ("won", False)
    with transaction():
        delivery.unwind_deal(actor=SYSTEM, deal_id=deal.id, version=None, reason="Financing fell through")
    assert (reload(lead).status, reload(lead).ended_at) == ("negotiating", None)
    with pytest.raises(Invalid):
        make_deal(stores[0], lead_id=lead.id, customer_id=make_customer(stores[0], "Somebody Else").id)
    assert seller.user_id is not None


def test_nobody_answers_in_time_and_those_who_can_help_are_told(stores, actor, alpha):
    seller, manager = find_user("salesperson"), find_user("sales_manager")
    set_rules(stores[0], target_minutes=7)
    lead = make_lead(stores[0], assignee_id=seller.id)
    assert told(lead, "lead.assigned") == {seller.id}
    [row] = owed(handing.REMIND, lead)
    assert row.available_at == lead.received_at + timedelta(minutes=7)
    with transaction():
        pipeline.remind_of_lead(row.payload)
    for step in db.session.scalars(select(Outbox).where(Outbox.task == "notifications.fan_out")).all():
        if step.payload["subject"] == str(lead.id):
            with transaction():
                fan_out(step.payload)
    assert {seller.id, manager.id} <= told(lead, "lead.unanswered")
    assert find_user("technician").id not in told(lead, "lead.unanswered")
    log(actor(alpha, "salesperson"), lead)
    assert told(lead, "lead.unanswered") == told(lead, "lead.assigned") == set()
    with transaction():
        pipeline.remind_of_lead(row.payload)
    assert told(lead, "lead.unanswered") == set()


def test_a_lead_nobody_answers_goes_to_the_next_in_turn(stores, actor, alpha):
    seller, agent = find_user("salesperson"), find_user("bdc_agent")
    set_rules(stores[0], reassign_minutes=10, member_ids=[seller.id, agent.id])
    lead = make_lead(stores[0])
    first = lead.assignee_id
    assert first in (seller.id, agent.id)
    [row] = owed(handing.HAND_ON, lead)
    assert row.available_at == lead.assigned_at + timedelta(minutes=10)
    with transaction():
        pipeline.hand_lead_on(row.payload)
    second = reload(lead).assignee_id
    assert {first, second} == {seller.id, agent.id}
    with transaction():
        pipeline.hand_lead_on(row.payload)
    assert reload(lead).assignee_id == second, "the look of the first assignment is over"
    log(actor(alpha, "salesperson"), lead)
    late = max(owed(handing.HAND_ON, lead), key=lambda item: item.available_at)
    with transaction():
        pipeline.hand_lead_on(late.payload)
    assert reload(lead).assignee_id == second, "an answered lead stays"
    set_rules(stores[0])


def test_who_is_away_or_has_enough_is_passed_by(stores):
    seller, agent = find_user("salesperson"), find_user("bdc_agent")
    set_rules(stores[0], member_ids=[seller.id, agent.id], away_ids=[seller.id])
    assert {make_lead(stores[0]).assignee_id for _ in range(3)} == {agent.id}
    open_ones = len(db.session.scalars(select(Lead.id).where(
        Lead.assignee_id == agent.id, Lead.store_id == stores[0].id, Lead.ended_at.is_(None))).all())  # fmt: skip
    set_rules(stores[0], member_ids=[agent.id], most_open=open_ones + 1)
    assert make_lead(stores[0]).assignee_id == agent.id
    full = make_lead(stores[0])
    assert full.assignee_id is None
    with pytest.raises(NobodyInTurn), transaction():
        pipeline.assign_lead(actor=SYSTEM, lead_id=full.id, version=full.version, assignee_id=None)
    set_rules(stores[0])
    assert db.session.scalars(select(Rotation).where(Rotation.store_id == stores[0].id)).all() == []


def test_only_who_may_gives_leads_to_others(stores, actor, alpha):
    seller, cashier = actor(alpha, "salesperson"), actor(alpha, "cashier")
    lead = make_lead(stores[0])
    with pytest.raises(PermissionDenied), transaction():
        pipeline.assign_lead(
            actor=seller, lead_id=lead.id, version=lead.version, assignee_id=find_user("bdc_agent").id
        )
    with pytest.raises(Exception, match="not_found"), transaction():
        pipeline.take_lead(actor=cashier, lead_id=lead.id)
    with pytest.raises(PermissionDenied), transaction():
        pipeline.lose_lead(actor=seller, lead_id=lead.id, version=lead.version, reason="other")


def test_figures_of_waits_count_who_still_waits(stores, actor, alpha):
    manager = actor(alpha, "sales_manager")
    # No other test's lead came as late as these.
    since = clock.now() + timedelta(minutes=1)
    quick, slow = (make_lead(stores[0], received_at=since) for _ in range(2))
    log(actor(alpha, "salesperson"), quick, at=since)
    now = clock.now() + timedelta(minutes=30)
    waits = list_waits(manager, since, now, stores[0].id)
    assert sorted(wait.ended for wait in waits) == [False, True]
    assert {wait.lasted for wait in waits} == {timedelta(0), now - slow.received_at}
    assert summarise(waits).p90 is None
