"""A day at a dealership, click by click: signing in, a customer, a car, a deal; in English and in Chinese."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from app.core.db import Tenant
from tests.browser.conftest import Shop
from tests.factories.inventory import new_vin
from tests.fixtures import people
from tests.fixtures.serving import Served

pytestmark = pytest.mark.browser


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def of(language: str, american: Tenant, chinese: Tenant) -> Tenant:
    """The dealership that speaks the language."""
    return american if language == "en" else chinese


def follow(shop: Shop, part: str) -> None:
    """Click the first link of the page whose address ends so."""
    with shop.page.expect_navigation():
        shop.page.locator(f'main a[href$="{part}"], main a[href*="{part}?"]').first.click()


def test_from_the_start_page_to_a_logged_call(
    window: Callable[..., Shop], of: Tenant, language: str, served: Served
) -> None:
    shop = window(of, None, locale=language)
    shop.page.goto(f"http://localhost:{served.port}/")
    shop.page.fill("[name=dealership]", of.slug)
    shop.press("main form button[type=submit]")
    with shop.page.expect_navigation():
        shop.page.locator("a.found").click()
    assert shop.page.url == f"{shop.base}/sign-in"
    shop.page.fill("[name=email]", people.email("salesperson"))
    shop.page.fill("[name=password]", people.PASSWORD)
    shop.press()
    assert shop.page.url == f"{shop.base}/"
    shop.go("/customers")
    follow(shop, "/customers/new")
    shop.page.fill("[name=given_name]", "Marla")
    shop.page.fill("[name=family_name]", "Fenwick")
    shop.page.fill("[name=phone]", "+1 202 555 0147")
    shop.press()
    assert "Marla" in shop.text("h1")
    for body in ("First call", "Second call"):
        shop.page.fill("[name=body]", body)
        shop.press("form.composer button[type=submit]")
    entries = shop.page.locator(".tl-l li").all_inner_texts()
    assert ["Second call" in entries[0], "First call" in entries[1]] == [True, True]
    # The number is kept from whoever only passes by.
    assert "5550147" not in re.sub(r"\D", "", shop.text())


def test_a_car_from_its_vin_to_the_keys(window: Callable[..., Shop], of: Tenant, language: str) -> None:
    shop = window(of, "sales_manager", locale=language)
    vin = new_vin()
    shop.go("/vehicles")
    follow(shop, "/vehicles/new")
    shop.page.fill("[name=vin]", vin)
    shop.press()
    # The maker is read from the number; the model is not in it.
    assert shop.page.input_value("[name=make]") == "Ford"
    shop.page.fill("[name=model]", "Fiesta")
    shop.press()
    if "/stock-in" not in shop.page.url:
        follow(shop, "/stock-in")
    shop.page.fill("[name=asking_price]", "12,500")
    shop.press()
    assert vin[-8:] in shop.text()
    follow(shop, "/price")
    shop.page.fill("[name=asking_price]", "11900")
    shop.press()
    assert "11,900" in shop.text()
    assert "12,500" in shop.text()
    shop.press("main a[href*='/deals/start?unit=']")
    # For nobody yet: the search above sends to the same address.
    shop.press("#picks + .row-flex form button")
    shop.page.fill("[name=price]", "11800")
    shop.press("#sheet-save")
    assert "11,800" in shop.text()
    shop.page.fill("#take-payment [name=amount]", "11800")
    shop.press("#take-payment button[type=submit]")
    shop.go(shop.page.url.partition(shop.base)[2].partition("?")[0] + "/deliver")
    shop.press()
    assert "/deals/deal_" in shop.page.url
    expect(shop.page.locator(".note-g")).to_be_visible()
    assert shop.page.locator("main a[href$='/deliver']").count() == 0
    # Its keys are gone, so it is no longer offered.
    shop.go("/vehicles?status=in_stock")
    assert vin[-8:] not in shop.text()


def test_wrong_input_stays_and_its_field_is_named(window: Callable[..., Shop], of: Tenant, language: str) -> None:
    shop = window(of, locale=language)
    shop.go("/vehicles/new")
    shop.press()  # A car without a number.
    label = shop.text("label[for=f-model_year]")
    typed = {"make": "Škoda <b>", "model": "Übung & Co", "model_year": "19x4", "colour": "blåå"}
    for name, text in typed.items():
        shop.page.fill(f"[name={name}]", text)
    shop.press()
    summary = shop.page.locator("#errors")
    assert label in summary.inner_text()
    assert {name: shop.page.input_value(f"[name={name}]") for name in typed} == typed
    assert shop.page.get_attribute("[name=model_year]", "aria-invalid") == "true"
    # The summary takes the focus, and its line leads to the field.
    expect(summary).to_be_focused()
    summary.locator("a").first.click()
    expect(shop.page.locator("[name=model_year]")).to_be_focused()
    # Put right, it is saved.
    shop.page.fill("[name=model_year]", "2014")
    shop.press()
    assert "Škoda <b> Übung & Co" in shop.page.inner_text("body")


def test_without_scripts_people_sign_in_and_add_a_customer(
    window: Callable[..., Shop], of: Tenant, language: str
) -> None:
    shop = window(of, None, locale=language, java_script_enabled=False)
    shop.sign_in("bdc_agent")
    shop.go("/customers/new")
    shop.page.fill("[name=given_name]", "Plain")
    shop.page.fill("[name=family_name]", "Pages")
    shop.press()
    assert "Plain" in shop.text("h1")
    shop.go("/customers")
    # Sorting is a menu of links, which needs no script either.
    shop.page.locator("details.menu:has(#sort-2) > summary").click()
    with shop.page.expect_navigation():
        shop.page.locator("#sort-2").click()
    assert "sort=" in shop.page.url
