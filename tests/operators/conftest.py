"""The console under test: an operator who has enrolled, and browsers at the operators' host."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from app.core import clock
from app.core.db import db, operators, platform, transaction
from app.core.db.columns import new_id
from app.core.db.platform import outbox
from app.core.guard import totp
from app.core.http.sessions import hash_token, new_token
from app.core.jobs import runner
from app.operators import models, rules
from app.operators.operations import accounts
from app.operators.operations.actor import COMMAND_LINE
from tests.fixtures.dealerships import HostClient
from worker.tasks import load

HOST = "operator.localhost"
PASSWORD = "violet lamp tractor orchard 81"
_numbers = itertools.count(1)
load()


@dataclass(frozen=True)
class Known:
    """An operator who can sign in."""

    id: object
    name: str
    email: str
    secret: str


@pytest.fixture(scope="session")
def make_operator(app: Flask) -> Callable[[], Known]:
    """`make_operator()`: an operator who has chosen a password and connected an authenticator app."""

    def make() -> Known:
        number = next(_numbers)
        name, email = f"Olive Operator {number}", f"olive{number}@example.com"
        with app.app_context(), operators():
            with transaction():
                operator_id, token = accounts.add_operator(COMMAND_LINE, name=name, email=email)
            _, _, secret = accounts.look_at_link(token)
            with transaction():
                code = code_of(secret)
                accounts.use_link(token, password=PASSWORD, repeated=PASSWORD, code=code, address="127.0.0.1")
        return Known(operator_id, name, email, secret)

    return make


@pytest.fixture(scope="session")
def olive(make_operator: Callable[[], Known]) -> Known:
    """The operator most tests are about."""
    return make_operator()


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    """A browser at the console in which nobody has signed in."""
    client = HostClient(app, app.response_class)
    client.host = HOST
    return client


@pytest.fixture
def console(app: Flask, olive: Known, stranger: FlaskClient) -> FlaskClient:
    """A browser at the console in which olive has signed in."""
    token = new_token()
    row = {"id": new_id(), "token_hash": hash_token(token), "operator_id": olive.id}
    with app.app_context(), operators(), transaction():
        expires = {"expires_at": clock.now() + rules.SESSION_LIFE}
        db.session.execute(models.operator_sessions.insert().values(**row, **expires))
    stranger.set_cookie("operator", token, domain=HOST)
    return stranger


@pytest.fixture
def fresh_code(app: Flask, olive: Known) -> Callable[[], str]:
    """`fresh_code()`: a code of olive's app that was not used yet, however many the test has used."""

    def make() -> str:
        with app.app_context(), operators(), transaction():
            db.session.execute(
                update(models.operators).where(models.operators.c.id == olive.id).values(totp_step=None)
            )
        return code_of(olive.secret)

    return make


@pytest.fixture
def work_platform(app: Flask) -> Callable[[], int]:
    """`work_platform()`: carry out what the platform owes, as the ops worker would; how many rows there were."""

    def work() -> int:
        done = 0
        while True:
            with app.app_context(), platform():
                owed = select(outbox.c.id).where(outbox.c.done_at.is_(None), outbox.c.dead_at.is_(None))
                row = db.session.scalars(owed.where(outbox.c.attempts == 0)).first()
            if row is None:
                return done
            with app.app_context():
                runner.run("platform", str(row))
            done += 1

    return work


@pytest.fixture(autouse=True)
def unthrottled(app: Flask) -> Iterator[None]:
    """What one test tried is not held against the next."""
    yield
    with app.app_context(), operators(), transaction():
        db.session.execute(delete(models.operator_attempts))


def code_of(secret: str) -> str:
    """The code an authenticator app shows now."""
    return str(totp.pyotp.TOTP(secret).at(clock.now()))
