"""Showing it once more before what matters, new tokens, and sessions that others end (checklist 11, 14 to 16)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update
from werkzeug.test import TestResponse

from app.core.db import Tenant, db, tenant, transaction
from app.core.db.ids import to_public
from app.core.guard.models import AuditEntry
from app.core.http.stepup import FRESH
from app.core.jobs.models import Outbox
from app.notifications.models import Item
from app.tenants.models import Role, SessionRow, User
from tests.fixtures import people
from tests.fixtures.browsing import cookie, send, sign_in, token_of
from tests.fixtures.factors import Clock, forget_all, session_of, set_up

Clients = Callable[..., FlaskClient]


@pytest.fixture
def time(app: Flask, alpha: Tenant, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """Time stands still; nobody in alpha has a second factor before or after the test."""
    forget_all(app, alpha)
    yield Clock(monkeypatch)
    forget_all(app, alpha)


def role_of(app: Flask, of: Tenant, key: str) -> str:
    with app.app_context(), tenant(of.id):
        return to_public("role", db.session.scalars(select(Role.id).where(Role.key == key)).one())


def user_of(app: Flask, of: Tenant, role: str) -> tuple[str, User]:
    with app.app_context(), tenant(of.id):
        user = people.find_user(role)
        assert user is not None
        return to_public("usr", user.id), user


def demands(app: Flask, of: Tenant, key: str) -> bool | None:
    with app.app_context(), tenant(of.id):
        return db.session.scalar(select(Role.requires_second_factor).where(Role.key == key))


def sent_by(page: TestResponse) -> dict[str, str]:
    """The hidden fields a page would send back."""
    found = {}
    for part in page.text.partition("<main")[2].partition("</main>")[0].split('<input type="hidden" name="')[1:]:
        name, _, rest = part.partition('" value="')
        found.setdefault(name, rest.partition('"')[0])
    return found


def test_what_was_sent_goes_on_with_the_answer(app: Flask, alpha: Tenant, client_for: Clients, time: Clock) -> None:
    client, path = client_for(alpha), f"/roles/{role_of(app, alpha, 'cashier')}/factor"
    phone, _ = set_up(client, time)
    time.move(seconds=FRESH.total_seconds() + 1)
    asked = send(client, path, page="/account", required="1")
    assert asked.status_code == 403
    assert f'action="{path}"' in asked.text
    assert demands(app, alpha, "cashier") is False
    carried = sent_by(asked)
    assert carried["required"] == "1"
    wrong = client.post(path, data={**carried, "proof_code": "000000"})
    assert wrong.status_code == 422
    assert demands(app, alpha, "cashier") is False
    before = cookie(client, alpha)
    done = client.post(path, data={**sent_by(wrong), "proof_code": phone.next_code()})
    assert done.status_code == 303
    assert demands(app, alpha, "cashier") is True
    assert cookie(client, alpha) != before
    # For a quarter of an hour nobody asks again.
    time.move(seconds=FRESH.total_seconds() - 1)
    assert send(client, path, page="/account").status_code == 303


def test_whoever_has_no_second_factor_is_asked_only_where_a_password_will_do(
    app: Flask, alpha: Tenant, client_for: Clients, time: Clock
) -> None:
    client, path = client_for(alpha), f"/roles/{role_of(app, alpha, 'cashier')}/factor"
    with app.app_context(), tenant(alpha.id), transaction():
        db.session.execute(update(SessionRow).values(proved_at=time.now - timedelta(hours=1)))
    assert send(client, path, page="/account").status_code == 303
    asked = send(client, "/account/factors/app", page="/account/factors")
    assert asked.status_code == 403
    assert "proof_password" in asked.text
    wrong = client.post("/account/factors/app", data={**sent_by(asked), "proof_password": "not the password"})
    assert wrong.status_code == 422
    done = client.post("/account/factors/app", data={**sent_by(wrong), "proof_password": people.PASSWORD})
    assert (done.status_code, done.location) == (303, "/account/factors/app")


def test_a_page_that_is_read_asks_elsewhere_and_leads_back(alpha: Tenant, client_for: Clients, time: Clock) -> None:
    client = client_for(alpha, "gm")
    phone, _ = set_up(client, time)
    time.move(minutes=16)
    send(client, "/confirm", page="/account", next="/account/factors", proof_code=phone.code())
    send(client, "/account/factors/app", page="/account/factors")
    time.move(minutes=16)
    led = client.get("/account/factors/app")
    assert (led.status_code, led.location) == (303, "/confirm?next=/account/factors/app")
    shown = send(client, "/confirm", page="/confirm", next="/account/factors/app", proof_code=phone.code())
    assert (shown.status_code, shown.location) == (303, "/account/factors/app")
    assert client.get("/account/factors/app").status_code == 200
    time.move(minutes=16)
    away = send(client, "/confirm", page="/confirm", next="//evil.example", proof_code=phone.code())
    assert away.location == "/"
    refused = client.post(
        "/account/factors/codes", data={"csrf_token": token_of(client)}, headers={"Accept": "application/json"}
    )
    assert refused.status_code == 200
    time.move(minutes=16)
    refused = client.post(
        "/account/factors/codes", data={"csrf_token": token_of(client)}, headers={"Accept": "application/json"}
    )
    assert (refused.status_code, refused.json["code"]) == (403, "proof_needed")


def test_the_answer_counts_like_any_other_guess(alpha: Tenant, client_for: Clients, time: Clock) -> None:
    client = client_for(alpha, "gm")
    set_up(client, time)
    time.move(minutes=16)
    tries = [send(client, "/confirm", page="/account", proof_code="000000").status_code for _ in range(11)]
    assert tries == [422] * 10 + [429]


def test_11_the_token_before_the_proof_is_dead(alpha: Tenant, client_for: Clients, time: Clock) -> None:
    client, thief = client_for(alpha, "gm"), client_for(alpha, None)
    phone, _ = set_up(client, time)
    time.move(minutes=16)
    thief.set_cookie("session", str(cookie(client, alpha)), domain=alpha.hosts[0])
    assert thief.get("/account").status_code == 200
    assert send(client, "/confirm", page="/account", proof_code=phone.code()).status_code == 303
    assert thief.get("/account").status_code == 303
    assert client.get("/account").status_code == 200


def test_11_a_request_that_still_had_the_old_token_takes_the_new_one_away_from_nobody(
    alpha: Tenant, client_for: Clients, time: Clock
) -> None:
    client, late = client_for(alpha, "gm"), client_for(alpha, None)
    late.set_cookie("session", str(cookie(client, alpha)), domain=alpha.hosts[0])
    set_up(client, time)
    answer = late.get("/account")
    assert answer.status_code == 303
    assert not [text for text in answer.headers.getlist("Set-Cookie") if text.startswith("session=")]


def test_14_a_session_ends_idle_after_30_minutes_and_for_good_after_12_hours(
    app: Flask, alpha: Tenant, client_for: Clients, time: Clock
) -> None:
    client = client_for(alpha, None)
    sign_in(client, people.email("gm"))
    time.move(minutes=29)
    assert client.get("/account").status_code == 200
    time.move(minutes=31)
    assert client.get("/account").status_code == 303
    sign_in(client, people.email("gm"))
    row = session_of(app, alpha, client)
    assert row is not None
    assert row.expires_at - time.now == timedelta(hours=12)
    for _ in range(25):
        assert client.get("/account").status_code == 200
        time.move(minutes=29)
    assert client.get("/account").status_code == 303


def test_15_and_16_an_administrator_ends_one_session_of_somebody(
    app: Flask, alpha: Tenant, client_for: Clients, time: Clock
) -> None:
    admin, phone, desk = client_for(alpha), client_for(alpha, "cashier"), client_for(alpha, "cashier")
    public, _ = user_of(app, alpha, "cashier")
    row = session_of(app, alpha, phone)
    assert row is not None
    session = to_public("ses", row.id)
    assert session in admin.get(f"/users/{public}").text
    assert send(admin, f"/users/{public}/sessions/{session}/end").status_code == 303
    assert [client.get("/customers").status_code for client in (phone, desk)] == [303, 200]
    stranger, _ = user_of(app, alpha, "technician")
    other = session_of(app, alpha, desk)
    assert other is not None
    assert send(admin, f"/users/{stranger}/sessions/{to_public('ses', other.id)}/end").status_code == 404
    assert desk.get("/customers").status_code == 200


def test_16_one_ends_a_session_of_ones_own_and_nobody_elses(
    app: Flask, alpha: Tenant, client_for: Clients, time: Clock
) -> None:
    here, there, colleague = client_for(alpha, "gm"), client_for(alpha, "gm"), client_for(alpha, "cashier")
    rows = [session_of(app, alpha, client) for client in (there, colleague)]
    ended = [send(here, f"/account/sessions/{to_public('ses', row.id)}/end").status_code for row in rows if row]
    assert ended == [303, 404]
    assert [client.get("/account").status_code for client in (here, there, colleague)] == [200, 303, 200]


def test_16_another_address_asks_for_a_proof_and_another_name_does_not(
    app: Flask, alpha: Tenant, client_for: Clients, time: Clock
) -> None:
    admin, (public, user) = client_for(alpha), user_of(app, alpha, "parts_clerk")
    page = admin.get(f"/users/{public}")
    form = {**sent_by(page), "name": "Pat Parts", "email": people.email("parts_clerk")}
    form["places"] = page.text.split('name="places" value="')[1].partition('"')[0]
    with app.app_context(), tenant(alpha.id), transaction():
        db.session.execute(update(SessionRow).values(proved_at=time.now - timedelta(hours=1)))
    assert admin.post(f"/users/{public}", data=form).status_code == 303
    form = {**sent_by(admin.get(f"/users/{public}")), **{k: form[k] for k in ("name", "places")}, "email": "new@x.test"}
    asked = admin.post(f"/users/{public}", data=form)
    assert asked.status_code == 403
    assert user_of(app, alpha, "parts_clerk")[1].id == user.id
    done = admin.post(f"/users/{public}", data={**sent_by(asked), "proof_password": people.PASSWORD})
    assert done.status_code == 303
    with app.app_context(), tenant(alpha.id):
        assert people.find_user("parts_clerk") is None


def test_a_reset_by_an_administrator_is_written_down_and_mailed(
    app: Flask, alpha: Tenant, client_for: Clients, time: Clock
) -> None:
    admin, client = client_for(alpha), client_for(alpha, "salesperson")
    set_up(client, time)
    public, user = user_of(app, alpha, "salesperson")
    assert "In use" in admin.get(f"/users/{public}").text
    with app.app_context(), tenant(alpha.id), transaction():
        # What setting it up owed has been mailed by now.
        db.session.execute(delete(Outbox).where(Outbox.queue == "notify"))
    assert send(admin, f"/users/{public}/factors/reset", page="/account").status_code == 303
    assert client.get("/account").status_code == 303
    assert sign_in(client_for(alpha, None), people.email("salesperson")).location == "/"
    with app.app_context(), tenant(alpha.id):
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "factor.reset")).one()
        assert entry.record_id == user.id
        told = select(Item.topic).where(Item.user_id == user.id)
        assert "security.factor" in db.session.scalars(told).all()
        owed = db.session.scalars(select(Outbox.payload).where(Outbox.queue == "notify")).one()
        assert (owed["user"], owed["topic"]) == (str(user.id), "security.factor")


def test_nobody_resets_the_factors_of_somebody_who_may_more(
    app: Flask, alpha: Tenant, client_for: Clients, time: Clock
) -> None:
    boss = client_for(alpha)
    set_up(boss, time)
    public, _ = user_of(app, alpha, "tenant_admin")
    assert send(client_for(alpha, "gm"), f"/users/{public}/factors/reset").status_code == 403
    client = client_for(alpha, None)
    assert sign_in(client, people.email("tenant_admin")).location == "/sign-in/factor"


def test_a_new_password_is_never_carried_through_a_page(alpha: Tenant, client_for: Clients, time: Clock) -> None:
    client = client_for(alpha, "gm")
    set_up(client, time)
    time.move(minutes=16)
    typed = {"present": people.PASSWORD, "password": "quiet river under nine bridges", "repeated": "the same again"}
    led = send(client, "/account/password", **typed, page="/account")
    assert (led.status_code, led.location) == (303, "/confirm?next=/")
    page = client.get(led.location).text
    assert "enter it again" in page
    assert not [text for text in typed.values() if text in page]
