"""The most frequent tasks in as many presses as the brief allows, and a morning's work by keyboard alone.

A press is counted where it happens, in the page: each trusted pointerdown, whatever the test meant to do. Typing is
not counted. Tasks of modules that do not exist yet (leads, quotes, workshop) join with them.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.core.db import Tenant
from tests.browser.conftest import Shop
from tests.fixtures import people

pytestmark = pytest.mark.browser

LISTEN = "addEventListener('pointerdown', (event) => { if (event.isTrusted) countPress() }, true)"


class Presses:
    """How often somebody pressed on a page, navigations included."""

    def __init__(self, page: Page) -> None:
        self.count = 0
        page.expose_function("countPress", self._add)
        page.add_init_script(LISTEN)

    def _add(self) -> None:
        self.count += 1


def typed_in(shop: Shop, **values: str) -> None:
    """Fill fields in; typing is no press."""
    for name, text in values.items():
        shop.page.fill(f"[name={name}]", text)


def test_a_customer_and_a_wanted_car_are_three_fields(window: Callable[..., Shop], american: Tenant) -> None:
    shop = window(american, "salesperson")
    presses = Presses(shop.page)
    shop.go("/customers")
    shop.page.click("details.new > summary")
    shop.page.locator("details.new .mi").first.click()
    sheet = shop.page.locator("#drawer")
    sheet.locator("[name=name]").fill("Tess Threefields")
    sheet.locator("[name=phone]").fill("+1 202 555 0171")
    sheet.locator("[name=wanted]").fill("A small van")
    with shop.page.expect_navigation():
        sheet.locator("button[type=submit].b-p").click()
    assert "Tess Threefields" in shop.text("h1")
    assert "A small van" in shop.text()
    assert presses.count == 3


def test_a_call_takes_one_press_where_the_composer_is_open(window: Callable[..., Shop], american: Tenant) -> None:
    shop = window(american, "bdc_agent")
    shop.go("/customers/new")
    typed_in(shop, given_name="Cal", family_name="Led")
    shop.press()
    presses = Presses(shop.page)
    shop.page.reload()
    shop.page.fill("#f-body", "Wants a test drive")
    with shop.page.expect_navigation():
        shop.page.click("button[value=reached]")
    assert "Wants a test drive" in shop.page.locator(".tl-l li").first.inner_text()
    assert presses.count == 1


def test_a_customer_is_found_by_phone_with_none(window: Callable[..., Shop], american: Tenant) -> None:
    shop = window(american, "salesperson")
    shop.go("/customers/new")
    typed_in(shop, given_name="Fay", family_name="Ound", phone="+1 202 555 0186")
    shop.press()
    address = shop.page.url
    presses = Presses(shop.page)
    shop.go("/deals")
    shop.page.keyboard.press("/")
    with shop.page.expect_navigation():
        shop.page.keyboard.type("2025550186")
        shop.page.keyboard.press("Enter")
    assert shop.page.url == address
    assert presses.count == 0


def test_what_one_sees_is_exported_with_two(window: Callable[..., Shop], american: Tenant) -> None:
    shop = window(american, "gm")
    presses = Presses(shop.page)
    shop.go("/vehicles")
    shop.page.click("a[href*='/export'][data-dialog]")
    shop.page.locator("dialog[open] [name=purpose]").fill("Monday's walk of the lot")
    with shop.page.expect_navigation():
        shop.page.click("dialog[open] button[type=submit].b-p")
    assert "/exports/" in shop.page.url
    assert presses.count == 2


def test_a_morning_by_keyboard_alone(window: Callable[..., Shop], american: Tenant) -> None:
    """Sign in, make a customer, log a call, change the record, sort the list, open it from there, sign out."""
    shop = window(american, None)
    page = shop.page
    presses = Presses(page)
    shop.go("/sign-in")
    walk_to(page, "[name=email]")
    page.keyboard.type(people.email("salesperson"))
    walk_to(page, "[name=password]")
    page.keyboard.type(people.PASSWORD)
    send(page, "Enter")
    page.keyboard.press("c")
    expect(page.locator("details.new .mi").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#drawer [name=name]")).to_be_focused()
    page.keyboard.type("Keyla Board")
    walk_to(page, "#drawer [name=phone]")
    page.keyboard.type("2025550142")
    send(page, "Enter")
    assert "Keyla Board" in shop.text("h1")
    customer = page.url
    walk_to(page, "#f-body")
    page.keyboard.type("Called before ten")
    walk_to(page, "button[value=reached]")
    send(page, "Enter")
    assert "Called before ten" in page.locator(".tl-l li").first.inner_text()
    send(page, "e")
    walk_to(page, "[name=notes]")
    page.keyboard.type("Prefers mornings")
    send(page, "Control+s")
    assert "Prefers mornings" in shop.text()
    page.keyboard.press("/")
    page.keyboard.type("keyla b")
    send(page, "Enter")
    assert page.url == customer
    walk_to(page, "a[href$='/customers']")
    send(page, "Enter")
    page.keyboard.press("j")
    send(page, "Enter")
    assert "/customers/cus_" in page.url
    walk_to(page, "details:has(form[action$='/sign-out']) > summary")
    page.keyboard.press("Enter")
    walk_to(page, "form[action$='/sign-out'] button")
    send(page, "Enter")
    assert "/sign-in" in page.url
    assert presses.count == 0


def walk_to(page: Page, selector: str, key: str = "Tab") -> None:
    """Press `key` until what is wanted has the focus: what cannot be reached that way fails."""
    wanted = page.locator(selector).first
    for _ in range(150):
        if wanted.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{selector} is not reached with {key}")


def send(page: Page, key: str) -> None:
    """Press a key that leads to another page."""
    with page.expect_navigation():
        page.keyboard.press(key)
