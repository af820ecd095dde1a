"""Activities that come in together: as if logged one by one, and all of them or none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core import clock
from app.core.db import db, transaction
from app.core.errors import NotFound, PermissionDenied
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import Actor, system_actor
from app.crm.errors import ActivityInFuture
from app.crm.models import Activity, ActivitySummary
from app.crm.operations import activities, customers
from app.crm.operations.activities import PastActivity
from app.insights.operations import metrics
from app.insights.rules import MetricName
from app.tenants.models import Store

SYSTEM = system_actor("test")


@pytest.fixture
def customer_id(in_alpha):
    with transaction():
        store_id = db.session.scalars(select(Store.id).order_by(Store.code)).first()
        return customers.create_customer(actor=SYSTEM, kind="individual", store_id=store_id, name="Quinn Quillowen").id


def past(*days):
    now = clock.now()
    return [PastActivity("call", now - timedelta(days=day), None, "outbound", body=f"{day} days ago") for day in days]


def count(customer_id):
    return db.session.scalar(select(func.count()).where(Activity.customer_id == customer_id))


def test_each_is_stored_audited_and_counted(customer_id):
    with transaction():
        ids = activities.log_history(actor=SYSTEM, customer_id=customer_id, entries=past(10, 4, 1))
    audited = select(func.count()).where(AuditEntry.record_id.in_(ids), AuditEntry.action == "activity.create")
    assert count(customer_id) == len(set(ids)) == db.session.scalar(audited) == 3
    with transaction():
        while metrics.refresh_metric(MetricName.CUSTOMER_ACTIVITY):
            pass
    summary = db.session.scalars(select(ActivitySummary).where(ActivitySummary.customer_id == customer_id)).one()
    assert summary.gap_index == timedelta(days=3).total_seconds() / 3


def test_one_in_the_future_refuses_all(customer_id):
    with pytest.raises(ActivityInFuture), transaction():
        activities.log_history(actor=SYSTEM, customer_id=customer_id, entries=past(3, -1))
    assert count(customer_id) == 0


def test_nothing_is_logged_for_nobody_and_by_nobody(customer_id, in_alpha, actor):
    reader = actor(in_alpha, "technician")
    assert isinstance(reader, Actor)
    with pytest.raises((NotFound, PermissionDenied)), transaction():
        activities.log_history(actor=reader, customer_id=customer_id, entries=past(1))
    with transaction():
        assert activities.log_history(actor=SYSTEM, customer_id=customer_id, entries=[]) == []
