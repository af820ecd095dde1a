"""The activity metric in the database: incremental equals full equals formula, whatever happens in whatever order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update

from app.core.db import db, transaction
from app.core.guard.permissions import system_actor
from app.crm import queries
from app.crm.models import ActivitySummary
from app.crm.operations import activities, customers, summaries
from app.crm.rules.customers import gap_index_of
from app.insights.models import Due, Freshness
from app.insights.operations import dues, metrics
from app.insights.rules import MetricName
from app.tenants.models import Store

SYSTEM = system_actor("test")
START = datetime(2025, 3, 1, 8, tzinfo=UTC)
METRIC = MetricName.CUSTOMER_ACTIVITY
# Few distinct times, so that ties happen; microseconds, so that the quotient rarely is a round number.
TIMES = st.integers(0, 40).map(lambda n: START + timedelta(hours=n * 7, microseconds=n * n))
PICK = st.integers(0, 50)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("log"), PICK, TIMES),
        st.tuples(st.just("edit"), PICK, TIMES),
        st.tuples(st.just("delete"), PICK, TIMES),
        st.tuples(st.just("refresh"), PICK, TIMES),
        st.tuples(st.just("repeat"), PICK, TIMES),
    ),
    max_size=25,
)


@pytest.fixture
def people(in_alpha):
    """Three customers without any activity."""
    store = db.session.scalars(select(Store.id)).first()
    with transaction():
        return [
            customers.create_customer(actor=SYSTEM, kind="individual", store_id=store, name=f"Person {n}").id
            for n in range(3)
        ]


def stored(customer_ids=None):
    query = select(
        ActivitySummary.customer_id,
        ActivitySummary.activities,
        ActivitySummary.last_at,
        ActivitySummary.previous_at,
        ActivitySummary.gap_index,
    )
    rows = db.session.execute(query).all()
    return {row[0]: tuple(row[1:]) for row in rows if customer_ids is None or row[0] in customer_ids}


def refresh():
    with transaction():
        metrics.refresh_metrics()


def log(customer_id, at, **values):
    with transaction():
        return activities.log_activity(actor=SYSTEM, customer_id=customer_id, type="call", at=at, **values).id


def take_back(activity_id):
    with transaction():
        activities.delete_activity(actor=SYSTEM, activity_id=activity_id)


def correct(activity_id, at):
    with transaction():
        version = queries.get_activity(SYSTEM, activity_id).version
        activities.edit_activity(actor=SYSTEM, activity_id=activity_id, version=version, type="visit", at=at)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_incremental_equals_full_equals_formula(people, steps):
    logged = {}
    for kind, pick, at in steps:
        chosen = sorted(logged)[pick % len(logged)] if logged else None
        if kind == "log":
            customer_id = people[pick % len(people)]
            logged[log(customer_id, at)] = (customer_id, at)
        elif kind == "edit" and chosen:
            correct(chosen, at)
            logged[chosen] = (logged[chosen][0], at)
        elif kind == "delete" and chosen:
            take_back(chosen)
            del logged[chosen]
        elif kind == "refresh":
            refresh()
        elif kind == "repeat":
            # The same note twice is one change.
            with transaction():
                dues.note(METRIC, [people[pick % len(people)]] * 2)
    refresh()
    incremental = stored()
    for customer_id in people:
        times = [at for owner, at in logged.values() if owner == customer_id]
        found = incremental.get(customer_id)
        assert (found[0], found[3]) == (len(times), gap_index_of(times)) if times else found is None
    with transaction():
        assert metrics.recompute_metric(METRIC) == 0
    assert stored() == incremental
    for activity_id in logged:
        take_back(activity_id)


def test_full_recompute_repairs_whatever_is_stored(people):
    first, second, third = people
    for customer_id, hours in ((first, 5), (first, 9), (second, 2)):
        log(customer_id, START + timedelta(hours=hours))
    refresh()
    right = stored(people)
    assert set(right) == {first, second}
    with transaction():
        db.session.execute(update(ActivitySummary).where(ActivitySummary.customer_id == first).values(activities=99))
        db.session.execute(delete(ActivitySummary).where(ActivitySummary.customer_id == second))
        db.session.execute(insert(ActivitySummary).values(customer_id=third, activities=1, last_at=START))
    with transaction():
        assert metrics.recompute_metric(METRIC) == 3
    assert stored(people) == right
    assert db.session.get(Freshness, METRIC.value).corrected == 3


def test_full_recompute_writes_only_what_differs(people):
    log(people[0], START)
    log(people[0], START + timedelta(days=1))
    refresh()
    versions = text("SELECT ctid::text FROM crm_activity_summaries ORDER BY customer_id")
    before = db.session.execute(versions).all()
    with transaction():
        assert summaries.recompute_summaries() == 0
    assert db.session.execute(versions).all() == before


def test_change_is_noted_in_its_own_transaction_and_taken_in_once(people):
    with pytest.raises(RuntimeError), transaction():
        activities.log_activity(actor=SYSTEM, customer_id=people[0], type="call", at=START)
        raise RuntimeError
    assert db.session.scalars(select(Due.id).where(Due.subject_id == people[0])).all() == []
    log(people[0], START)
    log(people[0], START)
    assert len(db.session.scalars(select(Due.id).where(Due.subject_id == people[0])).all()) == 2
    refresh()
    assert db.session.scalars(select(Due.id)).all() == []
    assert stored(people)[people[0]][0] == 2


def test_many_changes_are_taken_in_by_several_tasks(people, monkeypatch):
    monkeypatch.setattr(dues, "BATCH", 1)
    for customer_id in people:
        log(customer_id, START)
    owed = text("SELECT count(*) FROM core_outbox WHERE task = 'insights.refresh_metrics'")
    before = db.session.scalar(owed)
    refresh()
    assert len(stored(people)) == 1
    # The rest is owed again; the row that stood for the changes may still stand for it.
    assert db.session.scalar(owed) >= before > 0
    refresh()
    refresh()
    assert len(stored(people)) == 3


def test_deleting_a_customer_takes_the_summary_along(people):
    activity_id = log(people[0], START)
    refresh()
    take_back(activity_id)
    with transaction():
        customers.delete_customer(actor=SYSTEM, customer_id=people[0])
    assert people[0] not in stored()
    refresh()
    assert people[0] not in stored()
