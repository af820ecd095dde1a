"""The inbox in a browser: a line is done in place, the counts and the keyboard go on, and Back is not in the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import delete

from app.core.db import Tenant, db, tenant, transaction
from app.core.db.columns import new_id
from app.core.jobs.notices import JOB_FINISHED
from app.core.jobs.topics import Subject
from app.notifications.models import Item
from app.notifications.operations.telling import notify
from tests.browser.conftest import Shop
from tests.fixtures import people

BADGE = 'nav.side a[href="/inbox"] .cnt'


@pytest.fixture
def told(app: Flask, american: Tenant) -> None:
    """Three things stand in the inbox of the administrator, and nothing else."""
    with app.app_context(), tenant(american.id):
        user = people.find_user("tenant_admin")
        assert user is not None
        with transaction():
            db.session.execute(delete(Item))
            for _ in range(3):
                notify([user.id], JOB_FINISHED, Subject("job", new_id()))


@pytest.mark.usefixtures("told")
def test_a_line_is_done_in_place(window: Callable[..., Shop], american: Tenant) -> None:
    shop = window(american)
    shop.go("/inbox")
    expect(shop.page.locator("html.js")).to_be_attached()
    expect(shop.page.locator(BADGE)).to_contain_text("3")
    shop.page.evaluate("window.stayed = true")
    before = shop.page.evaluate("history.length")
    shop.page.locator(".nt").first.get_by_role("button", name="Done").click()
    expect(shop.page.locator(".nt")).to_have_count(2)
    expect(shop.page.locator(BADGE)).to_contain_text("2")
    # The line that came up has the focus, so that the next press is the next line's.
    expect(shop.page.locator(".nt").first.get_by_role("button", name="Done")).to_be_focused()
    shop.page.keyboard.press("Enter")
    expect(shop.page.locator(".nt")).to_have_count(1)
    assert shop.page.evaluate("[window.stayed, history.length]") == [True, before]
    assert shop.page.url.endswith("/inbox")


@pytest.mark.usefixtures("told")
def test_its_tabs_swap_and_back_returns(window: Callable[..., Shop], american: Tenant) -> None:
    shop = window(american)
    shop.go("/inbox")
    expect(shop.page.locator("#n-open")).to_have_text("3")
    shop.page.locator("#tab-done").click()
    expect(shop.page.locator(".nt")).to_have_count(0)
    assert shop.page.url.endswith("/inbox?view=done")
    shop.page.go_back()
    expect(shop.page.locator(".nt")).to_have_count(3)
    shop.page.locator("main").get_by_role("button", name="Mark all as done").click()
    expect(shop.page.get_by_text("All caught up")).to_be_visible()
    expect(shop.page.locator(BADGE)).to_have_count(0)
