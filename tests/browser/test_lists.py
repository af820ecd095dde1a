"""Lists in a browser: everything stands in the address, so that Back, a reload and a shared link show the same."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from playwright.sync_api import expect

from app.core.db import Tenant, tenant
from tests.browser.conftest import Shop
from tests.fixtures.dealerships import make_dealership
from tests.fixtures.listed import add_listed_rows

pytestmark = pytest.mark.browser
Window = Callable[..., Shop]


@pytest.fixture(scope="module")
def filled(app: Flask) -> Tenant:
    """A dealership with more rows than fit on a page."""
    made = make_dealership(app, "lists")
    with app.app_context(), tenant(made.id):
        add_listed_rows(60)
    return made


def query(shop: Shop) -> dict[str, list[str]]:
    return parse_qs(urlsplit(shop.page.url).query, keep_blank_values=True)


def rows(shop: Shop) -> list[str]:
    return shop.page.locator("#list tbody td.lead a").all_inner_texts()


def whole_pages(shop: Shop) -> list[str]:
    """Whole pages the window loads from now on."""
    loaded: list[str] = []
    shop.page.on("load", lambda page: loaded.append(page.url))
    return loaded


def test_sort_filter_page_and_back(window: Window, filled: Tenant) -> None:
    shop = window(filled)
    shop.go("/customers")
    first, loaded = rows(shop), whole_pages(shop)
    shop.page.locator("#list th a", has_text="Name").click()
    expect(shop.page.locator("#list th[aria-sort=descending]")).to_be_visible()
    assert query(shop) == {"sort": ["-name"]}
    turned = rows(shop)
    assert turned != first
    shop.page.locator("#filters > summary").click()
    shop.page.locator("#q-kind").select_option("business")
    shop.page.locator("#filters button[type=submit][form=conditions]").click()
    expect(shop.page.locator(".fl")).to_contain_text("Company")
    # The fields left empty are not in the address.
    assert query(shop) == {"sort": ["-name"], "kind": ["business"]}
    assert "Showing 1–20 of 20" in shop.page.locator("#list-said").inner_text()
    assert loaded == []
    filtered = rows(shop)
    shop.page.reload()
    assert rows(shop) == filtered
    shop.page.go_back()
    expect(shop.page.locator(".fl")).to_have_count(0)
    expect(shop.page.locator("#list th[aria-sort=descending]")).to_be_visible()
    assert rows(shop) == turned
    shop.page.go_back()
    expect(shop.page.locator("#list th[aria-sort=ascending]")).to_be_visible()
    assert rows(shop) == first
    shop.page.locator("#to-next").click()
    expect(shop.page.locator("[data-said]")).to_contain_text("51–")
    shop.page.locator("#to-prev").click()
    expect(shop.page.locator("[data-said]")).to_contain_text("Showing 1–50")
    assert rows(shop) == first


def test_a_view_is_saved_shared_changed_and_reset(window: Window, filled: Tenant) -> None:
    shop, colleague = window(filled), window(filled, "salesperson")
    shop.go("/customers?kind=business&sort=-name")
    expect(shop.page.locator("#n-all")).to_have_text("60")
    wanted = rows(shop)
    shop.page.locator("a.save").click()
    dialog = shop.page.locator("#list-dialog[open]")
    dialog.locator("[name=view_name]").fill("Companies, Z first")
    dialog.locator("[name=view_for]").select_option("tenant")
    with shop.page.expect_navigation():
        dialog.locator("button[type=submit].b-p").first.click()
    assert set(query(shop)) == {"view"}
    assert (rows(shop), shop.text(".views a.on").split("\n")[0]) == (wanted, "Companies, Z first")
    # The link is enough for a colleague, whose scope stays his own.
    colleague.page.goto(shop.page.url)
    assert colleague.text(".views a.on").split("\n")[0] == "Companies, Z first"
    assert set(rows(colleague)) <= set(wanted)
    # Changed and back to what was saved.
    shop.page.locator(".fl a").click()
    reset = shop.page.get_by_role("link", name="Reset to saved")
    expect(reset).to_be_visible()
    reset.click()
    expect(reset).to_have_count(0)
    assert rows(shop) == wanted


def test_a_personal_condition_stays_by_its_id(window: Window, filled: Tenant) -> None:
    shop = window(filled)
    shop.go("/customers")
    shop.page.locator("#filters > summary").click()
    shop.page.locator("#q-name").fill("Person 017")
    shop.page.locator("#filters form[method=post] button[type=submit]").click()
    expect(shop.page.locator(".fl")).to_contain_text("Person 017")
    assert set(query(shop)) == {"filter"}
    assert len(rows(shop)) == 1
    shop.page.reload()
    assert len(rows(shop)) == 1
    shop.page.go_back()
    expect(shop.page.locator("#list tbody tr")).to_have_count(50)


def test_a_preview_survives_a_reload_and_follows_the_keyboard(window: Window, filled: Tenant) -> None:
    shop = window(filled, viewport={"width": 1440, "height": 900})
    shop.go("/vehicles")
    shop.page.locator("#list tbody td.k-days").nth(1).click()
    pane = shop.page.locator("#peek")
    expect(pane.locator("h2")).to_be_visible()
    peeked = query(shop)["peek"]
    expect(shop.page.locator("#list tr.cur")).to_have_attribute("data-row", peeked[0])
    shop.page.reload()
    expect(pane.locator("h2")).to_be_visible()
    assert query(shop)["peek"] == peeked
    before = pane.get_attribute("data-of")
    shop.page.locator("#list tr.cur td.lead a").focus()
    shop.page.keyboard.press("j")
    expect(pane).not_to_have_attribute("data-of", before or "")
    shop.page.keyboard.press("Escape")
    expect(pane).to_be_hidden()
    assert "peek" not in query(shop)


def test_columns_and_density_are_chosen(window: Window, filled: Tenant) -> None:
    shop = window(filled)
    shop.go("/vehicles")
    shop.page.locator("#columns > summary").click()
    shop.page.locator("#columns input[value=store_name]").check()
    shop.page.locator("#columns input[value=plate]").uncheck()
    shop.page.locator("#columns li:has(input[value=asking_price]) [data-move=up]").click()
    shop.page.locator("#columns input[value=tight]").check()
    shop.page.locator("#columns button[type=submit]").click()
    expect(shop.page.locator("#list .tb.tight")).to_be_visible()
    heads = shop.page.locator("#list thead th:not(.selc, .pkc)").all_inner_texts()
    assert heads == ["Vehicle", "Status", "Odometer", "Asking price", "Days in stock", "Store"]
    assert query(shop)["cols"] == ["vehicle,status,odometer,asking_price,days_in_stock,store_name"]


def test_rows_are_chosen_and_counted(window: Window, filled: Tenant) -> None:
    shop = window(filled)
    shop.go("/customers")
    bar, boxes = shop.page.locator(".bulk"), shop.page.locator("#list tbody .selc input")
    expect(bar).to_be_hidden()
    boxes.nth(0).check()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(bar.locator("[data-chosen]")).to_have_text("5 selected")
    shop.page.locator("[data-all]").check()
    expect(bar.locator("[data-chosen]")).to_have_text("50 selected")
    expect(bar).to_contain_text("All 60 that match")
    bar.locator("[data-clear]").click()
    expect(bar).to_be_hidden()


def test_lists_work_without_scripts(window: Window, filled: Tenant) -> None:
    shop = window(filled, java_script_enabled=False)
    shop.go("/customers")
    shop.press("#list th a:has-text('Name')")
    assert query(shop) == {"sort": ["-name"]}
    shop.press("#to-next")
    assert len(rows(shop)) == 10
    shop.go("/customers?kind=business")
    shop.press("a.save")
    shop.page.fill("[name=view_name]", "By hand")
    shop.press()
    assert shop.text(".views a.on") == "By hand"
    shop.press("#list tbody tr:first-child [data-peek]")
    assert shop.page.locator("#peek h2").is_visible()
