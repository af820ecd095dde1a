"""Destroying a person's key: none of the values can be read any more, in no table or file, nor in an older copy."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from app.core.clock import now
from app.core.db import db, tenant, transaction
from app.core.db.owner import owner
from app.core.guard import vault
from app.core.guard.erasing import erase_subject
from app.core.guard.keys import KeyMissing
from app.core.guard.permissions import Actor, system_actor
from app.core.lists import search
from app.core.lists.saved_filters import save_filter
from app.core.lists.search.models import SearchEntry
from app.core.lists.views import Draft, save_view
from app.crm.lists import CUSTOMERS
from app.crm.models import Customer
from app.crm.operations.contacts import ContactInput, add_contact_point, remove_contact_point
from app.crm.operations.customers import create_customer, edit_customer
from app.inventory.models import Vehicle
from app.inventory.operations.vehicles import add_vehicle
from app.tenants.models import Link, Role, SignInAttempt, Store, User
from app.tenants.operations import links, users
from tests.fixtures import dumps, people
from tests.fixtures.dealerships import make_dealership
from tests.fixtures.importing import bring_in

SYSTEM = system_actor("test")
PHONE, OTHER_PHONE, MAIL = "+12025550143", "+12025550178", "zebra.marker@example.org"
IMPORTED, PLATE, STAFF_MAIL = "+12025550191", "ZQX8841", "quokka.marker@example.org"
ID_NUMBER, ID_TYPED, IMPORTED_ID = "71343620000320717X", "713436 20000320 717x", "LICENCE-ZQ-55071"
MASKS = ("7***************7X", "+1 ****0143", "+1 ****0191", "z***@example.org", "q***@example.org")
TYPED = "(202) 555-0143"


@pytest.fixture
def place(app):
    made = make_dealership(app, "erasing")
    with app.app_context(), tenant(made.id):
        yield made


def attempts_of(mail: str) -> bytes:
    return vault.blind_index("sign_in.account", mail)


def looker() -> Actor:
    return people.actor_of("tenant_admin")


def plant() -> list[tuple[str, uuid.UUID]]:
    """A customer, a car and a user, and everything that people leave behind while they work with them."""
    store = db.session.scalars(select(Store).order_by(Store.code)).first()
    role = db.session.scalars(select(Role.id).where(Role.key == "lot_staff")).one()
    with transaction():
        customer = create_customer(
            actor=SYSTEM, kind="individual", name="Zoe Example", store_id=store.id, notes=f"rings from {TYPED}",
            id_number=ID_TYPED,
            contact_points=[ContactInput("phone", PHONE), ContactInput("email", MAIL)],
        )  # fmt: skip
        vehicle = add_vehicle(actor=SYSTEM, make="Ford", model="Focus", plate=PLATE)
        user = users.invite_user(SYSTEM, name="Quentin Example", email=STAFF_MAIL, places=[(store.id, role)])
    admin = looker()
    assert admin.user_id is not None
    with transaction():
        point = add_contact_point(actor=admin, customer_id=customer.id, kind="phone", value=OTHER_PHONE)
    with transaction():
        remove_contact_point(actor=admin, customer_id=customer.id, contact_point_id=point.id)
        edit_customer(
            actor=admin, customer_id=customer.id, version=customer.version, kind="individual", name="Zoe Example",
            store_id=store.id, id_number=ID_NUMBER + "0",
        )  # fmt: skip
        edit_customer(
            actor=admin, customer_id=customer.id, version=customer.version, kind="individual", name="Zoe Example",
            store_id=store.id, id_number=ID_NUMBER,
        )  # fmt: skip
        links.send_link_mail(db.session.scalars(select(Link.id).where(Link.user_id == user.id)).one())
        save_filter("customers", admin.user_id, {"phone": [TYPED]})
        save_filter("customers", admin.user_id, {"id_number": [ID_TYPED]})
        save_view(admin, CUSTOMERS, Draft("The zebra", "own"), {}, {"email": [MAIL]})
        search.note_recent(admin, "customer", customer.id)
        db.session.add(SignInAttempt(kind="account", fingerprint=attempts_of(STAFF_MAIL), attempts=3, last_at=now()))
    head = "First Name,Last Name,Phone,Store,Type,ID number"
    bring_in(f"{head}\nZoe,Example,{TYPED},S1,,{ID_TYPED}\n", "customers", run=False)
    bring_in(f"{head}\nYan,Example,{IMPORTED},S1,,{IMPORTED_ID}\n", "customers")
    imported = db.session.scalars(select(Customer.id).where(Customer.name == "Yan Example")).one()
    return [("customer", customer.id), ("customer", imported), ("vehicle", vehicle.id), ("user", user.id)]


def erase_all(planted) -> None:
    with transaction():
        for record_type, subject_id in planted:
            erase_subject(SYSTEM, subject_id, record_type)


MARKERS = (PHONE, dumps.digits(PHONE)[1:], TYPED, MAIL, PLATE, STAFF_MAIL, OTHER_PHONE, IMPORTED,
           ID_NUMBER, ID_TYPED, IMPORTED_ID)  # fmt: skip


def test_nothing_that_was_encrypted_can_be_read_afterwards(app, place):
    planted = plant()
    indexes = [
        vault.blind_index("phone", PHONE), vault.blind_index("email", MAIL), vault.blind_index("plate", PLATE),
        vault.blind_index("email", STAFF_MAIL), attempts_of(STAFF_MAIL), vault.blind_index("id_number", ID_NUMBER),
    ]  # fmt: skip
    before = dumps.take(place)
    found = before.places_of(*MARKERS)
    assert {
        "opened crm_contact_points.value_enc", "opened inventory_vehicles.plate_enc", "opened tenants_users.email_enc",
        "opened core_audit.sealed", "opened core_filters.conditions", "opened core_views.conditions",
        "opened core_undos.sealed", "opened file", "opened crm_customers.id_number_enc",
    } <= found  # fmt: skip
    # Nothing of it lies anywhere in the clear, even now.
    assert {place for place in found if not place.startswith("opened")} == set()
    assert before.places_of(*MASKS) != set()
    assert before.places_of(*indexes) != set()
    erase_all(planted)
    after = dumps.take(place, keys=True)
    assert after.places_of(*MARKERS) == set()
    assert after.places_of(*MASKS) == set()
    assert after.places_of(*indexes) == set()
    # The copy from before holds the same bytes as ever, and there is nothing left to open them with.
    assert before.places_of(*MARKERS) == set()


def test_the_entry_to_be_found_by_goes_and_the_key_is_on_the_list(app, place):
    planted = plant()
    customer_id, _, vehicle_id, user_id = ids = [subject_id for _, subject_id in planted]
    erase_all(planted)
    assert db.session.scalars(select(SearchEntry.record_id).where(SearchEntry.record_id.in_(ids))).all() == []
    with pytest.raises(KeyMissing):
        vault.seal(customer_id, "crm_contact_points", "value_enc", customer_id, "again")
    with pytest.raises(KeyMissing), transaction():
        add_contact_point(actor=SYSTEM, customer_id=customer_id, kind="phone", value=PHONE)
    customer = db.session.get_one(Customer, customer_id)
    assert (customer.id_number_enc, customer.id_number_index, customer.id_number_masked) == (None, None, None)
    with pytest.raises(KeyMissing), transaction():
        edit_customer(
            actor=SYSTEM, customer_id=customer_id, version=customer.version, kind="individual", name="Zoe Example",
            store_id=customer.store_id, id_number=ID_NUMBER,
        )  # fmt: skip
    vehicle = db.session.get_one(Vehicle, vehicle_id)
    assert (vehicle.plate_enc, vehicle.plate_index, vehicle.plate_masked) == (None, None, None)
    assert db.session.get_one(User, user_id).email_masked == "****"
    with owner() as connection:
        query = "SELECT subject_id FROM destroyed_keys WHERE owner = %s"
        assert set(ids) <= {row[0] for row in connection.execute(query, [place.schema]).fetchall()}


def test_erasing_twice_is_erasing_once(app, place):
    planted = plant()
    erase_all(planted)
    with transaction():
        assert erase_subject(SYSTEM, planted[0][1], "customer").rows == 0


def test_a_tenant_cannot_read_or_shorten_the_list(app, place):
    with transaction():
        erase_subject(SYSTEM, vault.NOBODY, "nobody")
    for statement in ("SELECT * FROM platform.destroyed_keys", "DELETE FROM platform.destroyed_keys"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            db.session.execute(text(statement))
        db.session.rollback()
