"""Coming in by consent: the dealership agrees, the operator enters as a user, both names are written down, it ends."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app.core import clock
from app.core.db import Tenant, db, operators, tenant, transaction
from app.core.db.columns import new_id
from app.core.db.ids import to_public
from app.core.errors import NotFound
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import Actor
from app.operators import models
from app.tenants.models import Consent, OperatorEntry, Role, SessionRow
from app.tenants.operations import previews
from app.tenants.rules.admitting import Ticket, read_ticket, write_ticket
from tests.fixtures import people
from tests.fixtures.browsing import cookie, send
from tests.fixtures.importing import work_off
from tests.operators.conftest import Known

REASON = "A deal cannot be delivered"
Clients = Callable[..., FlaskClient]


@pytest.fixture
def agreed(app: Flask, alpha: Tenant, client_for: Clients) -> FlaskClient:
    """Alpha's administrator, who has let the operator in for an hour; the console knows of it."""
    admin = client_for(alpha)
    answer = send(admin, "/operator-access", page="/operator-access", hours="1", reason=REASON)
    assert answer.status_code == 303
    work_off(app, alpha, queue="default")
    return admin


@pytest.fixture
def ticket(agreed: FlaskClient, alpha: Tenant, console: FlaskClient, fresh_code: Callable[[], str]) -> str:
    """The path into alpha that the console gives olive."""
    path = f"/platform/dealerships/{alpha.id}"
    assert REASON in console.get(path).text
    answer = send(console, f"{path}/entry", page=path, reason="Looking at the deal", code=fresh_code())
    assert answer.status_code == 200
    found = re.search(rf'href="http://{re.escape(alpha.hosts[0])}:8000(/operator-entry/[^"]+)"', answer.text)
    assert found
    return found[1]


def user_id(app: Flask, of: Tenant, role: str) -> str:
    with app.app_context(), tenant(of.id):
        user = people.find_user(role)
        assert user is not None
        return to_public("usr", user.id)


def enter(client: FlaskClient, path: str, who: str) -> int:
    return send(client, path, page=path, who=who).status_code


def test_without_consent_there_is_no_way_in(
    beta: Tenant, console: FlaskClient, fresh_code: Callable[[], str]
) -> None:
    path = f"/platform/dealerships/{beta.id}"
    assert "lets nobody in at the moment" in console.get(path).text
    answer = send(console, f"{path}/entry", page=path, reason="Curiosity", code=fresh_code())
    assert answer.status_code == 409
    assert "operator-entry" not in answer.text


def test_the_way_in_wants_the_second_factor(agreed: FlaskClient, alpha: Tenant, console: FlaskClient) -> None:
    path = f"/platform/dealerships/{alpha.id}"
    answer = send(console, f"{path}/entry", page=path, reason="Looking", code="000000")
    assert answer.status_code == 422
    assert "operator-entry" not in answer.text


def test_the_operator_works_as_a_user_and_both_names_are_written_down(
    app: Flask, alpha: Tenant, client_for: Clients, ticket: str, olive: Known
) -> None:
    visitor = client_for(alpha, None)
    page = visitor.get(ticket)
    assert page.status_code == 200
    assert enter(visitor, ticket, user_id(app, alpha, "sales_manager")) == 303
    text = visitor.get("/customers").text
    assert f"{olive.name} works here as Sales Manager" in text
    # What the user may not, the operator may not.
    assert visitor.get("/roles/new").status_code == 403
    with app.app_context(), tenant(alpha.id):
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "operator.enter")).one()
        assert entry.changes["operator"] == [None, olive.name]
        came = db.session.scalars(select(OperatorEntry)).all()
        assert [(one.operator_name, one.reason) for one in came] == [(olive.name, "Looking at the deal")]
    with app.app_context(), operators():
        noted = models.operator_audit.c
        query = select(noted.operator_name, noted.details).where(
            noted.action == "tenant.enter", noted.tenant_id == alpha.id
        )
        rows = db.session.execute(query).all()
    assert rows[-1].operator_name == olive.name
    assert rows[-1].details["reason"] == "Looking at the deal"
    assert "Looking at the deal" in client_for(alpha).get("/operator-access").text


def test_what_is_the_persons_own_stays_closed(app: Flask, alpha: Tenant, client_for: Clients, ticket: str) -> None:
    visitor = client_for(alpha, None)
    assert enter(visitor, ticket, user_id(app, alpha, "tenant_admin")) == 303
    assert visitor.get("/users").status_code == 200
    for page in ("/operator-access", "/users/new", "/roles/new"):
        assert visitor.get(page).status_code == 403, page
    role = user_id(app, alpha, "salesperson")
    closed = {
        "/operator-access": {"hours": "72", "reason": "More"},
        "/account": {"name": "Another"},
        "/account/password": {"present": "x", "password": "y", "repeated": "y"},
        "/account/sessions/end": {},
        "/users": {"name": "Mallory", "email": "mallory@example.com"},
        f"/users/{role}": {"name": "Mallory", "email": "mallory@example.com"},
        f"/users/{role}/link": {},
        "/roles": {"name": "Everything"},
        "/lists/customers/export": {"format": "csv"},
    }
    for path, form in closed.items():
        assert send(visitor, path, **form).status_code in (403, 404), path


def test_as_a_role_the_operator_only_looks(app: Flask, alpha: Tenant, client_for: Clients, ticket: str) -> None:
    with app.app_context(), tenant(alpha.id):
        role = db.session.scalars(select(Role).where(Role.key == "lot_staff")).one()
    visitor = client_for(alpha, None)
    assert enter(visitor, ticket, to_public("role", role.id)) == 303
    assert visitor.get("/vehicles").status_code == 200
    assert visitor.get("/users").status_code == 403
    assert send(visitor, "/customers", name="Nobody").status_code == 403
    # He who agreed would see more: no way leads there.
    page = visitor.get("/vehicles").text
    assert "You see the pages as the role" in page.replace("&#39;", "'")
    assert "/preview/end" not in page
    assert send(visitor, "/preview/end", page="/vehicles").status_code == 403
    assert visitor.get("/users").status_code == 403
    with app.app_context(), tenant(alpha.id):
        session = db.session.scalars(select(SessionRow.id).where(SessionRow.preview_role_id == role.id)).one()
        with pytest.raises(NotFound), transaction():
            previews.end_preview(Actor(user_id=None, name="x", behind="Olive"), session)


def test_a_ticket_opens_once_and_there_alone(
    app: Flask, alpha: Tenant, beta: Tenant, client_for: Clients, ticket: str
) -> None:
    assert client_for(beta, None).get(ticket).status_code == 404
    first, second = client_for(alpha, None), client_for(alpha, None)
    who = user_id(app, alpha, "sales_manager")
    assert second.get(ticket).status_code == 200
    assert enter(first, ticket, who) == 303
    token = send(second, ticket, page="/sign-in", who=who)
    assert token.status_code == 404
    assert second.get(ticket).status_code == 404


def test_a_changed_or_old_ticket_is_nothing(app: Flask, alpha: Tenant, client_for: Clients, ticket: str) -> None:
    visitor = client_for(alpha, None)
    other = ticket[:-1] + ("A" if ticket[-1] != "A" else "B")
    for changed in (other, ticket.replace(".", "x."), "/operator-entry/x.y"):
        assert visitor.get(changed).status_code == 404
    secret = app.extensions["forecourt_settings"].secret_key
    text = ticket.rpartition("/")[2]
    now = clock.now()
    assert read_ticket(secret, text, alpha.id, now) is not None
    assert read_ticket(secret, text, alpha.id, now + timedelta(minutes=3)) is None
    assert read_ticket("another secret", text, alpha.id, now) is None
    never_agreed = Ticket(new_id(), alpha.id, new_id(), "Mallory", "x", now + timedelta(minutes=1))
    assert visitor.get(f"/operator-entry/{write_ticket(secret, never_agreed)}").status_code == 404


def test_withdrawing_ends_it_at_once(
    app: Flask, alpha: Tenant, client_for: Clients, agreed: FlaskClient, ticket: str, console: FlaskClient
) -> None:
    visitor = client_for(alpha, None)
    assert enter(visitor, ticket, user_id(app, alpha, "sales_manager")) == 303
    assert visitor.get("/customers").status_code == 200
    with app.app_context(), tenant(alpha.id):
        ids = db.session.scalars(select(Consent.id).where(Consent.withdrawn_at.is_(None))).all()
    for consent_id in ids:
        path = f"/operator-access/{to_public('con', consent_id)}/withdraw"
        assert send(agreed, path, page="/operator-access").status_code == 303
    assert visitor.get("/customers").status_code == 303
    work_off(app, alpha, queue="default")
    assert "lets nobody in at the moment" in console.get(f"/platform/dealerships/{alpha.id}").text


def test_the_session_ends_with_the_consent(
    app: Flask, alpha: Tenant, client_for: Clients, ticket: str
) -> None:
    visitor = client_for(alpha, None)
    assert enter(visitor, ticket, user_id(app, alpha, "sales_manager")) == 303
    with app.app_context(), tenant(alpha.id), transaction():
        session = db.session.scalars(
            select(SessionRow).where(SessionRow.behind.is_not(None)).order_by(SessionRow.created_at.desc())
        ).first()
        assert session is not None
        consent = db.session.get(Consent, session.consent_id)
        assert consent is not None
        assert session.expires_at <= consent.until
        db.session.execute(update(SessionRow).where(SessionRow.id == session.id).values(expires_at=func.now()))
    assert visitor.get("/customers").status_code == 303


def test_only_who_has_the_right_lets_anybody_in(alpha: Tenant, client_for: Clients) -> None:
    seller = client_for(alpha, "salesperson")
    assert seller.get("/operator-access").status_code == 403
    assert send(seller, "/operator-access", hours="1", reason=REASON).status_code == 403
    admin = client_for(alpha)
    assert send(admin, "/operator-access", page="/operator-access", hours="500", reason=REASON).status_code == 422


def test_a_session_of_an_operator_is_no_better_elsewhere(
    app: Flask, alpha: Tenant, beta: Tenant, client_for: Clients, ticket: str
) -> None:
    visitor = client_for(alpha, None)
    enter(visitor, ticket, user_id(app, alpha, "tenant_admin"))
    moved = client_for(beta, None)
    moved.set_cookie("session", str(cookie(visitor, alpha)), domain=beta.hosts[0])
    assert moved.get("/customers").status_code == 303
