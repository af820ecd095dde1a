"""Masked contacts and ID numbers in full: for a reason, for minutes, not too often, to whoever may, and on record."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.core import clock
from app.core.db import db, tenant, transaction
from app.core.db.ids import to_public
from app.core.errors import FieldClosed, PermissionDenied
from app.core.guard import audit, reveals
from app.core.guard.key_models import Reveal
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import Actor, system_actor
from app.core.guard.reveals import ReasonMissing, TooManyReveals
from app.crm.operations import contacts, identities
from app.crm.operations.contacts import ContactInput
from app.crm.operations.customers import create_customer
from app.tenants.models import Store

SYSTEM = system_actor("test")
PHONE, MASKED, WHY = "+12025550166", "+1 ****0166", "The bank calls about the loan"
ID_NUMBER, ID_MASKED = "51343620000320711X", "5***************1X"


@pytest.fixture
def customer(in_alpha):
    store = db.session.scalars(select(Store.id).order_by(Store.code)).first()
    with transaction():
        return create_customer(
            actor=SYSTEM, kind="individual", name="Masked Person", store_id=store,
            contact_points=[ContactInput("phone", PHONE)],
            id_number=ID_NUMBER,
        )  # fmt: skip


@pytest.fixture
def controller(actor, alpha, in_alpha) -> Actor:
    with transaction():
        db.session.execute(Reveal.__table__.delete())
    return actor(alpha, "controller")


def test_the_page_shows_it_for_a_while_and_then_no_more(alpha, client_for, customer, controller):
    client, page = client_for(alpha, "controller"), f"/customers/{to_public('cus', customer.id)}"
    before = client.get(page).text
    assert MASKED in before
    assert PHONE not in before
    assert f'action="{page}/reveal"' in before
    form = {"reason": WHY, "csrf_token": _token(before)}
    assert client.post(f"{page}/reveal", data=form).status_code == 303
    shown = client.get(page).text
    assert PHONE in shown
    # A reason to ring somebody up shows no identity card.
    assert ID_MASKED in shown
    assert ID_NUMBER not in shown
    assert 'value="contact"' not in shown
    assert client.post(f"{page}/reveal", data={**form, "group": "identity"}).status_code == 303
    shown = client.get(page).text
    assert ID_NUMBER in shown
    assert f'action="{page}/reveal"' not in shown
    with transaction():
        past = clock.now() - timedelta(seconds=1)
        db.session.execute(update(Reveal).values(expires_at=past))
    after = client.get(page).text
    assert PHONE not in after
    assert ID_NUMBER not in after


def test_it_is_one_persons_and_one_records(alpha, actor, customer, controller, in_alpha):
    with transaction():
        contacts.reveal_contacts(actor=controller, customer_id=customer.id, reason=WHY)
    assert set(contacts.revealed_contacts(controller, customer).values()) == {PHONE}
    other = actor(alpha, "gm")
    assert contacts.revealed_contacts(other, customer) == {}
    # Whoever has lost the right since sees nothing more.
    fewer = Actor(user_id=controller.user_id, name="x", grants={"customer.see": "all"}, sights=controller.sights)
    assert contacts.revealed_contacts(fewer, customer) == {}


def test_the_reason_is_on_record_under_the_persons_key(customer, controller, in_alpha):
    with transaction():
        contacts.reveal_contacts(actor=controller, customer_id=customer.id, reason=f"  {WHY}  ")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "customer.reveal")).all()[-1]
    assert (entry.record_id, entry.subject_id, entry.actor_id) == (customer.id, customer.id, controller.user_id)
    assert audit.unseal_entries([entry])[entry.id]["reason"] == (None, WHY)
    assert WHY not in str(entry.changes)


@pytest.mark.parametrize("reason", ["", "   ", "because", "x" * 301])
def test_without_a_reason_nothing_is_shown(customer, controller, in_alpha, reason):
    with pytest.raises(ReasonMissing), transaction():
        contacts.reveal_contacts(actor=controller, customer_id=customer.id, reason=reason)
    assert contacts.revealed_contacts(controller, customer) == {}


def test_a_page_without_a_reason_says_so(alpha, client_for, customer, controller):
    client, page = client_for(alpha, "controller"), f"/customers/{to_public('cus', customer.id)}"
    form = {"reason": "no", "csrf_token": _token(client.get(page).text)}
    answer = client.post(f"{page}/reveal", data=form)
    assert answer.status_code == 422
    assert PHONE not in answer.text


def test_nobody_looks_behind_more_than_a_few_an_hour(customer, controller, in_alpha):
    for _ in range(reveals.MOST_AN_HOUR):
        with transaction():
            contacts.reveal_contacts(actor=controller, customer_id=customer.id, reason=WHY)
    with pytest.raises(TooManyReveals), transaction():
        contacts.reveal_contacts(actor=controller, customer_id=customer.id, reason=WHY)
    with transaction():
        db.session.execute(update(Reveal).values(created_at=clock.now() - timedelta(hours=2)))
    with transaction():
        contacts.reveal_contacts(actor=controller, customer_id=customer.id, reason=WHY)


def test_only_who_may_and_only_behind_a_mask(alpha, actor, customer, controller, in_alpha):
    seller = actor(alpha, "salesperson")
    with pytest.raises(PermissionDenied), transaction():
        contacts.reveal_contacts(actor=seller, customer_id=customer.id, reason=WHY)
    blind = Actor(user_id=controller.user_id, name="x", grants=controller.grants, sights={"contact": "hidden"})
    with pytest.raises(FieldClosed), transaction():
        contacts.reveal_contacts(actor=blind, customer_id=customer.id, reason=WHY)


def test_an_id_number_is_opened_by_itself_and_on_record(customer, controller, in_alpha):
    with transaction():
        identities.open_id_number(actor=controller, customer_id=customer.id, reason=WHY)
    assert identities.opened_id_number(controller, customer) == ID_NUMBER
    assert contacts.revealed_contacts(controller, customer) == {}
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "customer.reveal_identity")).all()[-1]
    assert (entry.record_id, entry.subject_id, entry.actor_id) == (customer.id, customer.id, controller.user_id)
    assert audit.unseal_entries([entry])[entry.id]["reason"] == (None, WHY)
    # The right alone opens nothing where the field is hidden, and the sight alone nothing without the right.
    hidden = Actor(controller.user_id, "x", controller.grants, sights={"contact": "masked"})
    assert identities.opened_id_number(hidden, customer) is None
    with pytest.raises(FieldClosed), transaction():
        identities.open_id_number(actor=hidden, customer_id=customer.id, reason=WHY)
    fewer = Actor(user_id=controller.user_id, name="x", grants={"customer.see": "all"}, sights=controller.sights)
    assert identities.opened_id_number(fewer, customer) is None
    with pytest.raises(PermissionDenied), transaction():
        identities.open_id_number(actor=fewer, customer_id=customer.id, reason=WHY)


def test_another_dealership_knows_nothing_of_it(app, beta, alpha, client_for, customer, controller):
    with transaction():
        contacts.reveal_contacts(actor=controller, customer_id=customer.id, reason=WHY)
    with app.app_context(), tenant(beta.id):
        assert db.session.scalars(select(Reveal)).all() == []


def _token(page: str) -> str:
    return page.partition('name="csrf_token" value="')[2].partition('"')[0]
