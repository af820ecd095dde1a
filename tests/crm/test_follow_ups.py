"""Follow-ups: planned on a customer's page, due at their moment, done by one press, taken back."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.db import db, transaction
from app.core.db.ids import to_public
from app.core.errors import Invalid, PermissionDenied
from app.core.jobs.models import Outbox
from app.crm.models import FollowUp, Lead
from app.crm.operations import follow_ups
from app.notifications.models import Item
from tests.factories.inventory import SYSTEM
from tests.factories.leads import make_lead
from tests.factories.pages import error_of, post
from tests.factories.sales import make_customer
from tests.fixtures.people import find_user
from tests.fixtures.programs import Program, make_key


def plan(customer, **values):
    defaults = {"actor": SYSTEM, "kind": "call", "due_at": clock.now() + timedelta(hours=1)}
    with transaction():
        return follow_ups.plan_follow_up(customer_id=customer.id, **{**defaults, **values})


def told(step):
    query = select(Item.user_id).where(Item.subject_id == step.id, Item.done_at.is_(None))
    return set(db.session.scalars(query))


def owed(step):
    rows = db.session.scalars(select(Outbox).where(Outbox.task == follow_ups.REMIND))
    return [row for row in rows if row.payload["follow_up"] == str(step.id)]


def test_whose_step_it_is_is_told_when_it_is_due(stores, actor, alpha):
    seller = actor(alpha, "salesperson")
    step = plan(make_customer(stores[0]), actor=seller)
    [row] = owed(step)
    assert row.available_at == step.due_at
    with transaction():
        follow_ups.remind_of_follow_up(row.payload)
    assert told(step) == {seller.user_id}
    with transaction():
        follow_ups.finish_follow_up(actor=seller, follow_up_id=step.id, outcome="Comes on Friday")
    assert told(step) == set()
    with transaction():
        follow_ups.remind_of_follow_up(row.payload)
    assert told(step) == set()


def test_a_step_that_was_put_off_reminds_at_its_new_moment_alone(stores, actor, alpha):
    seller = actor(alpha, "salesperson")
    step = plan(make_customer(stores[0]), actor=seller)
    [first] = owed(step)
    later = step.due_at + timedelta(days=1)
    with transaction():
        follow_ups.edit_follow_up(
            actor=seller, follow_up_id=step.id, version=step.version, kind="call", due_at=later,
            assignee_id=seller.user_id,
        )  # fmt: skip
    assert {row.available_at for row in owed(step)} == {first.available_at, later}
    with transaction():
        follow_ups.remind_of_follow_up(first.payload)
    assert told(step) == set()


def test_an_appointment_over_a_lead_sets_its_clock(stores):
    lead = make_lead(stores[0], channel="phone")
    with transaction():
        follow_ups.plan_follow_up(
            actor=SYSTEM, customer_id=lead.customer_id, lead_id=lead.id, kind="appointment",
            due_at=clock.now() + timedelta(days=1),
        )  # fmt: skip
    found = db.session.get(Lead, lead.id, populate_existing=True)
    assert (found.status, found.first_appointment_at is None) == ("appointment_set", False)
    with pytest.raises(Invalid):
        plan(make_customer(stores[0], "Somebody Else"), lead_id=lead.id)


def test_only_ones_own_steps_are_changed_by_a_salesperson(stores, actor, alpha):
    step = plan(make_customer(stores[0]), assignee_id=find_user("bdc_agent").id)
    with pytest.raises(PermissionDenied), transaction():
        follow_ups.finish_follow_up(actor=actor(alpha, "salesperson"), follow_up_id=step.id)


def test_planned_and_done_on_the_customers_page(client_for, alpha, stores):
    client, customer = client_for(alpha, "sales_manager"), make_customer(stores[0], "Nia Next")
    page = f"/customers/{to_public('cus', customer.id)}"
    refused = post(client, f"{page}/follow-ups", kind="call", due_at="")
    assert refused.status_code == 422
    assert error_of(refused.text, "due_at")
    planned = post(client, f"{page}/follow-ups", kind="call", due_at="2026-01-05T09:30", note="Trade-in")
    assert planned.status_code == 303
    step = db.session.scalars(select(FollowUp).where(FollowUp.customer_id == customer.id)).one()
    assert step.due_at.isoformat() == "2026-01-05T14:30:00+00:00"
    key = to_public("fup", step.id)
    assert "Trade-in" in client.get(page).text
    assert key in client.get("/follow-ups?view=due&limit=200").text
    done = post(client, f"/follow-ups/{key}/done", version=step.version)
    assert done.location == page
    after = client.get(page).text
    assert "Trade-in" not in after
    post(client, re.search(r"/undo/undo_\w+", after)[0])
    assert "Trade-in" in client.get(page).text
    assert post(client, f"/follow-ups/{key}/delete").status_code == 303
    assert db.session.get(FollowUp, step.id, populate_existing=True) is None


def test_over_the_api(client_for, alpha, stores):
    program = Program(client_for(alpha, None), make_key("tenant_admin"))
    customer = to_public("cus", make_customer(stores[0]).id)
    body = {"customer_id": customer, "kind": "papers", "due_at": "2026-12-01T15:00:00Z"}
    made = program.post("/follow-ups", body)
    assert made.status_code == 201
    path = f"/follow-ups/{made.get_json()['id']}"
    tag = program.get(path).headers["ETag"]
    assert program.patch(path, {"note": "Bring both keys"}, tag).get_json()["note"] == "Bring both keys"
    done = program.post(f"{path}/done", {"outcome": "Brought"}).get_json()
    assert (done["done_at"] is None, done["outcome"]) == (False, "Brought")
