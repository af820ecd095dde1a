"""Sessions: bound to tenant and host, ended at once, read in the first statement, never anybody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, update

from app.core import clock
from app.core.db import Tenant, db, tenant, transaction
from app.core.http.sessions import hash_token
from app.tenants.models import Grant, Role, SessionRow
from tests.fixtures import people
from tests.fixtures.browsing import cookie, send, token_of
from tests.fixtures.dealerships import HostClient

Clients = Callable[..., FlaskClient]


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """The statements sent within the body."""
    sent: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(conn: object, cursor: object, statement: str, *rest: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def row_of(app: Flask, of: Tenant, client: FlaskClient) -> SessionRow | None:
    with app.app_context(), tenant(of.id):
        digest = hash_token(str(cookie(client, of)))
        return db.session.scalars(select(SessionRow).where(SessionRow.token_hash == digest)).one_or_none()


def change(app: Flask, of: Tenant, client: FlaskClient, **values: object) -> None:
    with app.app_context(), tenant(of.id), transaction():
        digest = hash_token(str(cookie(client, of)))
        db.session.execute(update(SessionRow).where(SessionRow.token_hash == digest).values(**values))


def test_a_cookie_of_one_dealership_is_nothing_at_another_and_stays_what_it_was(
    app: Flask, alpha: Tenant, beta: Tenant, client_for: Clients
) -> None:
    mine = client_for(alpha)
    before = row_of(app, alpha, mine)
    stranger = client_for(beta, None)
    stranger.set_cookie("session", str(cookie(mine, alpha)), domain=beta.hosts[0])
    page = stranger.get("/account")
    assert (page.status_code, page.location) == (303, "/sign-in?next=/account")
    assert stranger.get("/account", headers={"Accept": "application/json"}).status_code == 401
    after = row_of(app, alpha, mine)
    assert before is not None
    assert after is not None
    assert (before.id, before.last_seen_at, before.expires_at) == (after.id, after.last_seen_at, after.expires_at)
    assert mine.get("/account").status_code == 200


def test_two_dealerships_in_one_browser_do_not_disturb_each_other(
    alpha: Tenant, beta: Tenant, client_for: Clients
) -> None:
    browser, other = client_for(alpha, "gm"), client_for(beta, "controller")
    browser.set_cookie("session", str(cookie(other, beta)), domain=beta.hosts[0])
    at_beta = {"base_url": f"http://{beta.hosts[0]}"}
    for _ in range(3):
        assert "Gm" in browser.get("/account").text
        assert "Controller" in browser.get("/account", **at_beta).text


def test_a_session_is_good_at_its_own_host_only(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    client = client_for(alpha)
    change(app, alpha, client, host="another.localhost")
    assert client.get("/account").status_code == 303


def test_a_session_ends_when_idle_and_when_old(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    idle, old, fresh = client_for(alpha), client_for(alpha), client_for(alpha)
    change(app, alpha, idle, last_seen_at=clock.now() - timedelta(minutes=31))
    change(app, alpha, old, expires_at=clock.now() - timedelta(seconds=1))
    change(app, alpha, fresh, last_seen_at=clock.now() - timedelta(minutes=29))
    assert [client.get("/account").status_code for client in (idle, old, fresh)] == [303, 303, 200]


def test_last_seen_is_written_at_most_once_a_minute(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    client = client_for(alpha)
    with statements(app) as sent:
        client.get("/account")
    assert not [text for text in sent if text.lstrip().upper().startswith("UPDATE")]
    change(app, alpha, client, last_seen_at=clock.now() - timedelta(seconds=61))
    with statements(app) as sent:
        client.get("/account")
        client.get("/account")
    assert len([text for text in sent if text.lstrip().upper().startswith("UPDATE")]) == 1


def test_session_user_rights_and_stores_come_with_the_first_statement(
    app: Flask, alpha: Tenant, client_for: Clients
) -> None:
    client = client_for(alpha)
    client.get("/more")
    with statements(app) as sent:
        assert client.get("/more").status_code == 200
    assert len(sent) == 1
    assert "tenants_sessions" in sent[0]


def test_static_files_and_signed_out_pages_ask_the_database_nothing(
    app: Flask, alpha: Tenant, client_for: Clients
) -> None:
    client = client_for(alpha, None)
    client.get("/sign-in")
    with statements(app) as sent:
        assert client.get("/sign-in").status_code == 200
        client_for(alpha).get("/static/x/app.css")
    assert [text for text in sent if "tenants_sessions" in text and "SELECT" in text and "token_hash" in text] == []


def test_a_visitor_has_no_row(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    def count() -> int | None:
        with app.app_context(), tenant(alpha.id):
            return db.session.scalar(select(func.count()).select_from(SessionRow))

    before = count()
    client_for(alpha, None).get("/sign-in")
    assert count() == before


def test_signing_out_ends_the_session_at_once(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    client = client_for(alpha)
    copied = client_for(alpha, None)
    copied.set_cookie("session", str(cookie(client, alpha)), domain=alpha.hosts[0])
    assert copied.get("/account").status_code == 200
    assert send(client, "/sign-out").status_code == 303
    assert cookie(client, alpha) is None
    assert copied.get("/account").status_code == 303


def test_signing_out_everywhere_ends_all_own_sessions_and_nobody_elses(alpha: Tenant, client_for: Clients) -> None:
    here, there, colleague = client_for(alpha, "gm"), client_for(alpha, "gm"), client_for(alpha, "controller")
    assert send(here, "/account/sessions/end").status_code == 303
    assert [client.get("/account").status_code for client in (here, there, colleague)] == [303, 303, 200]


def test_a_change_of_grants_holds_at_the_next_request(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    client = client_for(alpha, "controller")
    assert client.get("/users").status_code == 200
    with app.app_context(), tenant(alpha.id), transaction():
        role = db.session.scalars(select(Role).where(Role.key == "controller")).one()
        grant = db.session.get(Grant, (role.id, "user.see"))
        assert grant is not None
        db.session.delete(grant)
    assert client.get("/users").status_code == 403


def test_disabling_a_user_ends_every_session_at_the_next_request(
    app: Flask, alpha: Tenant, client_for: Clients
) -> None:
    client = client_for(alpha, "parts_clerk")
    assert client.get("/account").status_code == 200
    with app.app_context(), tenant(alpha.id), transaction():
        user = people.find_user("parts_clerk")
        assert user is not None
        user.state = "disabled"
    assert client.get("/account").status_code == 303


def test_over_https_the_cookie_belongs_to_the_host_by_its_name(
    another_app: Callable[..., Flask], alpha: Tenant
) -> None:
    secure = another_app(PUBLIC_SCHEME="https")
    client = HostClient(secure, secure.response_class)
    at = {"base_url": f"https://{alpha.hosts[0]}"}
    data = {
        "csrf_token": token_of(client, "/sign-in", **at),
        "email": people.email("gm"),
        "password": people.PASSWORD,
    }
    answer = client.post("/sign-in", data=data, **at)
    assert answer.status_code == 303
    header = next(text for text in answer.headers.getlist("Set-Cookie") if text.startswith("__Host-session="))
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in header.split(";")}
    assert "Domain" not in header
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
