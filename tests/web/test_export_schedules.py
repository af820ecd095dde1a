"""Views that leave on a schedule: fired once, for each recipient under his rights and the owner's of that moment."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from app.core import clock
from app.core.db import db, tenant, transaction
from app.core.db.ids import to_public
from app.core.errors import Invalid, PermissionDenied, Stale
from app.core.guard.models import AuditEntry
from app.core.lists.exports import schedules, tending
from app.core.lists.exports.models import Export, ExportSchedule
from app.core.lists.exports.schedules import Plan
from app.tenants.models import Grant, Membership, Role, Store
from app.tenants.queries.recipients import locale_of
from app.tenants.queries.sessions import get_actor
from tests.factories.sales import make_customer
from tests.fixtures import exporting as x
from tests.fixtures.importing import work_off


@pytest.fixture(scope="module", autouse=True)
def rows(app, alpha):
    """A customer at each store; people see the names in their files."""
    x.set_rules(app, alpha, personal="seen")
    with app.app_context(), tenant(alpha.id):
        for store in db.session.scalars(select(Store).order_by(Store.code)).all():
            make_customer(store, f"Scheduled {store.code}")


@pytest.fixture
def planned(app, alpha):
    """Sets a schedule of the administrator's for some roles, due now; its id."""

    def plan(*roles, **changes):
        with app.app_context(), tenant(alpha.id), transaction():
            users = [x.people.find_user(role).id for role in roles]
            plan = {"list_name": "customers", "view_key": "all", "format": "csv", "purpose": "Every week",
                    "recipients": users, "every": "week", "day": 0, "hour": 6, **changes}  # fmt: skip
            row = schedules.create_schedule(x.actor_of("tenant_admin"), Plan(**plan))
            assert row.next_at > clock.now()
            row.next_at = clock.now()
            return row.id

    yield plan
    with app.app_context(), tenant(alpha.id), transaction():
        db.session.execute(delete(ExportSchedule))


def fire(app, of):
    with app.app_context(), tenant(of.id), transaction():
        tending.tend_exports(get_actor, locale_of)
    work_off(app, of, queue="exports")


def made_by(app, of, schedule_id):
    """Role -> names in the file its user got."""
    with app.app_context(), tenant(of.id):
        found = db.session.execute(
            select(Export.id, Export.state, Role.key)
            .join(Membership, Membership.user_id == Export.created_by)
            .join(Role, Role.id == Membership.role_id)
            .where(Export.schedule_id == schedule_id)
        ).all()
    assert {row.state for row in found} <= {"ready"}
    return {row.key: {line["Name"] for line in x.rows_of(x.taken(app, of, row.key, row.id))} for row in found}


def test_each_gets_what_he_may_see_and_only_once(app, alpha, planned):
    schedule_id = planned("tenant_admin", "gm", "sales_manager", "salesperson")
    fire(app, alpha)
    fire(app, alpha)
    files = made_by(app, alpha, schedule_id)
    # The salesperson may export nothing; the sales manager has one store, the others all.
    assert files.keys() == {"tenant_admin", "gm", "sales_manager"}
    assert sum(name.startswith("Scheduled") for name in files["gm"]) == 2
    assert sum(name.startswith("Scheduled") for name in files["sales_manager"]) == 1
    with app.app_context(), tenant(alpha.id):
        row = db.session.get_one(ExportSchedule, schedule_id)
        assert row.stopped is None
        assert clock.now() < row.next_at <= clock.now() + timedelta(days=8)
        told = db.session.scalars(select(AuditEntry.action).where(AuditEntry.record_id == schedule_id)).all()
        assert sorted(told) == ["schedule.create", "schedule.skip"]


def test_nobody_gets_more_than_whoever_set_it_up(app, alpha, planned):
    schedule_id = planned("gm")
    with app.app_context(), tenant(alpha.id), transaction():
        owner = x.people.find_user("sales_manager")
        role = select(Role.id).where(Role.key == "sales_manager").scalar_subquery()
        db.session.add(Grant(role_id=db.session.scalar(select(role)), permission="export.edit", scope="all"))
        db.session.get_one(ExportSchedule, schedule_id).owner_id = owner.id
    fire(app, alpha)
    assert sum(name.startswith("Scheduled") for name in made_by(app, alpha, schedule_id)["gm"]) == 1
    with app.app_context(), tenant(alpha.id), transaction():
        db.session.execute(delete(Grant).where(Grant.permission == "export.edit", Grant.role_id == role))
        db.session.execute(update(ExportSchedule).values(next_at=clock.now()))
    fire(app, alpha)
    with app.app_context(), tenant(alpha.id):
        row = db.session.get_one(ExportSchedule, schedule_id)
        assert (row.stopped, row.next_at) == ("rights_changed", None)
        count = db.session.scalars(select(Export.id).where(Export.schedule_id == schedule_id)).all()
        assert len(count) == 1


def test_a_view_that_is_gone_stops_it_until_somebody_sets_it_again(app, alpha, planned):
    schedule_id = planned("gm")
    with app.app_context(), tenant(alpha.id), transaction():
        db.session.execute(update(ExportSchedule).values(view_key="no_such_view"))
    fire(app, alpha)
    with app.app_context(), tenant(alpha.id), transaction():
        actor, row = x.actor_of("tenant_admin"), db.session.get_one(ExportSchedule, schedule_id)
        assert row.stopped == "view_gone"
        plan = Plan("customers", "mine", "csv", "Again", [x.people.find_user("gm").id], "month", 28, 0)
        with pytest.raises(Stale):
            schedules.change_schedule(actor, row, plan, version=row.version + 1)
        schedules.change_schedule(actor, row, plan, version=row.version)
        assert row.stopped is None
        assert row.next_at is not None


def test_what_cannot_be_planned_is_refused(app, alpha, planned):
    for wrong in (
        {"list_name": "nothing"}, {"view_key": "nothing"}, {"format": "pdf"}, {"purpose": " "}, {"recipients": []},
        {"every": "year"}, {"day": 7}, {"hour": 24}, {"every": "month", "day": 29}, {"list_name": "jobs"},
    ):  # fmt: skip
        with pytest.raises(Invalid):
            planned("gm", **wrong)
    with app.app_context(), tenant(alpha.id), pytest.raises(PermissionDenied), transaction():
        schedules.create_schedule(x.actor_of("gm"), Plan("customers", "all", "csv", "Why", [], "day", 0, 6))


def test_rules_and_schedules_are_set_on_pages(app, alpha, client_for):
    client = client_for(alpha)
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/exports/rules").text)[1]
    version = re.search(r'name="version" value="(\d+)"', client.get("/exports/rules").text)[1]
    rules = {"csrf_token": token, "version": version, "rows_a_day": "5,000", "kept_hours": "72",
             "rule_personal": "pseudonym"}  # fmt: skip
    assert client.post("/exports/rules", data={**rules, "rows_a_day": "many"}).status_code == 422
    assert client.post("/exports/rules", data={**rules, "rule_cost": "masked"}).status_code == 422
    assert client.post("/exports/rules", data=rules).status_code == 303
    assert client.post("/exports/rules", data=rules).status_code == 409
    assert 'value="pseudonym" selected' in client.get("/exports/rules").text
    with app.app_context(), tenant(alpha.id):
        user = to_public("usr", x.people.find_user("gm").id)
    sent = {"csrf_token": token, "view": "customers/all", "format": "xlsx", "purpose": "Every week", "every": "week",
            "weekday": "2", "monthday": "1", "hour": "7", "recipients": [user]}  # fmt: skip
    assert client.post("/exports/schedules", data={**sent, "recipients": []}).status_code == 422
    assert client.post("/exports/schedules", data=sent).status_code == 303
    page = client.get("/exports/schedules").text
    assert "Wednesday, 07:00" in page
    public = re.search(r"sched_\w+", page)[0]
    assert "checked" in client.get(f"/exports/schedules/{public}").text
    assert client.post(f"/exports/schedules/{public}", data={**sent, "version": "1", "every": "day"}).status_code == 303
    assert "Every day, 07:00" in client.get("/exports/schedules").text
    assert client.post(f"/exports/schedules/{public}/delete", data={"csrf_token": token}).status_code == 303
    assert public not in client.get("/exports/schedules").text
    for path in ("/exports/rules", "/exports/schedules", "/exports/schedules/new"):
        assert client_for(alpha, "gm").get(path).status_code == 403
