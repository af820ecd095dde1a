"""The desk in a browser: figures follow what is typed, nothing typed is lost, and saving is one key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import select

from app.core.db import Tenant, db, tenant
from app.core.db.ids import to_public
from app.sales.models import Deal
from app.sales.queries import sheets
from app.tenants.models import Store
from tests.browser.conftest import Shop
from tests.factories.desk import SYSTEM
from tests.factories.sales import make_deal

pytestmark = pytest.mark.browser


@pytest.fixture
def deal(app: Flask, american: Tenant) -> Iterator[str]:
    with app.app_context(), tenant(american.id):
        store = db.session.scalars(select(Store).order_by(Store.code)).first()
        assert store is not None
        yield to_public("deal", make_deal(store, price=Decimal(31950)).id)


def test_figures_follow_what_is_typed_and_a_key_saves(window: Callable[..., Shop], american: Tenant, deal: str):
    shop = window(american)
    shop.go(f"/deals/{deal}")
    page = shop.page
    expect(page.locator("#unsaved")).to_have_text("Everything is saved")
    page.locator("button[name=add][value=l]").click()
    label = page.locator("#sheet-lines [name$='-label']")
    expect(label).to_be_focused()
    label.fill("Tow bar")
    page.locator("#sheet-lines [name$='-amount']").fill("640")
    expect(page.locator("#fig-due")).to_have_text("$32,590")
    discount = page.locator("[name=discount]")
    discount.fill("")
    discount.press_sequentially("1200", delay=30)
    expect(page.locator("#fig-due")).to_have_text("$31,390")
    # The answer swapped figures alone: the field is the one that was typed into, and still has the keyboard.
    expect(discount).to_be_focused()
    expect(discount).to_have_value("1200")
    expect(label).to_have_value("Tow bar")
    discount.fill("12o0")
    expect(page.locator("#x-discount")).to_have_text("This value cannot be read.")
    expect(page.locator("#fig-due")).to_have_text("$31,390")
    discount.fill("1200")
    expect(page.locator("#x-discount")).to_be_hidden()
    page.locator(".way:has([name=choice][value=n3]) .terms > summary").click()
    page.locator("[name='w-n3-apr']").fill("6")
    page.locator("label.pick:has([value=n3])").click()
    expect(page.locator("#fig-foot")).to_contain_text("60 months at $606.86")
    page.locator("[name=solve_payment]").fill("500")
    page.locator("button[name=solve]").click()
    page.locator("#fig-solved button").click()
    expect(page.locator("#fig-foot")).to_contain_text("60 months at $500")
    with page.expect_navigation():
        page.keyboard.press("Control+s")
    expect(page.locator("#unsaved")).to_have_text("Everything is saved")
    expect(page.locator("#fig-foot")).to_contain_text("60 months at $500")


def test_what_was_typed_can_be_put_back_before_it_is_saved(
    app: Flask, window: Callable[..., Shop], american: Tenant, deal: str
):
    shop = window(american)
    shop.go(f"/deals/{deal}")
    page = shop.page
    page.locator("[name=discount]").fill("950")
    expect(page.locator("#fig-due")).to_have_text("$31,000")
    expect(page.locator("#unsaved")).to_have_text("Not saved yet: 1")
    page.locator("#sheet-reset").click()
    expect(page.locator("#fig-due")).to_have_text("$31,950")
    expect(page.locator("#unsaved")).to_have_text("Everything is saved")
    with app.app_context(), tenant(american.id):
        stored = db.session.scalars(select(Deal).order_by(Deal.id.desc())).first()
        assert stored is not None
        assert sheets.desk_of(SYSTEM, stored).id is None
