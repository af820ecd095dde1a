"""Mailed links: one use, one host, one hour; a GET changes nothing and an unknown e-mail gets the same answer."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select, update

from app.core import clock
from app.core.db import Tenant, current_tenant, db, tenant, transaction
from app.core.guard.permissions import system_actor
from app.core.jobs.models import Outbox
from app.tenants.errors import LinkInvalid
from app.tenants.models import Link, Mail, Membership, SignInAttempt, User
from app.tenants.operations import links, users
from app.tenants.rules.signing import INVITATION, PASSWORD_RESET
from tests.fixtures import people
from tests.fixtures.audited import by_hand
from tests.fixtures.browsing import send, sign_in, steady

Clients = Callable[..., FlaskClient]
NEW = "three blue vans by the sea"


@pytest.fixture(autouse=True)
def unthrottled(app: Flask, alpha: Tenant) -> None:
    with app.app_context(), tenant(alpha.id), transaction():
        db.session.execute(delete(SignInAttempt))


def link_for(app: Flask, of: Tenant, role: str, kind: str = PASSWORD_RESET) -> str:
    """The path of a fresh link for that role's user; no other link is open afterwards."""
    with app.app_context(), tenant(of.id), transaction():
        db.session.execute(update(Link).values(used_at=clock.now()))
        user = people.find_user(role)
        assert user is not None
        with by_hand():
            link = db.session.get(Link, links.send_link(user.id, kind))
        assert link is not None
        url = links.link_url(link)
        assert url.startswith(f"http://{of.hosts[0]}:8000/links/link_")
    return url.removeprefix(f"http://{of.hosts[0]}:8000")


def test_a_reset_link_sets_the_password_once_and_ends_every_session(
    app: Flask, alpha: Tenant, client_for: Clients
) -> None:
    somewhere = client_for(alpha, "salesperson")
    path, visitor = link_for(app, alpha, "salesperson"), client_for(alpha, None)
    assert send(visitor, path, page=path, password=NEW, repeated=NEW).location == "/sign-in"
    assert somewhere.get("/account").status_code == 303
    assert sign_in(client_for(alpha, None), people.email("salesperson")).status_code == 401
    assert sign_in(client_for(alpha, None), people.email("salesperson"), NEW).status_code == 303
    assert visitor.get(path).status_code == 404
    again = send(visitor, path, page="/sign-in", password="another blue van by the sea", repeated="x")
    assert (again.status_code, "not valid" in again.text) == (404, True)


def test_opening_a_link_changes_nothing(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    path = link_for(app, alpha, "gm")
    for _ in range(2):
        page = client_for(alpha, None).get(path)
        assert page.status_code == 200
    assert page.headers["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert page.headers["Cache-Control"] == "no-store"
    with app.app_context(), tenant(alpha.id):
        assert db.session.scalar(select(func.count()).where(Link.used_at.is_(None))) == 1


def test_a_refused_password_leaves_the_link_usable(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    path, visitor = link_for(app, alpha, "gm"), client_for(alpha, None)
    for password, repeated in [("short", "short"), (NEW, "not the same"), ("Alpha-Motors-2026!", "Alpha-Motors-2026!")]:
        answer = send(visitor, path, page=path, password=password, repeated=repeated)
        assert answer.status_code == 422
        assert password not in answer.text
    assert visitor.get(path).status_code == 200


def test_an_expired_link_is_no_link(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    path = link_for(app, alpha, "gm")
    with app.app_context(), tenant(alpha.id), transaction():
        db.session.execute(update(Link).values(expires_at=clock.now() - timedelta(seconds=1)))
    assert client_for(alpha, None).get(path).status_code == 404


def test_a_longer_life_cannot_be_had_by_changing_the_row(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    path = link_for(app, alpha, "gm")
    with app.app_context(), tenant(alpha.id), transaction():
        db.session.execute(
            update(Link).where(Link.used_at.is_(None)).values(expires_at=clock.now() + timedelta(days=9))
        )
    assert client_for(alpha, None).get(path).status_code == 404


def test_reset_links_live_an_hour_at_most(app: Flask, alpha: Tenant) -> None:
    link_for(app, alpha, "gm")
    with app.app_context(), tenant(alpha.id):
        link = db.session.scalars(select(Link).where(Link.used_at.is_(None), Link.kind == PASSWORD_RESET)).first()
        assert link is not None
        assert link.expires_at - link.created_at <= timedelta(hours=1)


def test_a_link_of_one_dealership_is_nothing_at_another_even_with_the_same_ids(
    app: Flask, alpha: Tenant, beta: Tenant, client_for: Clients
) -> None:
    path = link_for(app, alpha, "gm")
    with app.app_context(), tenant(alpha.id):
        original = db.session.scalars(select(Link).where(Link.used_at.is_(None))).one()
        values = {name: getattr(original, name) for name in ("id", "user_id", "kind", "created_at", "expires_at")}
    with app.app_context(), tenant(beta.id), transaction():
        db.session.add(Link(**values))
    stranger = client_for(beta, None)
    missing = f"/links/{path.split('/')[2]}/{'x' * 43}"
    assert stranger.get(path).status_code == 404
    assert steady(stranger.get(path).text).replace(path, "") == steady(stranger.get(missing).text).replace(missing, "")
    assert client_for(alpha, None).get(path).status_code == 200


def test_a_newer_link_makes_the_older_useless(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    old = link_for(app, alpha, "gm")
    with app.app_context(), tenant(alpha.id), transaction():
        user = people.find_user("gm")
        assert user is not None
        with by_hand():
            links.send_link(user.id, PASSWORD_RESET)
        used = db.session.scalars(select(Link.used_at).where(Link.user_id == user.id).order_by(Link.id)).all()
    assert used[-1] is None
    assert None not in used[:-1]
    assert client_for(alpha, None).get(old).status_code == 404


def test_asking_for_a_password_tells_nothing_and_mails_the_right_one(
    app: Flask, alpha: Tenant, client_for: Clients
) -> None:
    with app.app_context(), tenant(alpha.id):
        before = db.session.scalar(select(func.count()).where(Outbox.task == links.SEND))
    visitor = client_for(alpha, None)
    known = send(visitor, "/forgotten-password", page="/forgotten-password", email=people.email("controller"))
    unknown = send(visitor, "/forgotten-password", page="/forgotten-password", email="nobody@example.com")
    assert (known.status_code, known.location) == (unknown.status_code, unknown.location) == (303, unknown.location)
    assert known.data == unknown.data
    with app.app_context(), tenant(alpha.id):
        rows = db.session.scalars(select(Outbox).where(Outbox.task == links.SEND)).all()
        assert len(rows) == (before or 0) + 1
        assert all(set(row.payload) == {"link_id"} for row in rows)


def test_the_mail_carries_the_dealerships_own_address_whatever_the_request_said(
    app: Flask, alpha: Tenant, client_for: Clients
) -> None:
    visitor = client_for(alpha, None)
    poison = {"X-Forwarded-Host": "evil.example", "X-Host": "evil.example", "Forwarded": "host=evil.example"}
    page = visitor.get("/forgotten-password")
    from_page = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    data = {"csrf_token": from_page, "email": people.email("controller")}
    assert visitor.post("/forgotten-password", data=data, headers=poison).status_code == 303
    with app.app_context(), tenant(alpha.id):
        row = db.session.scalars(select(Outbox).where(Outbox.task == links.SEND).order_by(Outbox.id.desc())).first()
        assert row is not None
        with transaction():
            links.send_link_mail(uuid.UUID(str(row.payload["link_id"])))
    mails = client_for(alpha, None).get("/mails").text
    assert f"http://{alpha.hosts[0]}:8000/links/link_" in mails
    assert "evil.example" not in mails


def test_a_mails_text_is_sealed_and_the_row_holds_no_token(app: Flask, alpha: Tenant) -> None:
    path = link_for(app, alpha, "gm")
    token = path.rpartition("/")[2]
    with app.app_context(), tenant(alpha.id):
        link = db.session.scalars(select(Link).where(Link.used_at.is_(None))).first()
        assert link is not None
        with transaction():
            links.send_link_mail(link.id)
        mail = db.session.scalars(select(Mail).order_by(Mail.created_at.desc())).first()
        assert mail is not None
        assert token.encode() not in mail.body_enc
        assert token not in str({column.name: getattr(link, column.name) for column in Link.__table__.columns})
        assert token in links.texts_of_mails([mail])[mail.id]


def test_without_the_demos_catcher_there_is_no_such_page(another_app: Callable[..., Flask], alpha: Tenant) -> None:
    client = another_app(DEMO_MAIL="").test_client()
    assert client.get("/mails", base_url=f"http://{alpha.hosts[0]}").status_code == 404


def test_an_invited_user_chooses_a_password_and_signs_in(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    with app.app_context(), tenant(alpha.id), transaction():
        place = db.session.execute(select(Membership.store_id, Membership.role_id)).first()
        assert place is not None
        invited = users.invite_user(
            system_actor("test"), name="Nova Newell", email="nova@example.com", places=[tuple(place)]
        )
        link = db.session.scalars(select(Link).where(Link.user_id == invited.id)).one()
        assert link.kind == INVITATION
        path = links.link_url(link).removeprefix(f"http://{current_tenant().hosts[0]}:8000")
    visitor = client_for(alpha, None)
    assert sign_in(visitor, "nova@example.com", NEW).status_code == 401
    assert "Nova Newell" in visitor.get(path).text
    answer = send(visitor, path, page=path, password=NEW, repeated=NEW)
    assert (answer.status_code, answer.location) == (303, "/")
    assert visitor.get("/account").status_code == 200
    assert sign_in(client_for(alpha, None), "nova@example.com", NEW).status_code == 303


def test_a_disabled_user_gets_no_link_and_can_use_none(app: Flask, alpha: Tenant) -> None:
    path = link_for(app, alpha, "lot_staff")
    with app.app_context(), tenant(alpha.id), transaction():
        db.session.execute(update(User).where(User.name == "Lot Staff").values(state="disabled"))
    with app.app_context(), tenant(alpha.id), pytest.raises(LinkInvalid):
        links.check_link(*path.split("/")[2:])
