"""Signing in through the dealership's own provider, a process of its own: who gets in, as whom, and who does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from app.core.db import Tenant, db, tenant, transaction
from app.core.db.ids import to_public
from app.core.errors import Invalid
from app.core.guard.audit import unseal_entries
from app.core.guard.models import AuditEntry
from app.core.guard.outbound import CallRefused, check_address, resolve
from app.core.guard.permissions import system_actor
from app.tenants.errors import GrantExceedsOwn, PartnerUnreachable
from app.tenants.models import IdentityProvider, Membership, Role, SessionRow, SignInAttempt, Store, User
from app.tenants.operations import partners, users
from app.tenants.rules.partners import shown_name, verified_email
from app.tenants.rules.signing import FREE
from app.tenants.views import partner_client
from tests.fixtures import people
from tests.fixtures.browsing import cookie, send
from tests.fixtures.factors import Clock, forget_all, set_up
from tests.fixtures.identity import come_back, consent, leave, provider, sign_in

SYSTEM = system_actor("test")


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider() as address:
        yield address


@pytest.fixture
def named(app: Flask, alpha: Tenant, beta: Tenant, issuer: str) -> None:
    """Both dealerships use the provider, each as its own client; nobody is let in uninvited."""
    for of in (alpha, beta):
        with app.app_context(), tenant(of.id), transaction():
            given = {"name": "Works", "issuer": issuer, "client_id": f"client {of.slug}", "client_secret": "s3cret"}
            partners.name_provider(SYSTEM, enabled=True, **given)  # type: ignore[arg-type]


def find(email: str) -> User | None:
    with_index = {user.email_masked: user for user in db.session.scalars(select(User))}
    assert with_index
    return next((u for u in with_index.values() if users.email_of(u).lower() == email), None)


def test_whom_the_provider_vouches_for_gets_in(
    app: Flask, alpha: Tenant, named: None, client_for: Callable[..., FlaskClient]
) -> None:
    client = client_for(alpha, None)
    assert "Sign in with Works" in client.get("/sign-in").text
    asked = parse_qs(urlsplit(leave(client)).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"http://{alpha.hosts[0]}/sign-in/partner/callback"]
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    answer = sign_in(client, "manager", "/deals?status=open")
    assert (answer.status_code, answer.location) == (303, "/deals?status=open")
    assert client.get("/account").status_code == 200
    with app.app_context(), tenant(alpha.id):
        user = people.find_user("gm")
        assert user is not None
        assert user.name in client.get("/account").text
    assert cookie(client, alpha, "partner") is None


def test_reading_an_address_signs_nobody_in(
    app: Flask, alpha: Tenant, named: None, client_for: Callable[..., FlaskClient]
) -> None:
    client = client_for(alpha, None)
    parts = urlsplit(consent(leave(client), "manager"))
    with app.app_context(), tenant(alpha.id):
        before = db.session.query(SessionRow).count()
    for _ in range(2):
        assert client.get(f"{parts.path}?{parts.query}").status_code == 200
    with app.app_context(), tenant(alpha.id):
        assert db.session.query(SessionRow).count() == before
    assert client.get("/account").status_code == 303


@pytest.mark.parametrize("sub", ["claimant", "silent", "newcomer", "gone"])
def test_others_do_not(
    app: Flask, alpha: Tenant, named: None, client_for: Callable[..., FlaskClient], sub: str
) -> None:
    """An address nobody verified, one nobody knows here, and a user who is disabled."""
    with app.app_context(), tenant(alpha.id), transaction():
        cashier = people.find_user("cashier")
        assert cashier is not None
        db.session.execute(update(User).where(User.id == cashier.id).values(state="disabled"))
    client = client_for(alpha, None)
    answer = sign_in(client, sub)
    assert answer.status_code == (401 if sub in ("claimant", "silent") else 403)
    assert client.get("/account").status_code == 303
    with app.app_context(), tenant(alpha.id):
        refused = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "partner.refuse")).all()
        assert refused


def test_an_answer_belongs_to_the_browser_and_host_that_asked_and_counts_once(
    alpha: Tenant, beta: Tenant, named: None, client_for: Callable[..., FlaskClient]
) -> None:
    mine, theirs, at_beta = client_for(alpha, None), client_for(alpha, None), client_for(beta, None)
    address = consent(leave(mine), "manager")
    leave(theirs)
    assert come_back(theirs, address).status_code == 401
    # With the very cookie, at another dealership.
    at_beta.set_cookie("partner", str(cookie(mine, alpha, "partner")), domain=beta.hosts[0])
    assert come_back(at_beta, address).status_code == 401
    nobody = client_for(alpha, None)
    assert come_back(nobody, address).status_code == 401
    kept = str(cookie(mine, alpha, "partner"))
    assert come_back(mine, address).status_code == 303
    again = client_for(alpha, None)
    again.set_cookie("partner", kept, domain=alpha.hosts[0])
    assert come_back(again, address).status_code == 401
    assert again.get("/account").status_code == 303


def test_a_nonce_of_another_request_is_refused(
    alpha: Tenant, named: None, client_for: Callable[..., FlaskClient]
) -> None:
    client = client_for(alpha, None)
    url = leave(client)
    nonce = parse_qs(urlsplit(url).query)["nonce"][0]
    assert come_back(client, consent(url.replace(nonce, "another"), "manager")).status_code == 401


def test_newcomers_come_in_with_the_role_the_dealership_chose(
    app: Flask, alpha: Tenant, named: None, issuer: str, client_for: Callable[..., FlaskClient]
) -> None:
    with app.app_context(), tenant(alpha.id), transaction():
        role_id = db.session.scalars(select(Role.id).where(Role.key == "lot_staff")).one()
        store_id = db.session.scalars(select(Store.id).order_by(Store.code)).all()[0]
        partners.name_provider(
            SYSTEM, name="Works", issuer=issuer, client_id="client", client_secret=None, enabled=True,
            role_id=role_id, store_id=store_id,
        )  # fmt: skip
    client = client_for(alpha, None)
    assert sign_in(client, "newcomer").status_code == 303
    assert "New Comer" in client.get("/account").text
    assert client.get("/roles").status_code == 403
    with app.app_context(), tenant(alpha.id):
        made = find("new.comer@example.com")
        assert made is not None
        assert (made.state, made.password_hash) == ("active", None)
        places = db.session.scalars(select(Membership).where(Membership.user_id == made.id)).all()
        assert [(place.role_id, place.store_id) for place in places] == [(role_id, store_id)]


def test_an_invitation_is_accepted_by_coming(
    app: Flask, alpha: Tenant, named: None, client_for: Callable[..., FlaskClient]
) -> None:
    with app.app_context(), tenant(alpha.id), transaction():
        role_id = db.session.scalars(select(Role.id).where(Role.key == "technician")).one()
        store_id = db.session.scalars(select(Store.id).order_by(Store.code)).all()[0]
        users.invite_user(SYSTEM, name="Ina Vited", email="invited@example.com", places=[(store_id, role_id)])
    client = client_for(alpha, None)
    assert sign_in(client, "invited").status_code == 303
    assert "Ina Vited" in client.get("/account").text


def test_a_second_factor_is_asked_for_all_the_same(
    app: Flask, alpha: Tenant, named: None, client_for: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    time = Clock(monkeypatch)
    phone, _ = set_up(client_for(alpha, "gm"), time)
    client = client_for(alpha, None)
    answer = sign_in(client, "manager", "/deals")
    assert "/sign-in/factor" in answer.location
    assert client.get("/account").status_code == 303
    done = send(client, "/sign-in/factor", page="/sign-in/factor", code=phone.next_code(), next="/deals")
    assert (done.status_code, done.location) == (303, "/deals")
    assert client.get("/account").status_code == 200
    forget_all(app, alpha)


def test_the_page_keeps_the_secret_to_itself(
    app: Flask, alpha: Tenant, issuer: str, client_for: Callable[..., FlaskClient]
) -> None:
    admin = client_for(alpha)
    page = "/identity-provider"
    form: dict[str, Any] = {"name": "Works", "client_id": "c", "enabled": "true"}
    for wrong in ("https://127.0.0.2/x", "http://example.com", "ftp://example.com", "https://example.com:22", "no"):
        refused = send(admin, page, page=page, issuer=wrong, client_secret="s3cret-of-ours", **form)
        assert refused.status_code == 422, wrong
        assert "s3cret-of-ours" not in refused.text
    assert send(admin, page, page=page, issuer=f"{issuer}/", client_secret="s3cret-of-ours", **form).status_code == 303
    assert "s3cret-of-ours" not in admin.get(page).text
    # Left empty, the secret stays; for another address it must be typed.
    assert send(admin, page, page=page, issuer=issuer, **form).status_code == 303
    with app.app_context(), tenant(alpha.id):
        row = db.session.scalars(select(IdentityProvider)).one()
        assert b"s3cret-of-ours" not in row.secret_enc
        role_id = db.session.scalars(select(Role.id).where(Role.key == "gm")).one()
        given: dict[str, Any] = {"name": "x", "client_id": "x", "enabled": False}
        with pytest.raises(Invalid):
            partners.name_provider(SYSTEM, issuer="https://else.example.com", client_secret=None, **given)
        with pytest.raises(GrantExceedsOwn):
            local = people.actor_of("gm")
            more = {**local.grants, "dealership.identity": "all"}
            changed = type(local)(user_id=local.user_id, name="x", grants=more, sights=local.sights)
            partners.name_provider(changed, issuer=issuer, client_secret="x", **given)
        entries = db.session.scalars(select(AuditEntry).where(AuditEntry.record_type == "identity_provider")).all()
        assert not [entry for entry in entries if "s3cret" in str(entry.changes)]
    half = send(admin, page, page=page, issuer=issuer, role_id=to_public("role", role_id), **form)
    assert half.status_code == 422


def test_a_provider_that_is_away_is_said_to_be(
    app: Flask, alpha: Tenant, client_for: Callable[..., FlaskClient]
) -> None:
    with app.app_context(), tenant(alpha.id), transaction():
        given = {"name": "Away", "issuer": "http://127.0.0.1:9", "client_id": "c", "client_secret": "s"}
        partners.name_provider(SYSTEM, enabled=True, **given)  # type: ignore[arg-type]
    client = client_for(alpha, None)
    assert client.get("/sign-in/partner").status_code == 503
    assert client.get("/sign-in").status_code == 200


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "::1", "fd00::1", "::ffff:10.0.0.1",  # noqa: S104
     "2130706433", "0x7f.1", "100.64.0.1", "224.0.0.1", "localhost"],
)  # fmt: skip
def test_addresses_within_are_never_called(host: str) -> None:
    shown = f"[{host}]" if ":" in host else host
    with pytest.raises(CallRefused):
        check_address(f"https://{shown}/")
        resolve(host, 443)


def test_what_may_be_called() -> None:
    check_address("https://login.example.com/realms/x")
    check_address("http://127.0.0.1:8080/", loopback=True)
    for bad in ("http://login.example.com/", "https://user:pw@login.example.com/", "https://login.example.com:99999/",
                "https://", "file:///etc/passwd"):  # fmt: skip
        with pytest.raises(CallRefused):
            check_address(bad, loopback=True)


def test_what_a_claim_is_worth() -> None:
    assert verified_email({"email": " A@Example.com", "email_verified": True}) == "a@example.com"
    worthless = (("a@example.com", None), ("a@example.com", 1.5), (None, True), ("nobody", True), ([], True))
    for email, verified in worthless:
        assert verified_email({"email": email, "email_verified": verified}) is None
    assert shown_name({"name": "  New\n Comer "}, "n@example.com") == "New Comer"
    assert shown_name({}, "n@example.com") == "n"


def test_an_address_that_has_to_wait_leaves_no_entry_for_each_try(
    app: Flask, alpha: Tenant, named: None, client_for: Callable[..., FlaskClient]
) -> None:
    def entries() -> int:
        with app.app_context(), tenant(alpha.id):
            return len(db.session.scalars(select(AuditEntry.id).where(AuditEntry.action == "partner.refuse")).all())

    client = client_for(alpha, None)
    with app.app_context(), tenant(alpha.id), transaction():
        db.session.execute(delete(SignInAttempt))
    before, back = entries(), "/sign-in/partner/callback"
    tries = [send(client, back, page="/sign-in", code="x", state="y").status_code for _ in range(FREE["address"] + 5)]
    assert tries == [401] * FREE["address"] + [429] * 5
    assert entries() == before + FREE["address"]
    with app.app_context(), tenant(alpha.id), transaction():
        newest = select(AuditEntry).where(AuditEntry.action == "partner.refuse").order_by(AuditEntry.id.desc()).limit(1)
        (entry,) = db.session.scalars(newest)
        assert unseal_entries([entry])[entry.id]["address"] == (None, "127.0.0.1")
        db.session.execute(delete(SignInAttempt))


def test_the_provider_is_asked_without_a_connection_and_silence_is_remembered(
    app: Flask, alpha: Tenant, named: None, client_for: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def silent(provider: Any) -> Any:
        asked.append(db.session().in_transaction())
        raise PartnerUnreachable

    monkeypatch.setattr(partner_client, "_asked", silent)
    with app.app_context():
        app.extensions.pop("forecourt_discoveries", None)
    client = client_for(alpha, None)
    for _ in range(3):
        assert client.get("/sign-in/partner").status_code == 503
    assert asked == [False]
    monkeypatch.setattr(partner_client, "SILENT_SECONDS", 0.0)
    assert client.get("/sign-in/partner").status_code == 503
    assert asked == [False, False]
    app.extensions.pop("forecourt_discoveries", None)
