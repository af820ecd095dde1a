"""Whom the provider means: the verified e-mail links once, then issuer and id count, until the link is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from app.core.db import Tenant, db, tenant, transaction
from app.core.db.ids import to_public
from app.core.errors import NotFound
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import system_actor
from app.tenants.errors import GrantExceedsOwn, PartnerRefused
from app.tenants.models import Identity, User
from app.tenants.operations import partners, users
from app.tenants.queries.partners import find_provider
from app.tenants.rules.partners import subject_of
from tests.fixtures import people
from tests.fixtures.browsing import send
from tests.fixtures.identity import change_claims, provider, sign_in

SYSTEM = system_actor("test")
GM, CASHIER = people.email("gm"), people.email("cashier")


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider() as address:
        yield address


@pytest.fixture(autouse=True)
def named(app: Flask, alpha: Tenant, beta: Tenant, issuer: str) -> None:
    """Both dealerships use the provider, nobody is linked, and the general manager is known there."""
    for of in (alpha, beta):
        with app.app_context(), tenant(of.id), transaction():
            name(issuer)
            db.session.execute(delete(Identity))
            db.session.execute(update(User).values(state="active"))
    change_claims(issuer, "manager", email=GM, email_verified=True, name="Gabi Manager")


def name(issuer: str, *, secret: bool = True) -> None:
    given = "s3cret" if secret else None
    partners.name_provider(SYSTEM, name="Works", issuer=issuer, client_id="c", client_secret=given, enabled=True)


def who(client: FlaskClient) -> str | None:
    """The role of whom the browser is signed in as."""
    page = client.get("/account")
    if page.status_code != 200:
        return None
    return next(role for role in ("gm", "cashier") if f'value="{person(role).name}"' in page.text)


def person(role: str) -> User:
    found = people.find_user(role)
    assert found is not None
    return found


def actions(role: str) -> list[str]:
    about = select(AuditEntry.action).where(AuditEntry.record_id == person(role).id).order_by(AuditEntry.id)
    return [action for action in db.session.scalars(about) if action.startswith("partner.")]


def test_after_the_first_sign_in_the_e_mail_there_may_be_any(
    in_alpha: Tenant, alpha: Tenant, issuer: str, client_for: Callable[..., FlaskClient]
) -> None:
    client = client_for(alpha, None)
    assert sign_in(client, "manager").status_code == 303
    assert who(client) == "gm"
    linked = db.session.scalars(select(Identity)).one()
    assert linked.user_id == person("gm").id
    assert b"manager" not in linked.fingerprint
    for claims in (
        {"email": "married@example.com", "email_verified": True},
        {"email": "married@example.com", "email_verified": False},
        {"email": CASHIER, "email_verified": True},
        {},
    ):
        change_claims(issuer, "manager", **claims)
        again = client_for(alpha, None)
        assert sign_in(again, "manager").status_code == 303, claims
        assert who(again) == "gm"
    db.session.expire_all()
    assert db.session.scalars(select(Identity)).one().last_used_at > linked.linked_at


def test_an_e_mail_handed_on_does_not_enter_the_account(
    in_alpha: Tenant, alpha: Tenant, issuer: str, client_for: Callable[..., FlaskClient]
) -> None:
    assert sign_in(client_for(alpha, None), "manager").status_code == 303
    change_claims(issuer, "heir", email=GM, email_verified=True, name="Somebody Else")
    client = client_for(alpha, None)
    before = actions("gm")
    refused = sign_in(client, "heir")
    assert refused.status_code == 403
    assert "belongs to somebody else there" in refused.text
    assert who(client) is None
    assert actions("gm") == [*before, "partner.taken"]
    assert db.session.scalars(select(Identity.user_id)).all() == [person("gm").id]
    # Whose account it is comes in as before.
    owner = client_for(alpha, None)
    assert sign_in(owner, "manager").status_code == 303
    assert who(owner) == "gm"


def test_an_administrator_sees_and_cuts_the_link(
    in_alpha: Tenant, alpha: Tenant, issuer: str, client_for: Callable[..., FlaskClient]
) -> None:
    admin, page = client_for(alpha), f"/users/{to_public('usr', person('gm').id)}"
    assert "Not linked yet" in admin.get(page).text
    client = client_for(alpha, None)
    assert "is not linked with Works" in client_for(alpha, "gm").get("/account").text
    assert sign_in(client, "manager").status_code == 303
    assert "You are known there by that account" in client.get("/account").text
    assert "Cut the link" in admin.get(page).text
    assert "1 account is linked" in admin.get("/identity-provider").text
    change_claims(issuer, "heir", email=GM, email_verified=True)
    assert send(admin, f"{page}/identity/cut", page=page).status_code == 303
    assert send(admin, f"{page}/identity/cut", page=page).status_code == 404
    heir = client_for(alpha, None)
    assert sign_in(heir, "heir").status_code == 303
    assert who(heir) == "gm"
    # Now he is the somebody else.
    assert sign_in(client_for(alpha, None), "manager").status_code == 403
    assert actions("gm")[-4:] == ["partner.link", "partner.cut", "partner.link", "partner.taken"]
    history = admin.get(page).text
    assert "cut the link with the identity provider" in history
    assert "as somebody else, and was turned away" in history


def test_nobody_cuts_the_link_of_somebody_who_may_more(in_alpha: Tenant) -> None:
    boss, manager = person("tenant_admin"), people.actor_of("gm")
    local = replace(manager, grants={**manager.grants, "user.edit": "all"}, reach=None)
    with pytest.raises(GrantExceedsOwn):
        users.cut_identity(local, boss.id)
    with pytest.raises(NotFound):
        users.cut_identity(SYSTEM, boss.id)


def test_another_issuer_cuts_all_links_and_another_name_none(
    in_alpha: Tenant, alpha: Tenant, issuer: str, client_for: Callable[..., FlaskClient]
) -> None:
    assert sign_in(client_for(alpha, None), "manager").status_code == 303
    with transaction():
        name(issuer, secret=False)
    assert db.session.scalars(select(Identity)).one()
    with transaction():
        name("https://login.example.com")
    assert db.session.scalars(select(Identity)).all() == []
    newest = select(AuditEntry).where(AuditEntry.action == "partner.edit").order_by(AuditEntry.id.desc()).limit(1)
    assert db.session.scalars(newest).one().changes["links"] == [1, 0]


def test_a_disabled_user_stays_out_whatever_links_him(
    in_alpha: Tenant, alpha: Tenant, issuer: str, client_for: Callable[..., FlaskClient]
) -> None:
    assert sign_in(client_for(alpha, None), "manager").status_code == 303
    with transaction():
        db.session.execute(update(User).where(User.id == person("gm").id).values(state="disabled"))
    assert sign_in(client_for(alpha, None), "manager").status_code == 403


def test_a_link_is_one_dealerships(
    app: Flask, in_alpha: Tenant, alpha: Tenant, beta: Tenant, issuer: str, client_for: Callable[..., FlaskClient]
) -> None:
    assert sign_in(client_for(alpha, None), "manager").status_code == 303
    change_claims(issuer, "manager", email=CASHIER, email_verified=True)
    there = client_for(beta, None)
    assert sign_in(there, "manager").status_code == 303
    with app.app_context(), tenant(beta.id):
        assert who(there) == "cashier"
        theirs = db.session.scalars(select(Identity)).one().fingerprint
    assert theirs != db.session.scalars(select(Identity)).one().fingerprint


def test_who_has_neither_link_nor_verified_e_mail_is_refused(in_alpha: Tenant) -> None:
    known = find_provider()
    assert known is not None
    with pytest.raises(PartnerRefused):
        partners.meet(known, subject="nobody", email=None, name="")


@pytest.mark.parametrize("worthless", [None, "", 7, ["x"], "x" * 256])
def test_what_can_be_no_id_names_nobody(worthless: Any) -> None:
    assert subject_of({"sub": worthless}) is None
    assert subject_of({"sub": "248289761001"}) == "248289761001"
