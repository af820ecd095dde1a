"""Nobody loses typing: drafts, sessions that end in the middle, two people at one record, and what is taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import delete, select

from app.core.db import Tenant, db, tenant, transaction
from app.core.db.ids import from_public, to_public
from app.core.guard.permissions import system_actor
from app.crm.models import Customer
from app.crm.operations import customers
from app.tenants.models import SessionRow, Store
from tests.browser.conftest import Shop
from tests.fixtures import people

pytestmark = pytest.mark.browser
SYSTEM = system_actor("test")
SAVE = "main form.form button.b-p"


@pytest.fixture
def customer(app: Flask, american: Tenant) -> Iterator[str]:
    with app.app_context(), tenant(american.id):
        with transaction():
            store = db.session.scalars(select(Store).order_by(Store.code)).first()
            assert store is not None
            made = customers.create_customer(actor=SYSTEM, kind="business", store_id=store.id, name="Typed & Sons")
        yield f"/customers/{to_public('cus', made.id)}"


def stored(path: str) -> Customer:
    db.session.expire_all()
    found = db.session.get(Customer, from_public("cus", path.rpartition("/")[2]))
    assert found is not None
    return found


def end_sessions() -> None:
    with transaction():
        db.session.execute(delete(SessionRow))


def drafts(shop: Shop) -> int:
    return int(shop.page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('draft:')).length"))


def wait_for_draft(shop: Shop) -> None:
    for _ in range(50):
        if drafts(shop):
            return
        shop.page.wait_for_timeout(100)
    pytest.fail("nothing was kept")


def test_a_draft_outlives_a_refresh_and_can_be_discarded(
    window: Callable[..., Shop], american: Tenant, customer: str
) -> None:
    shop = window(american)
    shop.go(f"{customer}/edit")
    shop.page.fill("[name=notes]", "Half a sen")
    wait_for_draft(shop)
    shop.page.reload()
    expect(shop.page.locator("[name=notes]")).to_have_value("Half a sen")
    expect(shop.page.get_by_text("Your unsaved text was restored.")).to_be_visible()
    shop.page.get_by_role("button", name="Discard").click()
    expect(shop.page.locator("[name=notes]")).to_have_value("")
    assert drafts(shop) == 0
    shop.page.fill("[name=notes]", "Whole")
    shop.press(SAVE)
    assert stored(customer).notes == "Whole"
    assert drafts(shop) == 0


def test_a_session_that_ends_while_typing_is_taken_up_in_place(
    window: Callable[..., Shop], american: Tenant, customer: str
) -> None:
    shop = window(american)
    shop.page.clock.install()
    shop.go(f"{customer}/edit")
    shop.page.fill("[name=notes]", "Typed for an hour")
    end_sessions()
    shop.page.clock.fast_forward("02:00")
    shop.page.locator(SAVE).first.click()
    dialog = shop.page.locator("#again")
    expect(dialog.get_by_text("Nothing you typed is lost")).to_be_visible()
    expect(dialog).to_contain_text("@")
    expect(dialog).not_to_contain_text(people.email("tenant_admin"))
    dialog.locator("[name=password]").fill("not the password at all")
    dialog.get_by_role("button", name="Sign in and save").click()
    expect(dialog.locator(".err")).to_be_visible()
    assert stored(customer).notes == ""
    dialog.locator("[name=password]").fill(people.PASSWORD)
    with shop.page.expect_navigation():
        dialog.get_by_role("button", name="Sign in and save").click()
    assert stored(customer).notes == "Typed for an hour"
    assert shop.page.url == f"{shop.base}{customer}"
    assert drafts(shop) == 0


def test_a_form_that_met_the_sign_in_page_comes_back_filled_in(
    window: Callable[..., Shop], american: Tenant, customer: str
) -> None:
    shop = window(american)
    shop.go(f"{customer}/edit")
    shop.page.fill("[name=notes]", "Sent too late")
    end_sessions()
    shop.press(SAVE)
    assert "nothing was saved" in shop.text()
    with shop.page.expect_navigation():
        shop.page.get_by_role("link", name="Sign in").click()
    shop.page.fill("[name=email]", people.email("tenant_admin"))
    shop.page.fill("[name=password]", people.PASSWORD)
    shop.press()
    assert shop.page.url == f"{shop.base}{customer}/edit"
    expect(shop.page.locator("[name=notes]")).to_have_value("Sent too late")


def test_somebody_else_at_the_same_window_finds_no_draft(
    window: Callable[..., Shop], american: Tenant, customer: str
) -> None:
    shop = window(american)
    shop.go(f"{customer}/edit")
    shop.page.fill("[name=notes]", "Mine alone")
    wait_for_draft(shop)
    end_sessions()
    shop.sign_in("sales_manager")
    assert drafts(shop) == 0
    shop.go(f"{customer}/edit")
    expect(shop.page.locator("[name=notes]")).to_have_value("")


def test_two_people_at_one_field_choose_with_the_keyboard(
    window: Callable[..., Shop], american: Tenant, customer: str
) -> None:
    mine, theirs = window(american), window(american, "sales_manager")
    mine.go(f"{customer}/edit")
    theirs.go(f"{customer}/edit")
    theirs.page.fill("[name=name]", "Theirs Ltd")
    theirs.press(SAVE)
    mine.page.fill("[name=name]", "Mine Ltd")
    mine.page.fill("[name=notes]", "Both kept")
    mine.press(SAVE)
    choice = mine.page.get_by_role("group", name="Company or full name")
    expect(choice.get_by_role("radio")).to_have_count(2)
    expect(choice).to_contain_text("Sales Manager")
    choice.get_by_role("radio").first.focus()
    mine.page.keyboard.press("ArrowDown")
    mine.press(SAVE)
    row = stored(customer)
    assert (row.name, row.notes) == ("Theirs Ltd", "Both kept")


def test_a_deletion_asks_nothing_and_goes_back(window: Callable[..., Shop], american: Tenant, customer: str) -> None:
    shop = window(american)
    shop.go(customer)
    shop.page.locator("details.more summary").click()
    with shop.page.expect_navigation():
        shop.page.get_by_role("button", name="Delete").click()
    toast = shop.page.locator(".toast", has_text="The customer was deleted.")
    with shop.page.expect_navigation():
        toast.get_by_role("button", name="Undo").click()
    expect(shop.page.locator(".toast")).to_contain_text("Taken back.")
    assert shop.go(customer) == 200
