"""A file goes in from the pages: upload, columns, dry run, run, the failed rows, undo; in English and in Chinese."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from app.core.db import Tenant
from bench.screenshots import work_off
from tests.browser.conftest import Shop

pytestmark = pytest.mark.browser

ENGLISH = """Full name,Phone,E-mail,Store
Harriet Quill,+1 202 555 0111,harriet@example.com,Main Street
Tobias Wren,+1 202 555 0112,,Main Street
,,,Main Street
"""
CHINESE = """姓名,电话,邮箱,门店
沈墨白,+86 138 0000 0111,shen@example.com,云路店
顾青禾,,,云路店
,,,云路店
"""
# The second as a Chinese Excel writes it.
FILES = {"en": ENGLISH.encode(), "zh": CHINESE.encode("gb18030")}
NAMES = {"en": ("Harriet Quill", "Tobias Wren"), "zh": ("沈墨白", "顾青禾")}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_customers_from_a_file(
    app: Flask, window: Callable[..., Shop], american: Tenant, chinese: Tenant, language: str
) -> None:
    of = american if language == "en" else chinese
    shop = window(of, locale=language)

    def work() -> None:
        """What the worker does meanwhile."""
        with app.app_context():
            work_off(of.id)
        shop.page.reload()

    def shown() -> list[int]:
        """The counts of the import's page."""
        return [int(text) for text in shop.page.locator(".kpi .v").all_inner_texts()]

    shop.go("/imports/new")
    shop.page.check("[name=kind][value=customers]")
    shop.page.set_input_files("[name=file]", {"name": "list.csv", "mimeType": "text/csv", "buffer": FILES[language]})
    shop.press()
    # Headers of both languages are recognised.
    assert shop.page.locator("[name='column.name']").input_value() != ""
    assert shop.page.locator("[name='column.store']").input_value() != ""
    shop.press("button[name=then][value=check]")
    work()
    assert (2 in shown(), 1 in shown()) == (True, True)
    shop.go("/customers")
    assert NAMES[language][0] not in shop.text()
    shop.page.go_back()
    here = shop.page.url.removeprefix(shop.base)
    shop.press("form[action$='/run'] button")
    work()
    assert shop.page.locator("a[href$='/failed-rows']").count() == 1
    with shop.page.expect_download() as download:
        shop.page.locator("a[href$='/failed-rows']").click()
    failed = download.value.path().read_bytes().decode("utf-8-sig")
    assert len(failed.splitlines()) == 2
    assert not any(name in failed for name in NAMES[language])
    shop.go("/customers")
    assert all(name in shop.text() for name in NAMES[language])
    shop.go(here)
    shop.page.locator("form[action$='/undo'] button").click()
    shop.press("dialog[open] button.b-p")
    work()
    shop.go("/customers")
    assert not any(name in shop.text() for name in NAMES[language])
