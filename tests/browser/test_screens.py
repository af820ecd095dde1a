"""Every screen in both languages: no error, nothing refused by the policy, and the basics that readers aloud need."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from app.core.db import Tenant, tenant
from bench.screens import SCREENS, find_records, open_screen
from tests.browser.conftest import Shop
from tests.fixtures.dealerships import make_dealership
from tests.fixtures.listed import add_listed_rows

pytestmark = pytest.mark.browser

FAULTS = """() => {
  const found = [], all = (selector) => [...document.querySelectorAll(selector)];
  const named = (node) => node.textContent.trim() || node.getAttribute("aria-label")
    || node.querySelector("[aria-label]") || node.title;
  if (all("h1").length !== 1) found.push(`${all("h1").length} h1`);
  if (all("main").length !== 1) found.push(`${all("main").length} main`);
  if (!document.title.trim()) found.push("no title");
  const ids = all("[id]").map((node) => node.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) found.push(`id twice: ${id}`);
  for (const node of all("input:not([type=hidden]), select, textarea"))
    if (!node.labels.length && !node.getAttribute("aria-label") && !node.getAttribute("aria-labelledby"))
      found.push(`no label: ${node.name}`);
  for (const node of all("a[href], button, summary")) if (!named(node)) found.push(`no name: ${node.outerHTML}`);
  for (const node of all("img:not([alt]), th:not([scope])")) found.push(`bare: ${node.outerHTML}`);
  for (const name of ["aria-describedby", "aria-labelledby", "for"])
    for (const node of all(`[${name}]`)) for (const id of node.getAttribute(name).trim().split(/\\s+/))
      if (!ids.includes(id)) found.push(`${name} leads nowhere: ${id}`);
  for (const node of all("[aria-invalid=true]")) if (!node.getAttribute("aria-describedby"))
    found.push(`refused without a word: ${node.name}`);
  for (const node of all("main details")) node.open = true;
  return found;
}"""
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
WIDTHS = (390, 760, 1440)
# Words of the page itself; what stands in cells and records is data, in whatever language it was typed.
WORDS = (
    "nav a, h1, h2, label:not(.ckl), legend, th, button, summary, main header a, .lbl, .help, .err, .empty p, .kpi .l"
)
LATIN = re.compile(r"[A-Za-z]{3,}")
# Names, codes and examples that Chinese pages write in Latin letters as well.
KEPT = {
    *(
        "English",
        "VIN",
        "VINs",
        "CNY",
        "USD",
        "GBP",
        "UTC",
        "UTF",
        "CSV",
        "XLSX",
        "csv",
        "xlsx",
        "zip",
        "gzip",
        "Excel",
    ),
    *("Forecourt", "Jiangpan", "Motors", "River", "Road", "Row", "Person", "Make", "Model", "Bdc", "Agent"),
}


def faults_of(shop: Shop, language: str) -> list[str]:
    """What is wrong with the page that is shown."""
    found = list(shop.page.evaluate(FAULTS))
    lang = shop.page.locator("html").get_attribute("lang")
    if lang != language:
        found.append(f"lang is {lang}")
    if language == "zh-CN":
        words = " ".join(shop.page.locator(WORDS).all_inner_texts())
        found += [f"not Chinese: {word}" for word in sorted(set(LATIN.findall(words)) - KEPT)]
    for width in WIDTHS:
        shop.page.set_viewport_size({"width": width, "height": 900})
        if (beyond := shop.page.evaluate(TOO_WIDE)) > 0:
            found.append(f"{beyond} px wider than a window of {width}")
    return found


@pytest.fixture(scope="module")
def shops(app: Flask) -> dict[str, Tenant]:
    """Dealerships of these tests alone, so that every page shows what was put there and nothing else."""
    chinese = {"country": "CN", "locale": "zh", "currency": "CNY", "store_name": "江畔店", "admin_name": "李店长"}
    made = {"en": make_dealership(app, "screens"), "zh-CN": make_dealership(app, "jiangpan", **chinese)}
    for of in made.values():
        with app.app_context(), tenant(of.id):
            add_listed_rows(9)
    return made


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_screen_is_whole(window: Callable[..., Shop], shops: dict[str, Tenant], language: str) -> None:
    shop = window(shops[language], locale=language)
    records = find_records(shop.page, shop.base)
    found, shown = [], set()
    # Signed in first, because a signed-in browser is led away from the page of signing in.
    for screen in sorted(SCREENS, key=lambda screen: not screen.signed_in):
        if not screen.signed_in:
            shop.page.context.clear_cookies()
        status = open_screen(shop.page, shop.base, screen, records)
        if status is None:
            continue
        shown.add(screen.name)
        faults = faults_of(shop, language)
        if status != screen.status:
            faults.append(f"status {status}")
        if screen.refused and not shop.page.locator("[role=alert]").count():
            faults.append("refused without a summary")
        found += [f"{screen.name}: {fault}" for fault in faults]
    # One line a fault: pytest would cut a comparison short.
    assert not found, "\n".join(found)
    # Imports and jobs have pages only where something was imported.
    assert {screen.name for screen in SCREENS} - shown <= {"import", "import-columns", "job"}
