"""Passkeys with Chromium's own virtual authenticator: made, asked for after the password, and alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import CDPSession, expect
from sqlalchemy import delete, select, update

from app.core import clock
from app.core.db import Tenant, db, tenant, transaction
from app.core.http.stepup import FRESH
from app.tenants.models import Passkey, SessionRow
from tests.browser.conftest import Shop
from tests.fixtures.factors import demand, forget_all

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def nobody_has_factors(app: Flask, american: Tenant) -> Iterator[None]:
    yield
    forget_all(app, american)


def authenticator(shop: Shop, *, verifies: bool = True) -> tuple[CDPSession, str]:
    """A platform's authenticator in the browser: it keeps passkeys and asks who holds them."""
    device = shop.page.context.new_cdp_session(shop.page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": verifies, "automaticPresenceSimulation": True,
    }  # fmt: skip
    made = device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return device, made["authenticatorId"]


def add(shop: Shop) -> None:
    """Add a passkey on the page of one's own second factors."""
    shop.go("/account/factors")
    shop.page.fill("[name=label]", "Work laptop")
    shop.press("button[data-passkey=create]")


def test_a_passkey_is_made_asked_for_after_the_password_and_enough_alone(
    app: Flask, window: Callable[..., Shop], american: Tenant
) -> None:
    shop = window(american, None)
    device, key = authenticator(shop)
    shop.sign_in("gm")
    add(shop)
    expect(shop.page.locator(".codes li")).to_have_count(10)
    shop.press("main a.b-p")
    expect(shop.page.locator("main")).to_contain_text("Work laptop")
    assert len(device.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]) == 1
    # After the password.
    shop.page.context.clear_cookies()
    shop.sign_in("gm")
    assert shop.page.url.endswith("/sign-in/factor")
    shop.press("button[data-passkey=get]")
    assert shop.page.url == f"{shop.base}/"
    # Alone, and on to where the visitor wanted to go.
    shop.page.context.clear_cookies()
    shop.go("/account")
    shop.press("button[data-passkey=get]")
    assert shop.page.url == f"{shop.base}/account"
    with app.app_context(), tenant(american.id):
        kept = db.session.scalars(select(Passkey)).one()
        assert kept.host == american.hosts[0]
        assert kept.uses >= 2
        assert kept.last_used_at is not None


def test_a_device_that_does_not_ask_who_holds_it_is_refused(window: Callable[..., Shop], american: Tenant) -> None:
    shop = window(american, None)
    device, key = authenticator(shop)
    shop.sign_in("gm")
    add(shop)
    shop.page.context.clear_cookies()
    device.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    shop.go("/sign-in")
    shop.page.click("button[data-passkey=get]")
    expect(shop.page.locator("[data-passkey-said]")).to_contain_text("The passkey was not used")
    assert "session" not in {one["name"] for one in shop.page.context.cookies(shop.base)}


def test_a_passkey_answers_before_what_matters(app: Flask, window: Callable[..., Shop], american: Tenant) -> None:
    shop = window(american, None)
    authenticator(shop)
    shop.sign_in("gm")
    add(shop)
    with app.app_context(), tenant(american.id), transaction():
        long_ago = clock.now() - FRESH - timedelta(minutes=1)
        db.session.execute(update(SessionRow).values(factor_at=long_ago, proved_at=long_ago))
    shop.go("/account/factors")
    # A question asked by script leads to the page that asks, and back.
    shop.press("button[data-passkey=create]")
    assert "/confirm?next=%2Faccount%2Ffactors" in shop.page.url
    shop.press("button[data-passkey=get]")
    assert shop.page.url == f"{shop.base}/account/factors"


def test_a_session_that_ends_while_typing_is_taken_up_in_place_with_a_passkey(
    app: Flask, window: Callable[..., Shop], american: Tenant
) -> None:
    shop = window(american, None)
    device, key = authenticator(shop)
    shop.sign_in("gm")
    add(shop)
    shop.page.clock.install()
    shop.go("/customers/new")
    shop.page.fill("[name=name]", "Typed For Long")
    with app.app_context(), tenant(american.id), transaction():
        db.session.execute(delete(SessionRow))
    shop.page.clock.fast_forward("02:00")
    shop.page.locator("main form.form button.b-p").first.click()
    dialog = shop.page.locator("#again")
    use = dialog.get_by_role("button", name="Use a passkey")
    # What the device signs without asking who holds it is refused where it stands, and nothing is lost.
    device.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    use.click()
    expect(dialog.locator("[data-passkey-said]")).to_contain_text("The passkey was not used")
    device.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": True})
    with shop.page.expect_navigation():
        use.click()
    assert "Typed For Long" in shop.text("h1")
    with app.app_context(), tenant(american.id):
        assert db.session.scalars(select(SessionRow)).one().factor_at is not None


def test_whose_role_demands_one_is_led_to_it_without_scripts_too(
    app: Flask, window: Callable[..., Shop], american: Tenant
) -> None:
    demand(app, american, "controller")
    shop = window(american, None, java_script_enabled=False)
    shop.sign_in("controller")
    assert "/account/factors" in shop.page.url
    expect(shop.page.locator("h1")).to_have_text("Set up a second factor")
    shop.press("form[action='/account/factors/app'] button")
    expect(shop.page.locator(".qr img")).to_be_visible()
    assert shop.page.evaluate("document.querySelector('.qr img').naturalWidth") > 100
    shop.page.click("summary")
    secret = shop.text("code.secret").replace(" ", "")
    shop.page.fill("[name=code]", pyotp.TOTP(secret).now())
    shop.press()
    expect(shop.page.locator(".codes li")).to_have_count(10)
    shop.press("main a.b-p")
    assert shop.go("/customers") == 200
