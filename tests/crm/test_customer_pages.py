"""The pages of customers: what is shown to whom, what a refused form keeps, and one query per list."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import event, select

from app.core.db import db, tenant, transaction
from app.core.db.ids import to_public
from app.core.guard.permissions import system_actor
from app.crm.models import Activity, Customer
from app.crm.operations import activities, contacts, customers
from app.tenants.models import Store

SYSTEM = system_actor("test")


@pytest.fixture
def seeded(app, alpha):
    """Two customers of the first store with one shared phone, one of them with two activities."""
    with app.app_context(), tenant(alpha.id):
        store = db.session.scalars(select(Store.id).order_by(Store.code)).first()
        known = db.session.scalars(select(Customer.id).where(Customer.name_key.in_(["kim page", "lou page"]))).all()
        if not known:
            phone = [contacts.ContactInput("phone", "202 555 0133", "work")]
            with transaction():
                kim = customers.create_customer(
                    actor=SYSTEM, kind="individual", store_id=store, name="Kim Page", contact_points=phone
                )
                customers.create_customer(
                    actor=SYSTEM, kind="business", store_id=store, name="Lou Page", contact_points=phone
                )
                for body in ("First <b>call</b>", "Second call"):
                    activities.log_activity(actor=SYSTEM, customer_id=kim.id, type="call", body=body)
        return db.session.scalars(select(Customer).where(Customer.name_key == "kim page")).one()


def token(page):
    return re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)


def address(customer, *rest):
    return "/".join(["/customers", to_public("cus", customer.id), *rest])


def post(client, customer, *rest, **fields):
    page = client.get(address(customer)).text
    return client.post(address(customer, *rest), data={**fields, "csrf_token": token(page)})


def test_list_shows_masked_contacts_and_finds_by_name_and_phone(client_for, alpha, seeded):
    client = client_for(alpha)
    page = client.get("/customers").text
    assert "Kim Page" in page
    assert "0133" in page
    assert "2025550133" not in page
    for field, typed in (("name", "IM PAG"), ("phone", "+1 (202) 555-0133")):
        answer = client.post("/customers/filter", data={field: typed, "csrf_token": token(page)})
        assert answer.status_code == 303
        assert typed not in answer.location
        found = client.get(answer.location).text
        assert "Kim Page" in found
        assert ("Lou Page" in found) == (field == "phone")


def test_customer_page_shows_activities_newest_first_duplicates_and_no_value_in_full(client_for, alpha, seeded):
    page = client_for(alpha).get(address(seeded)).text
    assert page.index("Second call") < page.index("First &lt;b&gt;call")
    assert "Lou Page" in page
    assert "same phone" in page
    assert "2025550133" not in page


def test_reveal_needs_the_permission(client_for, alpha, seeded):
    client = client_for(alpha)
    way = re.search(r'action="([^"]+/reveal)"', client.get(address(seeded)).text).group(1)
    answer = client.post(way, data={"csrf_token": token(client.get(address(seeded)).text)})
    assert "+12025550133" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    clerk = client_for(alpha, "parts_clerk")
    page = clerk.get(address(seeded)).text
    assert "/reveal" not in page
    any_form = re.search(r'name="csrf_token" value="([^"]+)"', page) or re.search(
        r'name="csrf_token" value="([^"]+)"', clerk.get("/customers").text
    )
    assert clerk.post(way, data={"csrf_token": any_form.group(1)}).status_code == 403


def test_new_customer_is_added_and_shown(client_for, alpha, seeded):
    client = client_for(alpha, "salesperson")
    form = client.get("/customers/new").text
    store = re.search(r'<option value="([0-9a-f-]{36})"', form).group(1)
    answer = client.post(
        "/customers",
        data={
            "csrf_token": token(form), "kind": "individual", "given_name": "Ana", "family_name": "Ruiz",
            "phone": "202 555 0133", "email": "ana@example.com", "store_id": store,
        },
    )  # fmt: skip
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "Ana Ruiz" in page
    assert "Kim Page" in page  # The shared phone makes a possible duplicate.


def test_refused_form_keeps_what_was_typed(client_for, alpha, seeded):
    client = client_for(alpha)
    form = client.get("/customers/new").text
    answer = client.post("/customers", data={"csrf_token": token(form), "kind": "individual", "notes": "Likes red"})
    assert answer.status_code == 422
    assert "Likes red" in answer.text
    assert 'id="e-store_id"' in answer.text


def test_activity_is_logged_corrected_and_deleted(client_for, alpha, seeded, app):
    client = client_for(alpha, "salesperson")
    answer = post(
        client, seeded, "activities", type="visit", direction="inbound", body="Came by", at="2026-01-05T10:30"
    )
    assert answer.status_code == 303
    with app.app_context(), tenant(alpha.id):
        logged = db.session.scalars(select(Activity).where(Activity.body == "Came by")).one()
    # The time typed is the store's (New York), the time kept is UTC.
    assert (logged.at.isoformat(), logged.type) == ("2026-01-05T15:30:00+00:00", "visit")
    way = f"/activities/{to_public('act', logged.id)}"
    form = client.get(f"{way}/edit").text
    assert 'value="2026-01-05T10:30"' in form
    fields = {"csrf_token": token(form), "version": logged.version, "type": "call", "at": "2026-01-05T10:30"}
    assert client.post(f"{way}/edit", data={**fields, "body": "Rang up"}).status_code == 303
    stale = client.post(f"{way}/edit", data={**fields, "body": "Too late"})
    assert stale.status_code == 409
    assert "Too late" in stale.text
    assert client.post(f"{way}/delete", data={"csrf_token": token(form)}).status_code == 303
    assert client.get(f"{way}/edit").status_code == 404


def test_how_a_call_ended_is_corrected_and_goes_back(client_for, alpha, seeded, app):
    client = client_for(alpha)
    post(client, seeded, "activities", type="call", outcome="no_answer", body="Rang thrice")
    with app.app_context(), tenant(alpha.id):
        key = db.session.scalars(select(Activity.id).where(Activity.body == "Rang thrice")).one()
    way = f"/activities/{to_public('act', key)}"

    def outcome():
        with app.app_context(), tenant(alpha.id):
            return db.session.scalars(select(Activity.outcome).where(Activity.id == key)).one()

    def correct(**fields):
        page = client.get(f"{way}/edit").text
        names = ("csrf_token", "version", "began_with", "at")
        sent = {name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', page).group(1) for name in names}
        return client.post(f"{way}/edit", data={**sent, "type": "call", "body": "Rang thrice", **fields})

    assert '<option value="no_answer" selected>' in client.get(f"{way}/edit").text
    assert (correct(outcome="reached").status_code, outcome()) == (303, "reached")
    assert "Call · Reached" in client.get(address(seeded)).text
    assert (correct(outcome="").status_code, outcome()) == (303, None)
    undo = re.search(r'action="(/undo/undo_\w+)"', client.get(address(seeded)).text).group(1)
    client.post(undo, data={"csrf_token": token(client.get(address(seeded)).text)})
    assert outcome() == "reached"
    assert (correct(outcome="loud").status_code, outcome()) == (422, "reached")
    # Only calls end one way or the other.
    assert (correct(type="visit", outcome="reached").status_code, outcome()) == (303, None)


def test_future_activity_is_refused_with_the_page_and_the_text(client_for, alpha, seeded):
    answer = post(client_for(alpha), seeded, "activities", type="call", body="Tomorrow", at="2199-01-01T00:00")
    assert answer.status_code == 422
    assert "Tomorrow" in answer.text


def test_delete_is_refused_with_the_reason(client_for, alpha, seeded):
    answer = post(client_for(alpha), seeded, "delete", version=seeded.version)
    assert answer.status_code == 409
    assert "Delete them first" in answer.text


def test_lists_take_one_query_and_one_count(client_for, alpha, seeded, app):
    client = client_for(alpha)
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        for path in ("/customers", "/activities"):
            seen.clear()
            assert client.get(path).status_code == 200
            assert sum("FROM crm_" in statement for statement in seen) == 2, seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_strangers_find_nothing_and_visitors_sign_in(client_for, alpha, beta, seeded):
    stranger = client_for(beta)
    assert stranger.get(address(seeded)).status_code == 404
    assert stranger.get(address(seeded, "edit")).status_code == 404
    assert "Kim Page" not in stranger.get("/customers").text
    assert client_for(alpha, None).get(address(seeded)).status_code in (302, 303)
    assert client_for(alpha, "technician").get("/customers").status_code == 403


def test_the_timeline_holds_what_was_done_and_what_was_changed(app, client_for, alpha):
    with app.app_context(), tenant(alpha.id):
        store = db.session.scalars(select(Store.id).order_by(Store.code)).first()
        with transaction():
            made = customers.create_customer(actor=SYSTEM, kind="individual", store_id=store, name="Stream Person")
            activities.log_activity(actor=SYSTEM, customer_id=made.id, type="call", body="Wants a tow bar")
        with transaction():
            customers.edit_customer(actor=SYSTEM, customer_id=made.id, version=made.version, kind="business",
                                    name="Stream Company", store_id=store)  # fmt: skip
        url = f"/customers/{to_public('cus', made.id)}"
    client = client_for(alpha)
    whole = client.get(url).text.split('id="timeline"')[1]
    assert "Wants a tow bar" in whole
    assert "changed 2 fields" in whole
    assert "Company" in whole
    assert "added the customer" in whole
    changes = client.get(url + "?timeline=change").text.split('id="timeline"')[1]
    assert "Wants a tow bar" not in changes
    assert "changed 2 fields" in changes
    assert client.get(url + "?timeline=nonsense").status_code == 200
