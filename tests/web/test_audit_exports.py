"""The audit as a file: what its reader may read, persons as the rules say, and never what entries keep sealed."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from app.core.db import db, tenant, transaction
from app.core.db.ids import to_public
from app.core.errors import PermissionDenied
from app.core.guard import audit
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import Actor, system_actor
from app.crm.operations import contacts
from app.tenants.models import Grant, Role, Store, User
from tests.factories.sales import make_customer
from tests.fixtures import exporting as x

ACTOR, OPERATOR, BUYER = "Bartholomew Quillfeather", "Ottoline Standsbehind", "Persephone Audited"
PHONE, EMAIL, ADDRESS = "+12025550188", "persephone@marvel.test", "198.51.100.77"
SEALED = (BUYER, "Persephone", "2025550188", EMAIL, "persephone@", ADDRESS)
FORMATS = pytest.mark.parametrize("chosen", ["csv", "xlsx"])
EVERYTHING = {"cols": ["action,actor_name,at,record_type,origin,seq,record,behind,agent,request_id"], "view": ["all"]}


@pytest.fixture(scope="module", autouse=True)
def customer(app, alpha):
    """A customer with a phone and an e-mail address, given by a person behind whom an operator stood."""
    with app.app_context(), tenant(alpha.id):
        store = db.session.scalars(select(Store).order_by(Store.code)).first()
        made = make_customer(store, BUYER)
        known = x.people.find_user("controller")
        with transaction():
            db.session.get_one(User, known.id).name = ACTOR
            db.session.flush()
            actor = Actor(user_id=known.id, name=ACTOR, behind=OPERATOR, system=True)
            audit.record(
                actor, "customer.edit", "customer", made.id, changes={"language": ("en", "zh")},
                personal={"name": (BUYER, "Persephone Renamed"), "address": (None, ADDRESS)}, subject_id=made.id,
            )  # fmt: skip
            for kind, value in (("phone", PHONE), ("email", EMAIL)):
                contacts.add_contact_point(actor=system_actor("test"), customer_id=made.id, kind=kind, value=value)
        return made.id


@pytest.fixture(autouse=True)
def product_rules(app, alpha):
    x.set_rules(app, alpha)


def about(customer, **further):
    return {**EVERYTHING, "record": [to_public("cus", customer)], **further}


def test_the_file_holds_the_entries_about_a_record_and_no_others(app, alpha, customer):
    rows = x.rows_of(x.made(app, alpha, "controller", "audit", about(customer)))
    with app.app_context(), tenant(alpha.id):
        entries = db.session.scalars(select(AuditEntry.action).where(AuditEntry.record_id == customer)).all()
    assert len(rows) == len(entries) == 4
    assert {row["Record id"] for row in rows} == {to_public("cus", customer)}
    told = ["Contact added", "Contact added", "Customer added", "Customer changed"]
    assert sorted(row["What"] for row in rows) == told


@FORMATS
@pytest.mark.parametrize("treatment", ["masked", "pseudonym", "dropped"])
def test_names_leave_as_the_rules_say(app, alpha, customer, chosen, treatment):
    x.set_rules(app, alpha, personal=treatment)
    data = x.every_byte(x.made(app, alpha, "controller", "audit", about(customer), format=chosen))
    assert b"Contact added" in data
    told = [*ACTOR.split(), *OPERATOR.split(), *SEALED]
    assert [name for name in told if name.encode() in data] == []


@FORMATS
def test_what_entries_keep_sealed_leaves_in_no_file_whatever_the_rules_and_the_reader(app, alpha, customer, chosen):
    everything = dict.fromkeys(("public", "internal", "personal", "contact", "cost"), "seen")
    x.set_rules(app, alpha, **everything)
    for role in ("tenant_admin", "controller"):
        data = x.every_byte(x.made(app, alpha, role, "audit", about(customer), format=chosen))
        assert ACTOR.encode() in data
        assert OPERATOR.encode() in data
        assert [value for value in SEALED if value.encode() in data] == []


@FORMATS
def test_who_may_read_his_own_entries_takes_no_others_away(app, alpha, customer, chosen):
    x.set_rules(app, alpha, personal="seen")
    role = select(Role.id).where(Role.key == "controller").scalar_subquery()
    grants = update(Grant).where(Grant.role_id == role, Grant.permission.in_(("audit.see", "audit.export")))
    with app.app_context(), tenant(alpha.id), transaction():
        db.session.execute(grants.values(scope="own"))
    try:
        data = x.every_byte(x.made(app, alpha, "controller", "audit", about(customer), format=chosen))
    finally:
        with app.app_context(), tenant(alpha.id), transaction():
            db.session.execute(grants.values(scope="all"))
    assert b"Customer changed" in data
    assert b"Contact added" not in data
    assert b"Customer added" not in data


def test_seeing_the_audit_is_not_taking_it_away(app, alpha):
    """A general manager reads all of it and may export other lists."""
    with pytest.raises(PermissionDenied):
        x.ask(app, alpha, "gm", "audit")


def test_the_filters_of_the_page_hold_in_the_file(app, alpha, customer):
    asked = {"action": ["customer.edit"], "type": ["customer"]}
    rows = x.rows_of(x.made(app, alpha, "controller", "audit", about(customer, **asked)))
    assert [row["What"] for row in rows] == ["Customer changed"]
    assert x.rows_of(x.made(app, alpha, "controller", "audit", about(customer, type=["deal"]))) == []


def test_taking_the_audit_away_stands_in_the_audit(app, alpha, customer):
    export_id = x.ask(app, alpha, "controller", "audit", about(customer))
    x.work_off(app, alpha, queue="exports")
    x.taken(app, alpha, "controller", export_id)
    with app.app_context(), tenant(alpha.id):
        entries = db.session.scalars(select(AuditEntry).where(AuditEntry.record_id == export_id)).all()
    assert sorted(entry.action for entry in entries) == ["download", "export", "export.link"]
    assert {entry.record_type for entry in entries} == {"audit"}


@pytest.mark.parametrize(
    ("asked", "actions"),
    [
        ("action=customer.edit", {"customer.edit"}),
        ("action=customer.edit&action=customer.create", {"customer.edit", "customer.create"}),
        ("type=customer", {"customer.edit", "customer.create", "customer.add_contact"}),
        ("type=deal", set()),
        ("person=me", {"customer.edit"}),
        ("at=today", {"customer.edit", "customer.create", "customer.add_contact"}),
        ("at_to=2001-01-01", set()),
        ("view=access", set()),
    ],
)
def test_the_page_of_a_record_is_filtered(app, alpha, client_for, customer, asked, actions):
    answer = client_for(alpha, "controller").get(f"/audit?record={to_public('cus', customer)}&limit=100&{asked}")
    assert answer.status_code == 200
    with app.app_context(), tenant(alpha.id):
        entries = db.session.scalars(select(AuditEntry).where(AuditEntry.record_id == customer)).all()
    shown = {entry.action for entry in entries if f"/audit/{to_public('aud', entry.id)}" in answer.text}
    assert shown == actions
