"""The frame with the hands on the keyboard: the palette, single keys, the store, messages that come and go."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import expect

from app.core.db import Tenant
from tests.browser.conftest import Shop

pytestmark = pytest.mark.browser

FOCUS = "document.activeElement"


def add_customer(shop: Shop, given: str, family: str, phone: str = "") -> str:
    """A customer, by the form; the address of the page."""
    shop.go("/customers/new")
    shop.page.fill("[name=given_name]", given)
    shop.page.fill("[name=family_name]", family)
    if phone:
        shop.page.fill("[name=phone]", phone)
    shop.press()
    return shop.page.url


def test_a_customer_is_found_without_a_click(window: Callable[..., Shop], american: Tenant) -> None:
    shop = window(american)
    address = add_customer(shop, "Quentin", "Palettero", "+1 202 555 0163")
    shop.go("/deals")
    shop.page.keyboard.press("/")
    expect(shop.page.locator("#palette")).to_be_visible()
    # Enter may come before the answer does.
    with shop.page.expect_navigation():
        shop.page.keyboard.type("palettero")
        shop.page.keyboard.press("Enter")
    assert shop.page.url == address
    # Nothing that was typed stands in an address.
    asked = [url for url in shop.watch.answers if "palettero" in url.lower()]
    assert asked == []


def test_the_palette_is_walked_by_arrows_and_gives_the_focus_back(
    window: Callable[..., Shop], american: Tenant
) -> None:
    shop = window(american)
    shop.go("/settings")
    page = shop.page
    page.keyboard.press("Control+k")
    chosen = page.locator("#hits [aria-selected=true]")
    expect(chosen).to_have_count(1)
    first = chosen.inner_text()
    page.keyboard.press("ArrowDown")
    assert chosen.inner_text() != first
    field = page.locator("#palette [name=q]")
    assert field.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#hits [role=option]").last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    # By a press on the box, it goes back to the box.
    page.click(".top .find [name=q]")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".top .find [name=q]")).to_be_focused()
    # A letter typed into the box is the first one asked.
    page.keyboard.type("ro")
    expect(field).to_have_value("ro")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/roles")


def test_letters_press_what_carries_them_and_can_be_switched_off(window: Callable[..., Shop], american: Tenant) -> None:
    shop = window(american, "gm")
    add_customer(shop, "Letter", "Pressed")
    page = shop.page
    page.keyboard.press("e")
    page.wait_for_url(re.compile(r"/customers/cus_\w+/edit"))
    # Typing is not pressing.
    page.fill("[name=notes]", "")
    page.focus("[name=notes]")
    page.keyboard.type("cejkm/?")
    assert page.input_value("[name=notes]") == "cejkm/?"
    assert page.locator("dialog[open], details.menu[open]").count() == 0
    with page.expect_navigation():
        page.keyboard.press("Control+s")
    assert "cejkm/?" in shop.text()
    page.keyboard.press("?")
    expect(page.locator("#drawer")).to_be_visible()
    expect(page.locator("#drawer-title")).not_to_be_empty()
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(page.locator("details.new .mi").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("details.new .mi").nth(1)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("details.new > summary")).to_be_focused()
    shop.go("/customers")
    page.keyboard.press("j")
    first = page.evaluate(f"{FOCUS}.href")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate(f"{FOCUS}.href") == first
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url == first
    # Switched off, they do nothing; Control with a letter still does.
    shop.go("/account")
    page.check("[name=shortcuts][value=off]")
    shop.press("#preferences button.b-p")
    for key in ("/", "c", "?"):
        page.keyboard.press(key)
    assert page.locator("dialog[open], details.menu[open]").count() == 0
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    page.keyboard.press("Escape")
    page.check("[name=shortcuts][value=on]")
    shop.press("#preferences button.b-p")


def test_a_call_is_logged_with_one_press(window: Callable[..., Shop], american: Tenant) -> None:
    shop = window(american, "bdc_agent")
    add_customer(shop, "Rea", "Ched")
    shop.page.click("main a[href='#f-body']")
    shop.page.keyboard.type("Comes on Friday")
    with shop.page.expect_navigation():
        shop.page.locator("button[value=reached]").click()
    entry = shop.page.locator(".tl-l li").first
    assert "Reached" in entry.inner_text()
    assert "Comes on Friday" in entry.inner_text()
    # A note has no ending, and Enter saves it.
    shop.page.click(".comp label:has([value=note])")
    expect(shop.page.locator("button[value=reached]")).to_be_hidden()
    shop.page.fill("#f-body", "Likes blue")
    with shop.page.expect_navigation():
        shop.page.press("#f-body", "Enter")
    assert "Likes blue" in shop.page.locator(".tl-l li").first.inner_text()


def test_messages_come_and_go(window: Callable[..., Shop], american: Tenant) -> None:
    shop = window(american, "controller")
    page = shop.page
    page.clock.install()
    shop.go("/account")
    for go_away in ("close", "escape", "time"):
        shop.press("#preferences button.b-p")
        message = page.locator(".toast")
        expect(message).to_be_visible()
        assert message.get_attribute("role") == "status"
        if go_away == "close":
            message.locator("[data-dismiss]").click()
        elif go_away == "escape":
            page.keyboard.press("Escape")
        else:
            # Whoever is at it keeps it.
            message.hover()
            page.clock.run_for(11_000)
            expect(message).to_be_visible()
            page.mouse.move(5, 5)
            page.clock.run_for(11_000)
        expect(message).to_have_count(0)
    page.evaluate("document.dispatchEvent(new CustomEvent('toast', {detail: {text: 'Not so', kind: 'error'}}))")
    message = page.locator(".toast")
    assert message.get_attribute("role") == "alert"
    page.clock.run_for(60_000)
    expect(message).to_contain_text("Not so")


def test_without_scripts_the_box_the_menus_and_the_messages_work(
    app: Flask, window: Callable[..., Shop], american: Tenant
) -> None:
    shop = window(american, java_script_enabled=False)
    shop.go("/settings")
    shop.page.click("details.new > summary")
    expect(shop.page.locator("details.new .mi").first).to_be_visible()
    shop.page.fill(".top .find [name=q]", "nobody is called this")
    with shop.page.expect_navigation():
        shop.page.press(".top .find [name=q]", "Enter")
    expect(shop.page.locator("main .empty")).to_be_visible()
    shop.go("/account")
    shop.press("#preferences button.b-p")
    note = shop.page.locator("main .note")
    expect(note).to_be_visible()
    box = note.bounding_box()
    heading = shop.page.locator("h1").bounding_box()
    assert box is not None
    assert heading is not None
    assert box["y"] < heading["y"]
    expect(note.locator("[data-dismiss]")).to_be_hidden()
