"""Signing in with a second factor: codes once, five tries, recovery codes, and no way around it (checklist 9 to 11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core.db import Tenant, db, tenant, transaction
from app.core.db.ids import to_public
from app.core.guard.models import AuditEntry
from app.tenants.models import CodeApp, Link, RecoveryCode, Role
from app.tenants.operations import links
from app.tenants.rules.signing import FACTOR_TRIES, FREE, PASSWORD_RESET
from tests.fixtures import people
from tests.fixtures.audited import by_hand
from tests.fixtures.browsing import cookie, send, sign_in, token_of
from tests.fixtures.factors import Clock, demand, forget_all, session_of, set_up

Clients = Callable[..., FlaskClient]
OTHER = "quiet river under nine bridges"


@pytest.fixture
def time(app: Flask, alpha: Tenant, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """Time stands still; nobody in alpha has a second factor before or after the test."""
    forget_all(app, alpha)
    yield Clock(monkeypatch)
    forget_all(app, alpha)


def answer(client: FlaskClient, code: str, **data: str) -> TestResponse:
    return send(client, "/sign-in/factor", page="/sign-in/factor", code=code, **data)


def refusals(app: Flask, of: Tenant) -> int:
    with app.app_context(), tenant(of.id):
        return len(db.session.scalars(select(AuditEntry.id).where(AuditEntry.action == "factor.refused")).all())


def test_9_after_the_password_a_code_is_asked_for_and_nothing_opens_before(
    app: Flask, alpha: Tenant, client_for: Clients, time: Clock
) -> None:
    phone, _ = set_up(client_for(alpha, "gm"), time)
    client = client_for(alpha, None)
    asked = sign_in(client, people.email("gm"), next="/customers")
    assert (asked.status_code, asked.location) == (303, "/sign-in/factor?next=/customers")
    assert cookie(client, alpha) is None
    assert client.get("/customers").status_code == 303
    opened = answer(client, phone.next_code(), next="/customers")
    assert (opened.status_code, opened.location) == (303, "/customers")
    assert client.get("/customers").status_code == 200
    row = session_of(app, alpha, client)
    assert row is not None
    assert row.factor_at == time.now
    assert cookie(client, alpha, "challenge") is None


def test_9_a_code_is_taken_once_and_none_before_it(alpha: Tenant, client_for: Clients, time: Clock) -> None:
    phone, _ = set_up(client_for(alpha, "gm"), time)
    shown = phone.next_code()
    first, second = client_for(alpha, None), client_for(alpha, None)
    sign_in(first, people.email("gm"))
    sign_in(second, people.email("gm"))
    assert answer(first, shown).status_code == 303
    refused = answer(second, shown)
    assert refused.status_code == 422
    assert "used already" in refused.text
    time.move(seconds=29)
    assert answer(second, shown).status_code == 422
    assert answer(second, phone.next_code()).status_code == 303


def test_9_a_code_two_steps_old_is_refused(alpha: Tenant, client_for: Clients, time: Clock) -> None:
    phone, _ = set_up(client_for(alpha, "gm"), time)
    client = client_for(alpha, None)
    late = phone.next_code()
    sign_in(client, people.email("gm"))
    time.move(seconds=60)
    assert answer(client, late).status_code == 422


def test_9_five_wrong_codes_lead_back_to_the_password(
    app: Flask, alpha: Tenant, client_for: Clients, time: Clock
) -> None:
    phone, _ = set_up(client_for(alpha, "gm"), time)
    client, before = client_for(alpha, None), refusals(app, alpha)
    sign_in(client, people.email("gm"))
    page = token_of(client, "/sign-in/factor")
    for _ in range(FACTOR_TRIES):
        assert client.post("/sign-in/factor", data={"csrf_token": page, "code": "000000"}).status_code == 422
    over = client.post("/sign-in/factor", data={"csrf_token": page, "code": phone.next_code()})
    assert (over.status_code, over.location) == (303, "/sign-in")
    assert client.get("/sign-in/factor").location == "/sign-in"
    assert cookie(client, alpha) is None
    assert refusals(app, alpha) == before + FACTOR_TRIES


def test_9_however_often_the_password_is_given_again_codes_are_slowed_down(
    alpha: Tenant, client_for: Clients, time: Clock
) -> None:
    phone, _ = set_up(client_for(alpha, "gm"), time)
    statuses = []
    for _ in range(FREE["factor"] // FACTOR_TRIES + 1):
        client = client_for(alpha, None)
        sign_in(client, people.email("gm"))
        statuses += [answer(client, "000000").status_code for _ in range(FACTOR_TRIES)]
    assert statuses == [422] * FREE["factor"] + [429] * FACTOR_TRIES
    sign_in(client, people.email("gm"))
    blocked = answer(client, phone.totp.at(time.now, counter_offset=1))
    assert blocked.status_code == 429
    assert int(blocked.headers["Retry-After"]) <= 15
    time.move(seconds=20)
    assert answer(client, phone.next_code()).status_code == 303


def test_9_a_recovery_code_lets_in_once(app: Flask, alpha: Tenant, client_for: Clients, time: Clock) -> None:
    _, codes = set_up(client_for(alpha, "gm"), time)
    assert len(codes) == 10
    for used, status in ((codes[3].lower().replace("-", " "), 303), (codes[3], 422), (codes[4], 303)):
        client = client_for(alpha, None)
        sign_in(client, people.email("gm"))
        assert answer(client, used).status_code == status
    with app.app_context(), tenant(alpha.id):
        stored = db.session.scalars(select(RecoveryCode.code_hash)).all()
        assert not [code for code in codes if code.encode() in stored or code.replace("-", "").encode() in stored]


def test_9_the_secret_is_stored_sealed(app: Flask, alpha: Tenant, client_for: Clients, time: Clock) -> None:
    phone, _ = set_up(client_for(alpha, "gm"), time)
    with app.app_context(), tenant(alpha.id):
        sealed = db.session.scalars(select(CodeApp.secret_enc)).one()
    assert phone.totp.secret.encode() not in sealed


def test_a_challenge_of_one_dealership_is_nothing_at_another(
    alpha: Tenant, beta: Tenant, client_for: Clients, time: Clock
) -> None:
    phone, _ = set_up(client_for(alpha, "gm"), time)
    client, stranger = client_for(alpha, None), client_for(beta, None)
    sign_in(client, people.email("gm"))
    stranger.set_cookie("challenge", str(cookie(client, alpha, "challenge")), domain=beta.hosts[0])
    assert stranger.get("/sign-in/factor").location == "/sign-in"
    refused = send(stranger, "/sign-in/factor", page="/sign-in", code=phone.next_code())
    assert refused.location == "/sign-in"
    assert cookie(stranger, beta) is None


def test_8_and_10_a_new_password_by_mail_does_not_skip_the_second_factor(
    app: Flask, alpha: Tenant, client_for: Clients, time: Clock
) -> None:
    here = client_for(alpha, "bdc_agent")
    phone, _ = set_up(here, time)
    with app.app_context(), tenant(alpha.id), transaction():
        user = people.find_user("bdc_agent")
        assert user is not None
        with by_hand():
            link = db.session.get(Link, links.send_link(user.id, PASSWORD_RESET))
        assert link is not None
        url = links.link_url(link)
    path = "/links/" + url.partition("/links/")[2]
    client = client_for(alpha, None)
    assert send(client, path, page=path, password=OTHER, repeated=OTHER).status_code == 303
    assert here.get("/account").status_code == 303
    assert sign_in(client, people.email("bdc_agent"), OTHER).location == "/sign-in/factor"
    assert answer(client, phone.next_code()).status_code == 303


def test_10_signing_in_in_place_asks_for_the_code_too(alpha: Tenant, client_for: Clients, time: Clock) -> None:
    here = client_for(alpha, "gm")
    phone, _ = set_up(here, time)
    mark = here.get("/account").text.partition('data-again="')[2].partition('"')[0]
    client = client_for(alpha, None)
    again = {"who": mark, "password": people.PASSWORD}
    page = f"/sign-in/again?who={mark}"
    assert "Code of your app" in client.get(page).text
    assert send(client, "/sign-in/again", page=page, **again).status_code == 422
    assert cookie(client, alpha) is None
    assert send(client, "/sign-in/again", page=page, code=phone.next_code(), **again).status_code == 204
    assert client.get("/account").status_code == 200


def test_10_what_a_passkey_is_asked_in_place_lets_nobody_in_with_a_code_alone(
    alpha: Tenant, client_for: Clients, time: Clock
) -> None:
    here = client_for(alpha, "gm")
    phone, _ = set_up(here, time)
    mark = here.get("/account").text.partition('data-again="')[2].partition('"')[0]
    client = client_for(alpha, None)
    page, options = f"/sign-in/again?who={mark}", f"/sign-in/again/options?who={mark}"
    assert send(client, f"{options}x", page=page).status_code == 404
    asked = send(client, options, page=page)
    assert (asked.status_code, asked.json["userVerification"], asked.json["allowCredentials"]) == (200, "required", [])
    tried = send(client, "/sign-in/factor", page="/sign-in", code=phone.next_code())
    assert (tried.status_code, tried.location) == (303, "/sign-in")
    assert send(client, options, page=page).status_code == 200
    forged = {"who": mark, "passkey": "{}", "password": "", "code": phone.next_code()}
    assert send(client, "/sign-in/again", page=page, **forged).status_code == 422
    assert send(client, "/sign-in/again", page=page, **{**forged, "passkey": ""}).status_code == 422
    assert client.get("/account").status_code == 303


def test_11_a_new_factor_renews_the_token_and_ends_the_other_sessions(
    alpha: Tenant, client_for: Clients, time: Clock
) -> None:
    here, elsewhere, stolen = client_for(alpha, "gm"), client_for(alpha, "gm"), client_for(alpha, None)
    stolen.set_cookie("session", str(cookie(here, alpha)), domain=alpha.hosts[0])
    assert stolen.get("/account").status_code == 200
    set_up(here, time)
    assert here.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 303
    assert stolen.get("/account").status_code == 303


def test_whose_role_demands_one_sets_one_up_before_anything_else(
    app: Flask, alpha: Tenant, client_for: Clients, time: Clock
) -> None:
    demand(app, alpha, "controller")
    client = client_for(alpha, None)
    assert sign_in(client, people.email("controller"), next="/deals").location == "/deals"
    led = client.get("/deals")
    assert (led.status_code, led.location) == (303, "/account/factors?next=/deals")
    assert client.get("/").location == "/account/factors?next=/"
    assert send(client, "/account", page="/account/factors", name="X").status_code == 403
    # In one's own language, though.
    for locale in ("zh", "en"):
        assert send(client, "/preferences", page="/account/factors", locale=locale).status_code == 303
    refused = client.get("/deals", headers={"Accept": "application/json"})
    assert (refused.status_code, refused.json["code"]) == (403, "second_factor_missing")
    assert client.get("/deals", headers={"HX-Request": "true"}).headers["HX-Redirect"].startswith("/account/factors")
    set_up(client, time)
    assert client.get("/deals").status_code == 200
    # It stays: the last one cannot be taken away again.
    kept = send(client, "/account/factors/app/remove", page="/account/factors")
    assert kept.status_code == 409
    assert "your only one" in kept.text


def test_a_role_that_begins_to_demand_one_holds_at_the_next_request(
    app: Flask, alpha: Tenant, client_for: Clients, time: Clock
) -> None:
    client, admin = client_for(alpha, "cashier"), client_for(alpha)
    assert client.get("/customers").status_code == 200
    with app.app_context(), tenant(alpha.id):
        role = to_public("role", db.session.scalars(select(Role.id).where(Role.key == "cashier")).one())
    assert send(admin, f"/roles/{role}/factor", page="/roles/new", required="1").status_code == 303
    assert client.get("/customers").location.startswith("/account/factors")
    assert send(admin, f"/roles/{role}/factor", page="/roles/new").status_code == 303
    assert client.get("/customers").status_code == 200


def test_removing_the_last_one_makes_the_password_enough_again(
    alpha: Tenant, client_for: Clients, time: Clock
) -> None:
    client = client_for(alpha, "gm")
    set_up(client, time)
    assert send(client, "/account/factors/app/remove", page="/account/factors").status_code == 303
    assert sign_in(client_for(alpha, None), people.email("gm")).location == "/"


def test_new_recovery_codes_void_the_old_ones(alpha: Tenant, client_for: Clients, time: Clock) -> None:
    here = client_for(alpha, "gm")
    _, old = set_up(here, time)
    page = send(here, "/account/factors/codes", page="/account/factors").text
    client = client_for(alpha, None)
    sign_in(client, people.email("gm"))
    assert answer(client, old[0]).status_code == 422
    fresh = page.partition("<li><code>")[2].partition("</code>")[0]
    assert answer(client, fresh).status_code == 303


def test_a_picture_is_shown_to_its_owner_alone_and_never_stored(
    alpha: Tenant, client_for: Clients, time: Clock
) -> None:
    here, other = client_for(alpha, "gm"), client_for(alpha, "controller")
    send(here, "/account/factors/app", page="/account/factors")
    drawn = here.get("/account/factors/app/code.svg")
    assert (drawn.status_code, drawn.mimetype) == (200, "image/svg+xml")
    assert drawn.headers["Cache-Control"] == "no-store"
    assert b"<script" not in drawn.data
    assert b"style=" not in drawn.data
    assert other.get("/account/factors/app/code.svg").status_code == 404
