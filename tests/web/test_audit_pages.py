"""The audit as pages: found by person, record, action and day; values as far as the reader's rights go."""

import re

import pytest
from sqlalchemy import select

from app.core.db import db, tenant, transaction
from app.core.db.ids import to_public
from app.core.guard import audit
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import Actor, system_actor
from app.crm.operations import contacts
from app.tenants.models import Store
from app.web.audit_list import LEAVING
from app.web.audit_words import ACTIONS, RECORDS
from tests.factories.sales import make_customer
from tests.fixtures import people
from tests.fixtures.browsing import token_of
from tests.fixtures.recorded import Source

PHONE = "+8618049531999"


@pytest.fixture(scope="module")
def customer(app, alpha):
    """A customer who was given a phone number by the system."""
    with app.app_context(), tenant(alpha.id):
        store = db.session.scalars(select(Store).order_by(Store.code)).first()
        made = make_customer(store, "Audited Customer")
        with transaction():
            contacts.add_contact_point(actor=system_actor("test"), customer_id=made.id, kind="phone", value=PHONE)
        return made.id


def newest(of, action):
    with tenant(of.id):
        query = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id.desc()).limit(1)
        return db.session.scalars(query).one()


def test_all_entries_about_a_record_are_found(alpha, client_for, customer):
    page = client_for(alpha).get(f"/audit?record={to_public('cus', customer)}")
    assert page.status_code == 200
    rows = re.findall(r"/audit/aud_\w+", page.text)
    assert len(set(rows)) == 2
    assert client_for(alpha).get("/audit?record=cus_nonsense").status_code == 200


def test_a_record_leads_to_its_entries(alpha, client_for, customer):
    public = to_public("cus", customer)
    assert f"/audit?record={public}" in client_for(alpha).get(f"/customers/{public}").text
    assert "/audit?record=" not in client_for(alpha, "salesperson").get(f"/customers/{public}").text


def test_entries_are_found_by_person_action_and_type(app, alpha, client_for, customer):
    client = client_for(alpha)
    for asked in ("type=customer", "action=customer.add_contact", "person=me", "at=today", "view=access", "sort=at"):
        assert client.get(f"/audit?{asked}").status_code == 200
    found = client.get("/audit?action=customer.add_contact").text
    assert "Contact added" in found
    assert "Customer added</" not in re.sub(r"(?s)<form.*?</form>", "", found)


def test_before_and_after_are_shown_as_far_as_the_reader_may_see(app, alpha, client_for, customer):
    with app.app_context():
        entry = to_public("aud", newest(alpha, "customer.add_contact").id)
    admin = client_for(alpha).get(f"/audit/{entry}").text
    assert PHONE[1:] in admin
    assert "All entries about it" in admin
    masked = client_for(alpha, "gm").get(f"/audit/{entry}")
    with app.app_context(), tenant(alpha.id):
        sees = audit.get_entry(people.actor_of("gm"), newest(alpha, "customer.add_contact").id)
    assert (PHONE[1:] in masked.text) is (PHONE in str(sees.changes))


def test_who_may_not_see_a_value_gets_stars_and_is_told(app, alpha, customer):
    with app.app_context(), tenant(alpha.id):
        entry = newest(alpha, "customer.add_contact")
        reader = Actor(user_id=None, name="x", grants={"audit.see": "all"}, sights={"contact": "masked"})
        seen = audit.get_entry(reader, entry.id)
        assert PHONE not in str(seen.changes)
        assert seen.closed


def test_less_than_the_right_over_all_shows_ones_own(app, alpha, client_for, customer):
    with app.app_context(), tenant(alpha.id):
        mine = people.find_user("salesperson")
        reader = Actor(user_id=mine.id, name=mine.name, grants={"audit.see": "own"})
        with transaction():
            own = audit.record(reader, "audit_test.own", "customer", customer)
        assert audit.get_entry(reader, own).entry.id == own
        seen = db.session.scalars(select(AuditEntry.actor_id).where(audit.visible_to(reader))).all()
        assert set(seen) == {mine.id}


def test_nobody_without_the_right_reads_it(alpha, client_for):
    assert client_for(alpha, "salesperson").get("/audit").status_code == 403


def test_what_was_denied_is_recorded_once_an_hour(app, alpha, client_for):
    client = client_for(alpha, "lot_staff")
    for _ in range(3):
        assert client.get("/audit").status_code == 403
    assert client.get("/roles").status_code == 403
    with app.app_context(), tenant(alpha.id):
        user = people.find_user("lot_staff")
        query = select(AuditEntry).where(AuditEntry.action == "access.deny", AuditEntry.actor_id == user.id)
        found = {entry.changes["permission"][1]: entry for entry in db.session.scalars(query)}
        count = len(db.session.scalars(query).all())
    assert set(found) == {"audit.see", "role.see"}
    assert count == 2
    entry = found["audit.see"]
    assert (entry.changes["place"], entry.origin, entry.record_id) == ([None, "GET /audit"], "127.0.0.0/24", user.id)


def test_signing_in_is_recorded_whether_it_succeeds_or_not(app, alpha, client_for):
    client = client_for(alpha, None)
    email = people.email("salesperson")
    data = {"email": email, "password": "wrong", "next": "/", "csrf_token": token_of(client, "/sign-in")}
    assert client.post("/sign-in", data=data, headers={"User-Agent": "Firefox/130 (Windows NT)"}).status_code >= 400
    data |= {"email": "nobody@example.com"}
    assert client.post("/sign-in", data=data).status_code >= 400
    with app.app_context(), tenant(alpha.id):
        query = select(AuditEntry).where(AuditEntry.action == "session.refuse").order_by(AuditEntry.id)
        known, unknown = db.session.scalars(query).all()[-2:]
        assert (known.record_id, unknown.record_id) == (people.find_user("salesperson").id, None)
        assert known.agent == "Firefox, Windows"
        told = audit.unseal_entries([known, unknown])
        assert told[known.id]["address"] == (None, "127.0.0.1")
        assert email not in str(told)
        assert "nobody@" not in str(told)


@pytest.fixture(scope="module")
def recorded():
    """(action, type of record or None) of every entry that the code of a dealership records."""
    return set(Source().recorded())


def test_whatever_is_recorded_has_words(recorded):
    actions = {action for action, _ in recorded}
    assert actions - set(ACTIONS) == set()
    assert {kind for _, kind in recorded if kind} - set(RECORDS) == set()
    # What is decided on the way and what is handed on is seen, too.
    assert {"export.refuse", "export.expire", "keys.rotate_tenant", "customer.reveal"} <= actions


def test_the_view_of_what_left_asks_for_actions_there_are(recorded):
    assert set(LEAVING) - {action for action, _ in recorded} == set()
