"""The real application in a real browser: pages that are watched, at dealerships that speak English and Chinese."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright

from app.core.db import Tenant, tenant
from bench.browser import Watch, find_chromium, launch
from tests.fixtures import people
from tests.fixtures.dealerships import make_dealership
from tests.fixtures.serving import Served

PATIENCE_MS = 15_000


@dataclass
class Shop:
    """A browser window at one dealership."""

    page: Page
    watch: Watch
    base: str
    tenant: Tenant

    def go(self, path: str) -> int:
        """Open a path of this dealership; the status."""
        answer = self.page.goto(self.base + path)
        assert answer is not None
        return answer.status

    def sign_in(self, role: str = "tenant_admin", password: str = people.PASSWORD) -> None:
        """Fill the sign-in page in, as a person does."""
        self.go("/sign-in")
        self.page.fill("[name=email]", people.email(role))
        self.page.fill("[name=password]", password)
        self.press()

    def press(self, selector: str = "main form button[type=submit].b-p") -> None:
        """Send a form and wait for the page that answers."""
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()

    def text(self, selector: str = "main") -> str:
        """What people read there."""
        return self.page.locator(selector).first.inner_text()


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium; without one these tests skip, unless FORECOURT_REQUIRE_BROWSER says they must not."""
    program = find_chromium()
    if program is None:
        said = "Chromium is missing: install it, or name it in CHROMIUM"
        if os.environ.get("FORECOURT_REQUIRE_BROWSER") == "1":
            pytest.fail(said)
        pytest.skip(said)
    with sync_playwright() as playwright:
        browser = launch(playwright, program)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def american(app: Flask) -> Tenant:
    """A dealership that speaks English."""
    return make_dealership(app, "riverside")


@pytest.fixture(scope="package")
def chinese(app: Flask) -> Tenant:
    """A dealership that speaks Chinese."""
    return make_dealership(
        app, "yunlu", country="CN", locale="zh", currency="CNY", timezone="Asia/Shanghai", store_name="云路店",
        admin_name="李店长",
    )  # fmt: skip


@pytest.fixture
def window(app: Flask, chromium: Browser, served: Served) -> Iterator[Callable[..., Shop]]:
    """`window(dealership, role)`: a window in which that role has signed in (None: nobody). It must stay without fault.

    Further arguments are those of a browser context: its size, its language, whether scripts run.
    """
    opened: list[Shop] = []

    def make(of: Tenant, role: str | None = "tenant_admin", **options: Any) -> Shop:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        context.set_default_timeout(PATIENCE_MS)
        if role is not None:
            with app.app_context(), tenant(of.id):
                name, token = people.session_cookie(role, of.hosts[0])
            context.add_cookies([{"name": name, "value": token, "domain": of.hosts[0], "path": "/"}])
        page = context.new_page()
        shop = Shop(page, Watch.over(page), served.url(of, ""), of)
        opened.append(shop)
        return shop

    yield make
    for shop in opened:
        shop.page.context.close()
    assert [problem for shop in opened for problem in shop.watch.problems] == []
