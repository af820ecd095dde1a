"""Signing in at the console: the link, the mandatory second factor, throttling, and whose cookie is worth what."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app.core import clock
from app.core.db import Tenant, db, operators, transaction
from app.core.db.columns import new_id
from app.core.db.ids import to_public
from app.core.http.sessions import hash_token, new_token
from app.operators import models, rules
from app.operators.cli import group
from app.operators.errors import LastOperator
from app.operators.operations import accounts
from app.operators.operations.actor import COMMAND_LINE
from tests.fixtures.browsing import TOKEN, cookie, send
from tests.fixtures.dealerships import HostClient
from tests.operators.conftest import HOST, PASSWORD, Known, code_of

SIGN_IN = "/platform/sign-in"


def audit(app: Flask, action: str) -> int:
    with app.app_context(), operators():
        entry = models.operator_audit.c
        return db.session.scalar(select(func.count()).where(entry.action == action)) or 0


def test_a_link_sets_password_and_second_factor_once(app: Flask, stranger: FlaskClient) -> None:
    result = app.test_cli_runner().invoke(group, ["create", "nora@example.com", "--name", "Nora"])
    assert result.exit_code == 0, result.output
    path = re.search(r"(/platform/links/\S+)", result.output)
    assert path
    page = stranger.get(path[1])
    assert page.status_code == 200
    assert "data:image/svg+xml" in page.text
    secret = re.search(r"<code translate=\"no\">([A-Z2-7]{32})</code>", page.text)
    assert secret
    # Looking changes nothing: the same secret stands there again.
    assert secret[1] in stranger.get(path[1]).text
    form = {"password": PASSWORD, "repeated": PASSWORD}
    assert send(stranger, path[1], page=path[1], **form, code="000000").status_code == 422
    assert send(stranger, path[1], page=path[1], **form, code=code_of(secret[1])).status_code == 303
    assert stranger.get(path[1]).status_code == 404
    # The code that enrolled is spent.
    answer = send(stranger, SIGN_IN, page=SIGN_IN, email="nora@example.com", password=PASSWORD, code=code_of(secret[1]))
    assert answer.status_code == 422
    with app.app_context(), operators(), transaction():
        db.session.execute(update(models.operators).values(totp_step=None))
    answer = send(stranger, SIGN_IN, page=SIGN_IN, email="nora@example.com", password=PASSWORD, code=code_of(secret[1]))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/platform")
    assert stranger.get_cookie("operator", HOST) is not None
    assert stranger.get("/platform").status_code == 200
    assert send(stranger, "/platform/sign-out", page="/platform").status_code == 303
    assert stranger.get("/platform").status_code == 303


@pytest.mark.parametrize(
    "wrong",
    [{"password": "something else entirely"}, {"code": "000000"}, {"code": ""}, {"email": "nobody@example.com"}],
)
def test_whatever_is_wrong_the_answer_is_one(
    app: Flask, stranger: FlaskClient, olive: Known, fresh_code: Callable[[], str], wrong: dict[str, str]
) -> None:
    right = {"email": olive.email, "password": PASSWORD, "code": fresh_code()}
    before = audit(app, "session.refused")
    answer = send(stranger, SIGN_IN, page=SIGN_IN, **{**right, **wrong})
    assert answer.status_code == 422
    if wrong.get("code") != "":
        assert "E-mail, password or code is wrong" in answer.text
        assert audit(app, "session.refused") == before + 1
    assert stranger.get_cookie("operator", HOST) is None
    assert PASSWORD not in answer.text


def test_a_code_is_good_once(stranger: FlaskClient, olive: Known, fresh_code: Callable[[], str]) -> None:
    right = {"email": olive.email, "password": PASSWORD, "code": fresh_code()}
    assert send(stranger, SIGN_IN, page=SIGN_IN, **right).status_code == 303
    send(stranger, "/platform/sign-out", page="/platform")
    assert send(stranger, SIGN_IN, page=SIGN_IN, **right).status_code == 422


def test_guessing_is_slowed_down(stranger: FlaskClient, olive: Known) -> None:
    wrong = {"email": olive.email, "password": PASSWORD, "code": "000000"}
    statuses = [send(stranger, SIGN_IN, page=SIGN_IN, **wrong).status_code for _ in range(12)]
    assert statuses[0] == 422
    assert statuses[-1] == 429


def test_cookies_of_one_kind_are_nothing_at_the_other(
    app: Flask, alpha: Tenant, client_for: Callable[..., FlaskClient], console: FlaskClient, stranger: FlaskClient
) -> None:
    operators_cookie = console.get_cookie("operator", HOST)
    assert operators_cookie is not None
    admin = client_for(alpha)
    users = str(cookie(admin, alpha))
    for name in ("session", "operator"):
        client = client_for(alpha, None)
        client.set_cookie(name, operators_cookie.value, domain=alpha.hosts[0])
        assert client.get("/customers").status_code == 303
    fresh = app.test_client()
    for name in ("session", "operator"):
        fresh.set_cookie(name, users, domain=HOST)
        answer = fresh.get("/platform", base_url=f"http://{HOST}")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/platform/sign-in?next=/platform")


def test_a_form_token_of_one_host_is_nothing_at_the_other(
    alpha: Tenant, client_for: Callable[..., FlaskClient], console: FlaskClient
) -> None:
    page = client_for(alpha).get("/account").text
    token = TOKEN.search(page)
    assert token
    answer = console.post("/platform/queues/look", data={"csrf_token": token[1]})
    assert answer.status_code == 403
    assert console.post("/platform/queues/look").status_code == 403


def test_a_disabled_operator_is_out_at_once(
    app: Flask, make_operator: Callable[[], Known], console: FlaskClient, fresh_code: Callable[[], str], olive: Known
) -> None:
    other = make_operator()
    with app.app_context(), operators(), transaction():
        accounts.disable_operator(COMMAND_LINE, olive.id)  # type: ignore[arg-type]
    assert console.get("/platform").status_code == 303
    with app.app_context(), operators():
        with transaction():
            token = accounts.enable_operator(COMMAND_LINE, olive.id)  # type: ignore[arg-type]
        _, _, secret = accounts.look_at_link(token)
        with transaction():
            accounts.use_link(token, password=PASSWORD, repeated=PASSWORD, code=code_of(secret), address="")
    object.__setattr__(olive, "secret", secret)
    assert other.secret != secret


def test_the_last_operator_stays(app: Flask, olive: Known) -> None:
    with app.app_context(), operators():
        ids = db.session.scalars(select(models.operators.c.id).where(models.operators.c.id != olive.id)).all()
        for one in ids:
            with transaction():
                db.session.execute(
                    update(models.operators).where(models.operators.c.id == one).values(disabled_at=func.now())
                )
        with pytest.raises(LastOperator), transaction():
            accounts.disable_operator(COMMAND_LINE, olive.id)  # type: ignore[arg-type]


def test_no_secret_of_an_operator_stands_in_the_clear(app: Flask, olive: Known) -> None:
    with app.app_context(), operators():
        row = db.session.execute(select(models.operators).where(models.operators.c.id == olive.id)).one()
    stored = repr(tuple(row))
    assert olive.secret not in stored
    assert olive.email not in stored
    assert PASSWORD not in stored


def test_adding_an_operator_asks_for_the_second_factor(
    console: FlaskClient, fresh_code: Callable[[], str]
) -> None:
    page = "/platform/operators"
    form = {"name": "Pat", "email": "pat@example.com"}
    assert send(console, page, page=page, **form, code="000000").status_code == 422
    answer = send(console, page, page=page, **form, code=fresh_code())
    assert answer.status_code == 200
    assert "/platform/links/" in answer.text
    assert send(console, page, page=page, **form, code=fresh_code()).status_code == 409


def test_sessions_are_listed_and_ended_by_another(
    app: Flask, make_operator: Callable[[], Known], console: FlaskClient
) -> None:
    other, page = make_operator(), "/platform/operators"
    visitor, token = HostClient(app, app.response_class), new_token()
    visitor.host = HOST
    with app.app_context(), operators(), transaction():
        row = {"id": new_id(), "token_hash": hash_token(token), "operator_id": other.id, "agent": "Firefox on Linux"}
        expires = {"expires_at": clock.now() + rules.SESSION_LIFE}
        db.session.execute(models.operator_sessions.insert().values(**row, **expires))
    visitor.set_cookie("operator", token, domain=HOST)
    assert visitor.get("/platform").status_code == 200
    path = f"{page}/sessions/{to_public('ses', row['id'])}/end"
    text = console.get(page).text
    assert "Firefox on Linux" in text
    assert path in text
    # One's own has no button: that is signing out.
    assert "this one" in text
    assert send(console, path, page=page).status_code == 303
    assert visitor.get("/platform").status_code == 303
    assert send(console, path, page=page).status_code == 404
    with app.app_context(), operators():
        noted = select(models.operator_audit.c.details).where(models.operator_audit.c.action == "session.revoke")
        assert {"operator": other.name} in db.session.scalars(noted).all()
