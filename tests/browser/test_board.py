"""The board in a browser: dragged by mouse and by finger, moved by menu and keys, refused in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from app.core.db import Tenant, db, tenant, transaction
from app.core.db.ids import from_public, to_public
from app.core.guard.permissions import system_actor
from app.inventory.models import StockUnit
from app.inventory.operations import removal, units, vehicles
from app.tenants.models import Store
from tests.browser.conftest import Shop

SYSTEM = system_actor("test")
BOARD = "/vehicles?status=in_stock&layout=board"


@pytest.fixture
def car(app: Flask, american: Tenant) -> Iterator[str]:
    """A car in the workshop, by its public id; away again afterwards."""
    with app.app_context(), tenant(american.id):
        with transaction():
            store = db.session.scalars(select(Store.id).order_by(Store.code)).first()
            vehicle = vehicles.add_vehicle(actor=SYSTEM, make="Škoda", model="Dragged", model_year=2021)
            unit = units.stock_in_unit(
                actor=SYSTEM, vehicle_id=vehicle.id, store_id=store, status="in_recon", asking_price=Decimal(9_000)
            )
        key = unit.id
    yield to_public("unit", key)
    with app.app_context(), tenant(american.id), transaction():
        removal.delete_unit(actor=SYSTEM, unit_id=key)


def at(shop: Shop, car: str) -> Locator:
    return shop.page.locator(f'.bcard[data-row="{car}"]')


def stands_in(shop: Shop, car: str, state: str) -> None:
    expect(shop.page.locator(f'#bcol-{state} .bcard[data-row="{car}"]')).to_be_visible()


def drag(page: Page, card: Locator, target: Locator, *, drop: bool = True) -> None:
    """Press, carry there in small steps, wait as a hand does, and let go."""
    card.scroll_into_view_if_needed()
    start, end = card.bounding_box(), target.bounding_box()
    assert start is not None
    assert end is not None
    x, y = start["x"] + 40, start["y"] + start["height"] - 8
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 10, y + 10, steps=3)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + 70, steps=12)
    page.wait_for_timeout(150)
    if drop:
        page.mouse.up()


def test_a_card_is_dragged_by_mouse(window: Callable[..., Shop], american: Tenant, car: str, app: Flask) -> None:
    shop = window(american)
    shop.go(BOARD)
    expect(shop.page.locator("html.js")).to_be_attached()
    shop.page.wait_for_function("document.querySelector('.bcol > ol')?.matches('ol') && performance.now() > 400")
    before = shop.text("#bcol-on_hold .bcnt")
    drag(shop.page, at(shop, car), shop.page.locator("#bcol-on_hold"), drop=False)
    # Where it may land and where not is told while it is under way.
    expect(shop.page.locator("#bcol-available.can")).to_be_visible()
    expect(shop.page.locator("#bcol-in_transit.cannot")).to_be_visible()
    shop.page.mouse.up()
    expect(shop.page.locator(".toast")).to_contain_text("is now: On hold")
    stands_in(shop, car, "on_hold")
    assert int(shop.text("#bcol-on_hold .bcnt")) == int(before) + 1
    with app.app_context(), tenant(american.id):
        assert db.session.get(StockUnit, from_public("unit", car)).status == "on_hold"
    # Nobody was sent to the car's page by letting go over its name.
    assert "layout=board" in shop.page.url


def test_where_it_may_not_go_it_does_not(window: Callable[..., Shop], american: Tenant, car: str) -> None:
    shop = window(american)
    shop.go(BOARD)
    shop.page.wait_for_timeout(400)
    drag(shop.page, at(shop, car), shop.page.locator("#bcol-in_transit"))
    stands_in(shop, car, "in_recon")
    expect(shop.page.locator(".toast")).to_have_count(0)


def test_a_card_is_dragged_by_finger(window: Callable[..., Shop], american: Tenant, car: str) -> None:
    shop = window(american, has_touch=True, viewport={"width": 820, "height": 1100})
    shop.go(BOARD)
    shop.page.wait_for_timeout(400)
    card, target = at(shop, car), shop.page.locator("#bcol-available")
    start, end = card.bounding_box(), target.bounding_box()
    assert start is not None
    assert end is not None
    touch = shop.page.context.new_cdp_session(shop.page)

    def finger(kind: str, x: float, y: float) -> None:
        points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    x, y = start["x"] + 40, start["y"] + start["height"] - 8
    finger("touchStart", x, y)
    # Held for a moment: a finger that goes on at once scrolls.
    shop.page.wait_for_timeout(400)
    for step in range(1, 13):
        finger("touchMove", x + (end["x"] + 60 - x) * step / 12, y + (end["y"] + 70 - y) * step / 12)
        shop.page.wait_for_timeout(20)
    shop.page.wait_for_timeout(150)
    finger("touchEnd", 0, 0)
    stands_in(shop, car, "available")
    expect(shop.page.locator(".toast")).to_contain_text("is now: In stock")


def test_the_keyboard_moves_a_card(window: Callable[..., Shop], american: Tenant, car: str) -> None:
    shop = window(american)
    shop.go(BOARD)
    shop.page.wait_for_timeout(400)
    at(shop, car).locator("a").first.focus()
    shop.page.keyboard.press("m")
    expect(at(shop, car).get_by_role("button", name="In stock")).to_be_focused()
    shop.page.keyboard.press("Escape")
    expect(at(shop, car).locator("summary")).to_be_focused()
    shop.page.keyboard.press("m")
    shop.page.keyboard.press("Enter")
    stands_in(shop, car, "available")
    # The card that moved keeps the focus, so that the next key goes on from there.
    expect(at(shop, car).locator("a").first).to_be_focused()


def test_j_and_k_walk_the_cards_as_they_walk_rows(
    window: Callable[..., Shop], american: Tenant, car: str, app: Flask
) -> None:
    with app.app_context(), tenant(american.id), transaction():
        store = db.session.scalars(select(Store.id).order_by(Store.code)).first()
        made = vehicles.add_vehicle(actor=SYSTEM, make="Škoda", model="Second")
        units.stock_in_unit(actor=SYSTEM, vehicle_id=made.id, store_id=store, status="in_recon")
    shop = window(american)
    shop.go(BOARD)
    shop.page.wait_for_timeout(400)
    cards = shop.page.locator(".bcard")
    assert cards.count() > 1
    shop.page.keyboard.press("j")
    expect(cards.nth(0).locator("a").first).to_be_focused()
    shop.page.keyboard.press("j")
    expect(cards.nth(1).locator("a").first).to_be_focused()
    shop.page.keyboard.press("k")
    expect(cards.nth(0).locator("a").first).to_be_focused()
    # The next key does what it does on a card.
    shop.page.keyboard.press("m")
    expect(cards.nth(0).locator(".mv")).to_have_attribute("open", "")


def test_what_the_server_refuses_goes_back_and_says_why(
    window: Callable[..., Shop], american: Tenant, car: str, app: Flask
) -> None:
    shop = window(american)
    shop.go(BOARD)
    shop.page.wait_for_timeout(400)
    with app.app_context(), tenant(american.id), transaction():
        unit = db.session.get(StockUnit, from_public("unit", car))
        units.move_status(actor=SYSTEM, unit_id=unit.id, version=unit.version, status="on_hold")
    drag(shop.page, at(shop, car), shop.page.locator("#bcol-available"))
    expect(shop.page.locator(".toast")).to_contain_text("Somebody changed this record")
    # The board now shows what somebody else did meanwhile.
    stands_in(shop, car, "on_hold")
    shop.watch.problems.clear()


def test_without_scripts_the_menu_is_a_form(window: Callable[..., Shop], american: Tenant, car: str) -> None:
    shop = window(american, java_script_enabled=False)
    shop.go(BOARD)
    at(shop, car).locator("summary").click()
    at(shop, car).get_by_role("button", name="On hold").click()
    stands_in(shop, car, "on_hold")
    assert "layout=board" in shop.page.url


def test_more_cards_come_without_leaving(window: Callable[..., Shop], american: Tenant, app: Flask) -> None:
    with app.app_context(), tenant(american.id), transaction():
        store = db.session.scalars(select(Store.id).order_by(Store.code)).first()
        for number in range(27):
            made = vehicles.add_vehicle(actor=SYSTEM, make="Škoda", model=f"Lot {number}")
            units.stock_in_unit(actor=SYSTEM, vehicle_id=made.id, store_id=store, status="in_transit")
    shop = window(american)
    shop.go(BOARD)
    cards = shop.page.locator("#bcol-in_transit .bcard")
    expect(cards).to_have_count(25)
    shop.page.evaluate("window.stayed = true")
    shop.page.locator("#bcol-in_transit").get_by_role("link", name="Show more").click()
    expect(cards).to_have_count(27)
    assert shop.page.evaluate("window.stayed") is True
    # A page that is opened anew, or shared, shows as many.
    shop.page.reload()
    expect(cards).to_have_count(27)
