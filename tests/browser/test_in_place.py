"""A value changed where it stands: Enter saves, Esc reverts, a refusal stands at the field; without scripts, a form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from flask import Flask
from playwright.sync_api import Locator, expect
from sqlalchemy import select

from app.core.db import Tenant, db, tenant, transaction
from app.core.db.ids import to_public
from app.core.guard.permissions import system_actor
from app.inventory.models import StockUnit, Vehicle
from app.inventory.operations import units, vehicles
from app.tenants.models import Store
from tests.browser.conftest import Shop
from tests.factories.inventory import make_unit, make_vehicle

pytestmark = pytest.mark.browser
SYSTEM = system_actor("test")


@pytest.fixture
def unit(app: Flask, american: Tenant) -> Iterator[StockUnit]:
    with app.app_context(), tenant(american.id):
        store = db.session.scalars(select(Store).order_by(Store.code)).first()
        assert store is not None
        yield make_unit(store, make_vehicle(colour="Grey"), asking_price=Decimal(20000))


def address(unit: StockUnit) -> str:
    return f"/vehicles/{to_public('veh', unit.vehicle_id)}"


def fact(shop: Shop, label: str) -> Locator:
    return shop.page.locator(f'dd:has(a.edit[aria-label="Change: {label}"])')


def colour_of(unit: StockUnit) -> str | None:
    db.session.expire_all()
    return db.session.scalar(select(Vehicle.colour).where(Vehicle.id == unit.vehicle_id))


def test_enter_saves_escape_reverts_and_undo_takes_back(
    window: Callable[..., Shop], american: Tenant, unit: StockUnit
) -> None:
    shop = window(american)
    shop.go(address(unit))
    pencil = fact(shop, "Colour").locator("a.edit")
    pencil.focus()
    shop.page.keyboard.press("e")
    field = shop.page.locator("form.inl [name=colour]")
    expect(field).to_be_focused()
    expect(field).to_have_value("Grey")
    shop.page.keyboard.type("Not this")
    shop.page.keyboard.press("Escape")
    expect(field).to_have_count(0)
    expect(pencil).to_be_focused()
    assert colour_of(unit) == "Grey"
    shop.page.keyboard.press("Enter")
    field.fill("Petrol")
    shop.page.keyboard.press("Enter")
    expect(fact(shop, "Colour")).to_contain_text("Petrol")
    expect(fact(shop, "Colour").locator("a.edit")).to_be_focused()
    assert colour_of(unit) == "Petrol"
    toast = shop.page.locator(".toast", has_text="The vehicle was saved.")
    with shop.page.expect_navigation():
        toast.get_by_role("button", name="Undo").click()
    assert colour_of(unit) == "Grey"


def test_a_refusal_stands_at_the_field_and_what_was_typed_stays(
    window: Callable[..., Shop], american: Tenant, unit: StockUnit
) -> None:
    shop = window(american)
    shop.go(address(unit))
    fact(shop, "Model year").hover()
    fact(shop, "Model year").locator("a.edit").click()
    field = shop.page.locator("form.inl [name=model_year]")
    field.fill("1492")
    field.press("Enter")
    expect(shop.page.locator("form.inl .err")).to_be_visible()
    expect(field).to_have_value("1492")
    expect(field).to_be_focused()
    field.fill("2021")
    field.press("Enter")
    expect(fact(shop, "Model year")).to_contain_text("2021")


def test_two_in_place_at_different_fields_keep_both_and_at_one_field_compare(
    window: Callable[..., Shop], american: Tenant, unit: StockUnit
) -> None:
    shop = window(american)
    shop.go(address(unit))
    fact(shop, "Colour").locator("a.edit").focus()
    shop.page.keyboard.press("Enter")
    field = shop.page.locator("form.inl [name=colour]")
    expect(field).to_be_focused()
    vehicle = db.session.get(Vehicle, unit.vehicle_id)
    assert vehicle is not None
    with transaction():
        vehicles.edit_vehicle(
            actor=SYSTEM, vehicle_id=vehicle.id, version=vehicle.version, vin=vehicle.vin_raw,
            vin_override_reason=None, plate=None, trim="Sport",
        )  # fmt: skip
    field.fill("Red")
    field.press("Enter")
    expect(fact(shop, "Colour")).to_contain_text("Red")
    expect(fact(shop, "Trim")).to_contain_text("Sport")
    fact(shop, "Asking price").locator("a.edit").focus()
    shop.page.keyboard.press("Enter")
    price = shop.page.locator("form.inl [name=asking_price]")
    expect(price).to_have_value("20000")
    db.session.refresh(unit)
    with transaction():
        units.change_price(actor=SYSTEM, unit_id=unit.id, version=unit.version, asking_price=Decimal(19000))
    price.fill("18000")
    price.press("Enter")
    expect(shop.page.get_by_role("group", name="Asking price").get_by_role("radio")).to_have_count(2)


def test_without_scripts_the_pencil_opens_the_form(
    window: Callable[..., Shop], american: Tenant, unit: StockUnit
) -> None:
    shop = window(american, java_script_enabled=False)
    shop.go(address(unit))
    with shop.page.expect_navigation():
        fact(shop, "Colour").locator("a.edit").click()
    assert shop.page.url.endswith("/edit#f-colour")
    assert shop.page.locator("[name=colour]").input_value() == "Grey"


def test_a_customer_is_made_from_anywhere_with_the_keyboard(window: Callable[..., Shop], american: Tenant) -> None:
    shop = window(american)
    shop.go("/vehicles")
    shop.page.keyboard.press("c")
    shop.page.keyboard.press("Enter")
    dialog = shop.page.locator("#drawer")
    name = dialog.locator("[name=name]")
    expect(name).to_be_focused()
    shop.page.keyboard.type("Ada Quickly")
    dialog.locator("[name=phone]").fill("+1 202 555 0199")
    dialog.locator("[name=wanted]").fill("Something electric")
    with shop.page.expect_navigation():
        shop.page.keyboard.press("Enter")
    assert "Ada Quickly" in shop.text("h1")
    assert "Something electric" in shop.text()
    shop.go("/")
    shop.page.keyboard.press("c")
    shop.page.keyboard.press("Enter")
    # Typing waits for nothing by itself: keys sent before the dialog stands open go to the page behind it.
    expect(name).to_be_focused()
    dialog.locator("[name=phone]").press_sequentially("2025550199")
    expect(dialog.get_by_text("Is it one of these?")).to_be_visible()
    expect(dialog.get_by_role("link", name="Ada Quickly")).to_be_visible()
