"""ID numbers of customers: checked, sealed, masked, found whole, changed by who sees them, and taken back."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from app.core.db import db, tenant, transaction
from app.core.db.ids import to_public
from app.core.errors import FieldClosed, Invalid
from app.core.guard import audit, undo, vault
from app.core.guard.models import AuditEntry, SubjectKey
from app.core.guard.permissions import Actor, system_actor
from app.core.lists.search.models import SearchEntry
from app.crm.models import Customer
from app.crm.operations import customers, identities, many
from app.crm.queries.identity import id_number_of
from app.crm.rules.customers import (
    IdNumberProblem,
    clean_id_number,
    id_number_problem,
    normalize_id_number,
    resident_check_character,
)
from app.tenants.models import Store
from tests.fixtures import dumps, people
from tests.fixtures.browsing import token_of
from tests.fixtures.dealerships import make_dealership
from tests.fixtures.importing import bring_in

SYSTEM = system_actor("test")
VALID, OTHER, MASK = "51343620000320711X", "110101199003070038", "5***************1X"


@pytest.mark.parametrize("typed", [VALID, "513436 2000 0320 711x", "５１３４３６２００００３２０７１１Ｘ"])
def test_a_resident_number_has_one_form(typed):
    assert clean_id_number(typed) == VALID
    assert normalize_id_number(typed) == VALID


def test_any_other_number_stays_as_typed_and_compares_by_letters_and_digits():
    assert clean_id_number("  nov-841 / 05 ") == "nov-841 / 05"
    assert normalize_id_number("nov-841 / 05") == normalize_id_number("NOV84105") == "NOV84105"


def test_the_check_character_is_that_of_the_standard():
    # The example of GB 11643, and one whose last digit is 8.
    assert resident_check_character("11010519491231002") == "X"
    assert resident_check_character(OTHER[:17]) == "8"


@pytest.mark.parametrize(
    ("typed", "country", "kind", "problem"),
    [
        (VALID, "CN", "individual", None),
        (OTHER, "CN", "individual", None),
        ("513436200003207111", "CN", "individual", "check"),
        ("513436200003027117", "CN", "individual", "check"),
        ("51343620001320711X", "CN", "individual", "birth_date"),
        ("5134362000032071", "CN", "individual", "length"),
        ("513436000320711", "CN", "individual", "length"),
        ("51343620000320711O", "CN", "individual", "length"),
        ("E12345678", "CN", "individual", None),
        ("123456789", "CN", "individual", None),
        ("91230184MA1BUFLT44", "CN", "business", None),
        ("513436200003207111", "US", "individual", None),
        ("D123-4567-8901", "US", "individual", None),
        ("abc", "US", "individual", "unreadable"),
        ("passport", "US", "individual", "unreadable"),
        ("1" * 41, "US", "individual", "unreadable"),
    ],
)  # fmt: skip
def test_numbers_are_checked_by_the_country(typed, country, kind, problem):
    found = id_number_problem(typed, country, kind)
    assert found == (IdNumberProblem(problem) if problem else None)


def make(name: str = "Ida Example", **values) -> Customer:
    store = db.session.scalars(select(Store.id).order_by(Store.code)).first()
    with transaction():
        return customers.create_customer(
            actor=values.pop("actor", SYSTEM), kind="individual", name=name, store_id=store,
            **{"id_number": VALID, **values},
        )  # fmt: skip


def change(customer: Customer, actor: Actor = SYSTEM, **values) -> None:
    with transaction():
        customers.edit_customer(
            actor=actor, customer_id=customer.id, version=customer.version, kind=customer.kind, name=customer.name,
            store_id=customer.store_id, **values,
        )  # fmt: skip


def stored(customer: Customer) -> tuple[object, ...]:
    db.session.refresh(customer)
    return customer.id_number_enc, customer.id_number_index, customer.id_number_masked


def test_it_is_stored_sealed_with_mask_and_index(in_alpha):
    customer = make(id_number="513436 2000 0320 711x")
    sealed, index, masked = stored(customer)
    assert (masked, index) == (MASK, vault.blind_index("id_number", VALID))
    assert VALID.encode() not in sealed
    assert (customer.version, id_number_of(customer)) == (1, VALID)
    assert db.session.get(SubjectKey, customer.id) is not None
    unknown = make("Uma Example", id_number="NOV-841-05")
    assert (unknown.id_number_masked, id_number_of(unknown)) == ("****", "NOV-841-05")


def test_the_audit_tells_of_it_under_the_persons_key_alone(in_alpha, actor, alpha):
    customer = make()
    change(customer, id_number=OTHER)
    change(customer, id_number="")
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.record_id == customer.id)).all()
    assert all(VALID not in str(entry.changes) and OTHER not in str(entry.changes) for entry in entries)
    assert {entry.subject_id for entry in entries} == {customer.id}
    told = [line.changes["id_number"] for line in audit.list_history(SYSTEM, "customer", customer.id)]
    assert told == [(OTHER, None), (VALID, OTHER), (None, VALID)]
    masked = audit.list_history(actor(alpha, "controller"), "customer", customer.id)
    assert VALID not in str(masked)
    hidden = Actor(None, "x", {"customer.see": "all"})
    assert all("id_number" not in line.changes for line in audit.list_history(hidden, "customer", customer.id))


def test_who_sees_a_mask_or_nothing_neither_sets_nor_loses_it(in_alpha, actor, alpha):
    customer = make()
    controller = people.actor_of("controller")
    every = dict.fromkeys(("customer.see", "customer.edit", "customer.create"), "all")
    for sights in (controller.sights, {}):
        reader = Actor(controller.user_id, "x", every, sights=sights)
        change(customer, reader, notes=f"seen with {len(sights)}")
        assert id_number_of(customer) == VALID
        for text in (OTHER, MASK, ""):
            with pytest.raises(FieldClosed):
                change(customer, reader, id_number=text)
            db.session.refresh(customer)
        with pytest.raises(FieldClosed):
            make("New Example", actor=reader)
        with transaction():
            many.hand_over(reader, customer.id, {"owner_id": controller.user_id})
        assert id_number_of(customer) == VALID
        with transaction():
            many.hand_over(reader, customer.id, {"owner_id": None})


def test_a_change_is_taken_back_and_a_deleted_customer_has_it_again(in_alpha, actor, alpha):
    admin, customer = actor(alpha, "tenant_admin"), make()
    change(customer, admin, id_number=OTHER)
    offer = undo.last_offer()
    with transaction():
        undo.take_back(admin, offer)
    db.session.refresh(customer)
    assert id_number_of(customer) == VALID
    # An edit of something else takes nothing along when it is taken back.
    change(customer, admin, notes="rings back")
    offer = undo.last_offer()
    with transaction():
        undo.take_back(admin, offer)
    db.session.refresh(customer)
    assert (customer.notes, id_number_of(customer)) == ("", VALID)
    before, key = stored(customer), customer.id
    with transaction():
        customers.delete_customer(actor=admin, customer_id=key)
    offer = undo.last_offer()
    with transaction():
        undo.take_back(admin, offer)
    again = db.session.get_one(Customer, key)
    assert stored(again) == before
    told = [line.changes["id_number"] for line in audit.list_history(SYSTEM, "customer", key)[:2]]
    assert told == [(None, VALID), (VALID, None)]


def test_a_wrong_number_is_refused_in_china_with_the_reason(app, client_for):
    place = make_dealership(app, "hangzhou", country="CN", locale="zh")
    with app.app_context(), tenant(place.id):
        with pytest.raises(Invalid) as refused:
            make(id_number="513436200003207111")
        assert [item.code for item in refused.value.errors] == ["id_number_check"]
        db.session.rollback()
        assert make().id_number_masked == MASK
        store = db.session.scalars(select(Store.id)).first()
    client = client_for(place)
    form = {"kind": "individual", "name": "王芳", "store_id": store, "csrf_token": token_of(client)}
    answer = client.post("/customers", data={**form, "id_number": "513436200003207111"})
    assert answer.status_code == 422
    assert 'id="e-id_number"' in answer.text
    # What was typed stays in the form, for who may type it.
    assert 'value="513436200003207111"' in answer.text
    assert client.post("/customers", data={**form, "id_number": OTHER}).status_code == 303


def test_the_filter_finds_the_whole_number_and_the_box_never_does(client_for, alpha, in_alpha):
    make("Whole Example", id_number=OTHER)
    client = client_for(alpha)
    token = token_of(client)
    for typed, is_found in ((OTHER, True), ("110101 19900307 0038", True), (OTHER[-4:], False), (OTHER[:-1], False)):
        answer = client.post("/customers/filter", data={"id_number": typed, "csrf_token": token})
        assert typed not in answer.location
        assert ("Whole Example" in client.get(answer.location).text) is is_found, typed
        assert "Whole Example" not in client.post("/find", data={"q": typed, "csrf_token": token}).text
    # Nor does the number stand in an address.
    assert client.get("/customers", query_string={"id_number": OTHER}).status_code == 422
    key = db.session.scalars(select(Customer.id).where(Customer.name == "Whole Example")).one()
    assert db.session.scalars(select(SearchEntry.tokens).where(SearchEntry.record_id == key)).all() in ([None], [[]])


def test_two_people_at_one_form_lose_nothing(client_for, alpha, in_alpha):
    customer = make("Merged Example")
    path = f"/customers/{to_public('cus', customer.id)}/edit"
    client = client_for(alpha)
    page = client.get(path).text
    sent = {name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)[1]
            for name in ("csrf_token", "version", "began_with", "name", "id_number")}  # fmt: skip
    assert sent["id_number"] == VALID
    sent |= {"kind": "individual", "store_id": str(customer.store_id)}
    change(customer, id_number=OTHER)
    assert client.post(path, data={**sent, "notes": "rings back"}).status_code == 303
    db.session.refresh(customer)
    assert (customer.notes, id_number_of(customer)) == ("rings back", OTHER)
    # Another number than the other one's is a question, not an answer.
    answer = client.post(path, data={**sent, "notes": "rings back", "id_number": "NOV 1"})
    assert answer.status_code == 409
    assert OTHER in answer.text
    # A page from before somebody might see numbers sends none: that takes nothing away.
    db.session.refresh(customer)
    fewer = {name: value for name, value in sent.items() if name != "id_number"}
    saved = client.post(path, data={**fewer, "version": str(customer.version), "notes": "again"})
    assert saved.status_code == 303
    db.session.refresh(customer)
    assert (customer.notes, id_number_of(customer)) == ("again", OTHER)


def test_it_comes_in_by_file_checked_and_sealed(app):
    place = make_dealership(app, "ningbo", country="CN", locale="zh")
    with app.app_context(), tenant(place.id):
        rows = f"姓名,门店,身份证号\n王芳,S1,{VALID.lower()}\n李雷,S1,513436200003207111\n韩梅,S1,\n"
        made = bring_in(rows, "customers")
        assert made.counts == {"created": 2, "failed": 1}
        found = {row.name: row for row in db.session.scalars(select(Customer))}
        assert (id_number_of(found["王芳"]), found["王芳"].id_number_masked) == (VALID, MASK)
        assert found["王芳"].id_number_index == vault.blind_index("id_number", VALID)
        assert found["韩梅"].id_number_enc is None
        told = audit.list_history(SYSTEM, "customer", found["王芳"].id)[0].changes
        assert told["id_number"] == (None, VALID)
        # The same row again is the same row, however the number is typed.
        again = bring_in(rows.replace(VALID.lower(), "513436 20000320 711X"), "customers")
        assert again.counts["duplicate"] == 2
        assert db.session.scalar(select(func.count()).select_from(Customer)) == 2
        lying_open = dumps.take(place).places_of(VALID, VALID.lower())
        assert {where for where in lying_open if not where.startswith("opened")} == set()


def test_looking_at_it_is_on_record(client_for, alpha, in_alpha):
    customer = make("Looked Example", id_number="NOV-841-05")
    change(customer, id_number=VALID)
    client, path = client_for(alpha), f"/customers/{to_public('cus', customer.id)}"
    page = client.get(path).text
    assert MASK in page
    # The timeline tells that it was changed, and no more.
    assert VALID not in page
    assert "NOV-841-05" not in page
    answer = client.post(f"{path}/id-number/reveal", data={"csrf_token": token_of(client)})
    assert VALID in answer.text
    assert VALID not in client.get(path).text
    newest = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (newest.action, newest.record_id) == ("customer.reveal_id_number", customer.id)
    with pytest.raises(FieldClosed):
        identities.reveal_id_number(actor=people.actor_of("controller"), customer_id=customer.id)
