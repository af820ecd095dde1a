"""Signing up on the bare host: form, mail, one button, a dealership; nothing before the e-mail is confirmed."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select, update
from werkzeug.test import TestResponse

from app.core import clock
from app.core.db import Tenant, db, directory, platform, tenant, transaction
from app.core.db.owner import owner
from app.core.db.platform import outbox, tenants
from app.core.jobs import runner
from app.core.jobs.models import Outbox
from app.tenants.models import Link, User, sign_up_attempts, sign_ups
from app.tenants.operations import links
from app.tenants.operations.provisioning import TenantRequest
from app.tenants.rules.sign_ups import COUNTRIES, LIMITS, TIMEZONES
from app.tenants.rules.slugs import check_request
from tests.fixtures.browsing import send
from tests.fixtures.dealerships import HostClient
from worker.tasks import load

load()
PASSWORD = "three blue vans by the sea"
SOMEBODY = {"name": "Sunrise Cars", "country": "GB", "admin_name": "Sam Sunrise", "email": "sam@example.com"}


@pytest.fixture
def bare(app: Flask) -> Iterator[FlaskClient]:
    """A browser at the bare host; what was tried and waits is gone afterwards."""
    client = HostClient(app, app.response_class)
    yield client
    with app.app_context(), platform(), transaction():
        db.session.execute(delete(sign_up_attempts))
        db.session.execute(delete(sign_ups))


@pytest.fixture
def work(app: Flask) -> Callable[[], None]:
    """`work()`: carry out what the platform owes."""

    def carry_out() -> None:
        with app.app_context():
            with platform():
                owed = select(outbox.c.id).where(outbox.c.done_at.is_(None), outbox.c.dead_at.is_(None))
                rows = db.session.scalars(owed.order_by(outbox.c.id)).all()
            for row in rows:
                runner.run("platform", str(row))

    return carry_out


def ask(bare: FlaskClient, slug: str, **other: str) -> TestResponse:
    return send(bare, "/sign-up", page="/sign-up", **{**SOMEBODY, "slug": slug, **other})


def link_in(page: str) -> str:
    """The path of the newest mail's link."""
    found = re.search(r'href="http://localhost:8000(/sign-up/sgn_[^"]+)"', html.unescape(page))
    assert found
    return found[1]


def count_tenants(app: Flask) -> int:
    with app.app_context(), platform():
        return int(db.session.scalar(select(func.count(tenants.c.id))) or 0)


def at(app: Flask, host: str) -> FlaskClient:
    client = HostClient(app, app.response_class)
    client.host = host
    return client


def test_from_the_form_to_the_first_page(app: Flask, bare: FlaskClient, work: Callable[[], None]) -> None:
    before = count_tenants(app)
    assert "/sign-up" in bare.get("/").text
    assert ask(bare, "sunrise-cars").location == "/sign-up?sent=1"
    work()
    path = link_in(bare.get("/sign-up/mails").text)
    assert count_tenants(app) == before
    for _ in range(2):
        page = bare.get(path)
        assert "sunrise-cars.localhost" in page.text
        assert page.headers["Cache-Control"] == "no-store"
    assert count_tenants(app) == before, "opening the link changes nothing"
    assert send(bare, path, page=path).location == path
    waiting = bare.get(path)
    assert (waiting.status_code, waiting.headers["Refresh"]) == (200, "1")
    work()
    ready = bare.get(path)
    url = ready.headers["Refresh"].removeprefix("1; url=")
    assert url.startswith("http://sunrise-cars.localhost:8000/links/link_")
    assert url in html.unescape(ready.text)
    own, way = at(app, "sunrise-cars.localhost"), url.removeprefix("http://sunrise-cars.localhost:8000")
    assert send(own, way, page=way, password=PASSWORD, repeated=PASSWORD).location == "/"
    # Administrators of new dealerships set up a second factor before anything else.
    first = own.get("/", follow_redirects=True)
    assert first.status_code == 200
    assert "Sam Sunrise" in first.text or "factors" in first.request.path
    assert at(app, "sunrise-cars.localhost").get(way).status_code == 404
    with app.app_context():
        made = directory.find_host("sunrise-cars.localhost")
        assert made is not None
        assert (made.currency, made.timezone, made.country, made.locale) == ("GBP", "Europe/London", "GB", "en")
        with tenant(made.id):
            user = db.session.scalars(select(User)).one()
            assert (user.state, links.email_of(user)) == ("active", "sam@example.com")
            # The person was led to the invitation, so no mail brings it a second time.
            assert db.session.scalar(select(func.count()).where(Outbox.task == links.SEND)) == 0
            assert db.session.scalars(select(Link.used_at)).one() is not None


def test_what_was_typed_is_sealed_and_goes_when_it_is_confirmed(
    app: Flask, bare: FlaskClient, work: Callable[[], None]
) -> None:
    ask(bare, "sealed-cars")
    work()
    path = link_in(bare.get("/sign-up/mails").text)
    with app.app_context(), owner() as connection:
        row = connection.execute("SELECT request, mail_enc FROM platform.sign_ups").fetchone()
        assert row is not None
        for value in row:
            assert b"sam" not in bytes(value).lower()
            assert b"sealed-cars" not in bytes(value)
    send(bare, path, page=path)
    send(bare, path, page=path)
    work()
    with app.app_context(), platform():
        row = db.session.execute(select(sign_ups)).one()
        assert (row.request, row.mail_enc) == (None, None)
        same = select(func.count(tenants.c.id)).where(tenants.c.name == "Sunrise Cars", tenants.c.slug == "sealed-cars")
        assert db.session.scalar(same) == 1


def test_a_link_is_good_for_its_row_and_its_day(app: Flask, bare: FlaskClient, work: Callable[[], None]) -> None:
    ask(bare, "short-lived")
    work()
    path = link_in(bare.get("/sign-up/mails").text)
    assert bare.get(path[:-3] + "xyz").status_code == 404
    assert bare.get("/sign-up/sgn_nothing/" + path.rpartition("/")[2]).status_code == 404
    with app.app_context(), platform(), transaction():
        db.session.execute(update(sign_ups).values(expires_at=clock.now() + timedelta(days=9)))
    assert bare.get(path).status_code == 404, "a longer life cannot be had by changing the row"


def test_an_expired_link_is_no_link(app: Flask, bare: FlaskClient, work: Callable[[], None]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.tenants.rules.sign_ups.LIFETIME", timedelta(seconds=1))
        ask(bare, "too-late")
        work()
        path = link_in(bare.get("/sign-up/mails").text)
    time.sleep(1.1)
    assert bare.get(path).status_code == 404


def test_a_short_name_taken_meanwhile_can_be_changed(app: Flask, bare: FlaskClient, work: Callable[[], None]) -> None:
    paths = []
    for email in ("one@example.com", "two@example.com"):
        assert ask(bare, "wanted-by-two", email=email).status_code == 303
        work()
        paths.append(link_in(bare.get("/sign-up/mails").text))
    assert send(bare, paths[0], page=paths[0]).status_code == 303
    refused = send(bare, paths[1], page=paths[1])
    assert refused.status_code == 409
    assert 'name="slug"' in refused.text
    assert send(bare, paths[1], page=paths[1], slug="admin").status_code == 422
    assert send(bare, paths[1], page=paths[1], slug="wanted-by-two-2").status_code == 303
    work()
    with app.app_context():
        assert directory.find_host("wanted-by-two-2.localhost") is not None


@pytest.mark.parametrize(
    ("field", "text"),
    [("slug", "admin"), ("slug", "-x"), ("slug", "operator"), ("email", "nobody"), ("country", "XX"), ("name", ""),
     ("timezone", "Mars/Olympus")],
)  # fmt: skip
def test_what_cannot_be_is_said_under_its_field(bare: FlaskClient, field: str, text: str) -> None:
    answer = ask(bare, **{"slug": "fine-cars", field: text})
    assert answer.status_code == 422
    assert f'id="e-{field}"' in answer.text
    assert "Sam Sunrise" in answer.text


def test_a_name_in_use_is_refused_at_once(bare: FlaskClient, alpha: Tenant) -> None:
    assert ask(bare, alpha.slug).status_code == 409


def test_it_is_slowed_down_by_email_and_by_address(bare: FlaskClient) -> None:
    for number in range(LIMITS["email"][0]):
        assert ask(bare, f"again-{number}").status_code == 303
    answer = ask(bare, "again-9", email="SAM@example.com ")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 3600
    for number in range(LIMITS["address"][0] - LIMITS["email"][0] - 1):
        assert ask(bare, "other", email=f"p{number}@example.com").status_code == 303
    assert ask(bare, "other", email="last@example.com").status_code == 429


def test_a_dealerships_host_knows_nothing_of_it(alpha: Tenant, client_for: Callable[..., FlaskClient]) -> None:
    visitor = client_for(alpha, None)
    for path in ("/sign-up", "/sign-up/mails", "/sign-up/sgn_00000000000000000000000000/x"):
        assert visitor.get(path).status_code == 404


def test_it_can_be_closed(another_app: Callable[..., Flask]) -> None:
    closed = another_app(SIGN_UP="0")
    client = HostClient(closed, closed.response_class)
    assert client.get("/sign-up").status_code == 404
    assert "/sign-up" not in client.get("/").text


def test_every_country_offered_makes_a_request_that_holds() -> None:
    for code, country in COUNTRIES.items():
        check_request(_wanted(code, country.currency, country.timezone))
        assert country.timezone in TIMEZONES
    for name in TIMEZONES:
        check_request(_wanted("US", "USD", name))


def _wanted(code: str, currency: str, timezone: str) -> TenantRequest:
    return TenantRequest("some-cars", "Cars", code, "en", currency, timezone, "Cars", "Sam", "sam@example.com")
