"""Two people at one record: what does not contradict is kept at once, what does is chosen field by field."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import select

from app.core.db import db, tenant, transaction
from app.core.db.ids import to_public
from app.core.guard.permissions import system_actor
from app.crm.models import Customer
from app.crm.operations import customers
from app.tenants.models import Store
from app.tenants.operations import roles
from app.tenants.queries import people
from tests.factories.pages import token_of

SYSTEM = system_actor("test")
# What a customer's form sends; a test changes some of it.
NAMES = ("kind", "name", "given_name", "family_name", "store_id", "owner_id", "language", "notes")


@pytest.fixture
def customer(app, alpha):
    with app.app_context(), tenant(alpha.id), transaction():
        store = db.session.scalars(select(Store.id).order_by(Store.code)).first()
        made = customers.create_customer(actor=SYSTEM, kind="business", store_id=store, name="Kim & Page", notes="Old")
        return f"/customers/{to_public('cus', made.id)}"


def open_form(client, address):
    """What the browser would send back unchanged, hidden fields included."""
    page = client.get(f"{address}/edit").text
    values = {name: unescape(text) for name, text in re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', page)}
    values |= {name: unescape(text) for name, text in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)}
    notes = re.search(r'<textarea[^>]*name="notes"[^>]*>\n?([^<]*)</textarea>', page)
    values["notes"] = unescape(notes.group(1)) if notes else values["notes"]
    for name in ("store_id", "owner_id", "language"):
        body = re.search(rf'<select[^>]*name="{name}"[^>]*>(.*?)</select>', page, re.S).group(1)
        chosen = re.search(r'value="([^"]*)" selected', body)
        values[name] = chosen.group(1) if chosen else ""
    values["kind"] = re.search(r'name="kind"[^>]* value="(\w+)" checked', page).group(1)
    return {name: values[name] for name in (*NAMES, "version", "began_with", "csrf_token")}


def send(client, address, form, **changes):
    return client.post(f"{address}/edit", data={**form, **changes})


def stored(app, alpha, address):
    with app.app_context(), tenant(alpha.id):
        return next(row for row in db.session.scalars(select(Customer)) if address.endswith(to_public("cus", row.id)))


def test_different_fields_are_both_kept_and_the_second_is_told(app, client_for, alpha, customer):
    mine, theirs = client_for(alpha), client_for(alpha, "sales_manager")
    form = open_form(mine, customer)
    assert send(theirs, customer, open_form(theirs, customer), notes="Theirs").status_code == 303
    saved = send(mine, customer, form, name="Mine & Sons")
    assert saved.status_code == 303
    row = stored(app, alpha, customer)
    assert (row.name, row.notes, row.version) == ("Mine & Sons", "Theirs", 3)
    assert "Sales Manager changed this meanwhile, and it was kept: Notes." in mine.get(customer).text


def test_the_same_field_is_asked_about_and_nothing_is_saved_before(app, client_for, alpha, customer):
    mine, theirs = client_for(alpha), client_for(alpha, "sales_manager")
    form = open_form(mine, customer)
    send(theirs, customer, open_form(theirs, customer), name="Theirs Ltd", language="zh")
    asked = send(mine, customer, form, name="Mine Ltd")
    assert asked.status_code == 409
    assert stored(app, alpha, customer).name == "Theirs Ltd"
    choices = re.findall(r'type="radio" name="name"[^>]* value="([^"]*)"( checked)?', asked.text)
    assert choices == [("Mine Ltd", " checked"), ("Theirs Ltd", "")]
    assert "Sales Manager" in asked.text
    # What only the other one changed already stands in the form, and choosing saves at once.
    assert 'value="zh" selected' in asked.text
    fields = dict(re.findall(r'type="hidden" name="(version|began_with)" value="([^"]*)"', asked.text))
    again = send(mine, customer, form, **{**fields, "name": "Theirs Ltd", "language": "zh", "notes": "Added"})
    assert again.status_code == 303
    row = stored(app, alpha, customer)
    assert (row.name, row.language, row.notes) == ("Theirs Ltd", "zh", "Added")


def test_two_who_made_the_same_change_do_not_contradict_each_other(app, client_for, alpha, customer):
    mine, theirs = client_for(alpha), client_for(alpha, "sales_manager")
    form = open_form(mine, customer)
    send(theirs, customer, open_form(theirs, customer), notes="Same")
    assert send(mine, customer, form, notes=" Same ").status_code == 303
    assert stored(app, alpha, customer).notes == "Same"


@pytest.mark.parametrize("base", ["", "nonsense", "AAAAAAAAAAAAAAAAAAAAAA=="])
def test_a_form_that_does_not_say_what_it_began_from_overwrites_nothing(app, client_for, alpha, customer, base):
    client = client_for(alpha)
    form = open_form(client, customer)
    send(client, customer, form, notes="Newer")
    answer = send(client, customer, form, began_with=base, name="Other")
    assert answer.status_code == 409
    assert stored(app, alpha, customer).name == "Kim & Page"


def test_the_form_repeats_no_value_in_what_it_began_from(client_for, alpha, customer):
    form = open_form(client_for(alpha), customer)
    assert len(form["began_with"]) < 300
    assert "Kim" not in form["began_with"]


def test_ticks_of_a_role_are_merged_one_by_one(app, client_for, alpha):
    with app.app_context(), tenant(alpha.id), transaction():
        role = roles.create_role(SYSTEM, name="Ticks", grants={"customer.see": "own", "deal.see": "own"})
        address, key = f"/roles/{to_public('role', role.id)}", role.id
    client = client_for(alpha)
    page = client.get(address).text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    old = {name: hidden[name] for name in ("version", "began_with")}

    def save(*ticks):
        return client.post(
            address, data={**old, "name": "Ticks", "grants": list(ticks), "csrf_token": token_of(client)}
        )

    assert save("customer.see:store", "deal.see:own").status_code == 303
    assert save("customer.see:own", "vehicle.see:all").status_code == 303
    with app.app_context(), tenant(alpha.id):
        grants = people.grants_of_role(key)
    assert grants == {"customer.see": "store", "vehicle.see": "all"}
    clash = save("customer.see:all", "deal.see:own")
    assert clash.status_code == 409
    assert "meanwhile:" in clash.text
