"""Every screen in both languages, themes and widths: axe finds nothing, the policy refuses nothing, no error is logged.

The operators' console and the pages of the bare host are among them.

Each screen is visited in two of the eight combinations that differ in everything; with --full in all of them. What
opens on a screen (menus, dialogs, previews, the palette) is opened and judged as well.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import clock
from app.core.db import Tenant, db, tenant, transaction
from app.crm.operations import activities, customers
from app.inventory.operations import units, vehicles
from app.sales.documents.making import make_document
from app.sales.operations import deals
from app.tenants.models import Store
from bench.hosts import bases, furnish, sign_in_at_console
from bench.screens import SCREENS, Screen, find_records, open_screen
from tests.browser.audit import axe, basics, too_wide
from tests.browser.conftest import Shop
from tests.browser.openings import opened, palette
from tests.fixtures.dealerships import make_dealership
from tests.fixtures.listed import SYSTEM, add_listed_rows

pytestmark = pytest.mark.browser

# Shown only where something was imported or exported.
MAY_BE_MISSING = {"import", "import-columns", "job", "export"}


LONG = {
    "en": (
        "Phantom Drophead Coupé Extended Wheelbase Series II",
        "Thistledown, Featherstonehaugh & Cholmondeley Trading and Holding Company (International)",
    ),
    "zh-CN": (
        "劳斯莱斯幻影加长轴距特别纪念版敞篷双门轿跑车",
        "云岫坡进出口贸易投资控股（国际）集团有限责任公司汽车销售服务分公司",
    ),
}


class Combination(NamedTuple):
    """How somebody looks at the product."""

    language: str
    theme: str
    width: int

    def __str__(self) -> str:
        return f"{self.language}-{self.theme}-{self.width}"


COMBINATIONS = [Combination(*parts) for parts in itertools.product(("en", "zh-CN"), ("light", "dark"), (1440, 390))]


def share_of(combination: Combination, *, full: bool) -> list[Screen]:
    """The screens to visit in `combination`: all, or those of which it is one of two opposites."""
    number = COMBINATIONS.index(combination)
    half = len(COMBINATIONS) // 2
    mine = min(number, len(COMBINATIONS) - 1 - number)  # Opposites share a number from 0 to 3.
    chosen = [screen for at, screen in enumerate(SCREENS) if full or at % half == mine]
    # Signed in first, because a signed-in browser is led away from the page of signing in.
    return sorted(chosen, key=lambda screen: not screen.signed_in)


@pytest.fixture(scope="module")
def shops(app: Flask) -> dict[str, Tenant]:
    """Dealerships of these tests alone, so that every page shows what was put there and nothing else."""
    chinese = {"country": "CN", "locale": "zh", "currency": "CNY", "store_name": "江畔店", "admin_name": "李店长"}
    made = {"en": make_dealership(app, "screens"), "zh-CN": make_dealership(app, "jiangpan", **chinese)}
    for language, of in made.items():
        with app.app_context(), tenant(of.id):
            add_listed_rows(9)
            add_long_names(*LONG[language])
    return made


@pytest.fixture(scope="module")
def elsewhere(app: Flask, shops: dict[str, Tenant]) -> dict[str, dict[str, str]]:
    """Language -> paths of what stands at the console and the bare host, about the dealership of that language."""
    with app.app_context():
        return {language: furnish(of.id, language.partition("-")[0]) for language, of in shops.items()}


def add_long_names(model: str, company: str) -> None:
    """Names that no column was made for, where they stand first."""
    with transaction():
        store = db.session.scalars(select(Store.id).order_by(Store.code)).first()
        customer = customers.create_customer(actor=SYSTEM, kind="business", store_id=store, name=company)
        vehicle = vehicles.add_vehicle(
            actor=SYSTEM, make="Rolls-Royce", model=model, model_year=2025, plate="DEMO 1234"
        )
        unit = units.stock_in_unit(
            actor=SYSTEM, vehicle_id=vehicle.id, store_id=store, asking_price=Decimal("123456789.50"),
            acquired_on=clock.today("UTC") - timedelta(days=400),
        )  # fmt: skip
        # The newest deal, which stands first on the list: its papers are what can be signed and declared void.
        deal = deals.record_deal(actor=SYSTEM, stock_unit_id=unit.id, price=Decimal("123456789.50"),
                                 customer_id=customer.id, deal_type="retail")  # fmt: skip
        make_document(actor=SYSTEM, deal_id=deal.id, kind="contract")
        activities.log_activity(actor=SYSTEM, customer_id=customer.id, type="call", at=clock.now(), body=company * 5)


def faults_of(shop: Shop, screen: Screen, status: int, language: str) -> list[str]:
    """What is wrong with the screen that is shown, closed and opened."""
    faults = [] if status == screen.status else [f"status {status}"]
    if screen.refused and not shop.page.locator("[role=alert]").count():
        faults.append("refused without a summary")
    faults += [*basics(shop.page, language), *axe(shop.page), *too_wide(shop.page)]
    return faults + list(opened(shop.page, "main"))


@pytest.mark.parametrize("combination", COMBINATIONS, ids=str)
def test_every_screen_is_whole(
    app: Flask, window: Callable[..., Shop], shops: dict[str, Tenant], elsewhere: dict[str, dict[str, str]],
    combination: Combination, request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    language, theme, width = combination
    shop = window(shops[language], locale=language, viewport={"width": width, "height": 900}, reduced_motion="reduce",
                  has_touch=width < 760)  # fmt: skip
    with app.app_context():
        hosts = bases(shop.base)
        sign_in_at_console(shop.page.context, elsewhere[language]["console_session"])
    choose_theme(shop, hosts, theme)
    records = {**find_records(shop.page, shop.base), **elsewhere[language]}
    found = [f"frame: {fault}" for fault in frame_of(shop)]
    screens = share_of(combination, full=request.config.getoption("--full"))
    missing = set()
    for screen in screens:
        if not screen.signed_in:
            shop.page.context.clear_cookies()
            choose_theme(shop, hosts, theme)
        status = open_screen(shop.page, hosts, screen, records)
        if status is None:
            missing.add(screen.name)
            continue
        assert shop.page.locator("html").get_attribute("data-theme") == theme
        found += [f"{screen.name}: {fault}" for fault in faults_of(shop, screen, status, language)]
    found += [f"{name}: is not there" for name in sorted(missing - MAY_BE_MISSING)]
    # One line a fault: pytest would cut a comparison short.
    assert not found, "\n".join(found)


def choose_theme(shop: Shop, hosts: Mapping[str, str], theme: str) -> None:
    """As the switch in the frame does it for a browser nobody has signed in at."""
    shop.page.context.add_cookies([{"name": "theme", "value": theme, "url": base} for base in hosts.values()])


def frame_of(shop: Shop) -> list[str]:
    """What is wrong with what opens in the frame, which is the same on every page."""
    shop.go("/")
    return [*opened(shop.page, "body"), *palette(shop.page, "row")]


def test_two_combinations_of_a_screen_differ_in_everything_and_all_occur() -> None:
    visits = {
        screen.name: [one for one in COMBINATIONS if screen in share_of(one, full=False)] for screen in SCREENS
    }
    for one, other in visits.values():
        assert all(left != right for left, right in zip(one, other, strict=True))
    assert {combination for pair in visits.values() for combination in pair} == set(COMBINATIONS)
    assert all(set(share_of(combination, full=True)) == set(SCREENS) for combination in COMBINATIONS)


def test_a_fault_is_found(window: Callable[..., Shop], shops: dict[str, Tenant]) -> None:
    shop = window(shops["en"])
    shop.go("/")
    assert axe(shop.page) == []
    shop.page.evaluate("""() => document.querySelector("main").insertAdjacentHTML("beforeend",
        '<input name="bare"><p class="faint">hardly</p><svg><use href="/static/0/icons.svg#no-such"/></svg>')""")
    shop.page.evaluate("() => document.querySelector('.faint').style.color = '#ddd'")
    faults = " ".join([*axe(shop.page), *basics(shop.page, "zh-CN")])
    for fault in ("label:", "color-contrast:", "no label: bare", "no such icon: no-such", "lang is en", "not Chinese"):
        assert fault in faults
