"""A car is walked round with a phone in one hand: findings are tapped, photos come in, and nothing is wider than it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import select

from app.core.db import Tenant, db, tenant
from app.core.db.ids import to_public
from app.inventory.models import Appraisal
from app.tenants.models import Store
from tests.browser.conftest import Shop
from tests.factories.appraisals import make_appraisal, picture

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
SMALLEST_TARGET = 44


@pytest.fixture
def appraisal(app: Flask, american: Tenant) -> Iterator[Appraisal]:
    with app.app_context(), tenant(american.id):
        store = db.session.scalars(select(Store).order_by(Store.code)).first()
        assert store is not None
        yield make_appraisal(store)


@pytest.mark.parametrize("scripts", [True, False])
def test_the_grid_is_tapped_and_saved(
    window: Callable[..., Shop], american: Tenant, appraisal: Appraisal, scripts: bool
) -> None:
    shop = window(american, viewport=PHONE, has_touch=True, java_script_enabled=scripts)
    shop.go(f"/appraisals/{to_public('apr', appraisal.id)}")
    grid = shop.page.locator(".walk")
    for area, finding in (("front", "minor"), ("roof", "ok"), ("keys", "major")):
        cell = grid.locator(f"label:has([name=finding_{area}][value={finding}])")
        box = cell.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= SMALLEST_TARGET
        cell.tap()
    with shop.page.expect_navigation():
        grid.get_by_role("button", name="Save condition").tap()
    expect(grid.locator("[name=finding_front][value=minor]")).to_be_checked()
    expect(grid.locator("[name=finding_rear][value=not_checked]")).to_be_checked()
    db.session.expire_all()
    found = db.session.get(Appraisal, appraisal.id)
    assert found is not None
    assert {area: cell["finding"] for area, cell in found.condition.items()} == {
        "front": "minor", "roof": "ok", "keys": "major",
    }  # fmt: skip
    assert shop.page.locator("html").evaluate("page => page.scrollWidth") <= PHONE["width"]


def test_photos_of_a_phone_stand_on_the_page(
    window: Callable[..., Shop], american: Tenant, appraisal: Appraisal
) -> None:
    shop = window(american, viewport=PHONE, has_touch=True)
    shop.go(f"/appraisals/{to_public('apr', appraisal.id)}")
    sent = [picture("front.jpg", (1200, 900)), picture("rear.jpg", (900, 1200))]
    files = [{"name": file.name, "mimeType": "image/jpeg", "buffer": file.data} for file in sent]
    shop.page.set_input_files("#f-photos", files)  # type: ignore[arg-type]
    with shop.page.expect_navigation():
        shop.page.get_by_role("button", name="Add photos").tap()
    pictures = shop.page.locator(".photos img")
    expect(pictures).to_have_count(2)
    for place in range(2):
        pictures.nth(place).scroll_into_view_if_needed()
        expect(pictures.nth(place)).to_have_js_property("naturalWidth", (480, 360)[place])
