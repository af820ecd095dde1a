"""Signing on the screen: lines drawn with the mouse, or a typed name by the keyboard alone; what is signed stays."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator

import pypdf
import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.core.db import Tenant, db, tenant, transaction
from app.core.db.ids import from_public, to_public
from app.sales.documents.making import make_document
from app.sales.models import DealDocument
from app.sales.queries import documents as papers
from app.sales.queries.documents import Paper
from app.sales.rules.documents import PAD_HEIGHT, PAD_WIDTH, DocumentState
from app.tenants.models import Store
from tests.browser.conftest import Shop
from tests.factories.inventory import SYSTEM
from tests.factories.sales import make_customer, make_deal

pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 390, "height": 844}}


def contract(app: Flask, of: Tenant, name: str, locale: str) -> str:
    """A contract to be signed, as addresses carry it."""
    with app.app_context(), tenant(of.id):
        store = db.session.scalars(select(Store).order_by(Store.code)).first()
        assert store is not None
        deal = make_deal(store, customer_id=make_customer(store, name).id)
        with transaction():
            return to_public("doc", make_document(actor=SYSTEM, deal_id=deal.id, kind="contract", locale=locale).id)


@pytest.fixture
def paper(app: Flask, american: Tenant) -> str:
    return contract(app, american, "Ana Ruiz", "en")


@pytest.fixture
def stored(app: Flask, american: Tenant) -> Iterator[Callable[[str], Paper]]:
    """The paper as it is stored."""
    with app.app_context(), tenant(american.id):

        def read(public_id: str) -> Paper:
            db.session.rollback()
            return papers.find_paper(db.session.get_one(DealDocument, from_public("doc", public_id)))

        yield read


def draw(page: Page) -> None:
    """Two lines over the pad with the mouse."""
    canvas = page.locator("canvas.pad")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    for line in (((0.1, 0.5), (0.4, 0.2), (0.6, 0.8)), ((0.65, 0.4), (0.9, 0.5))):
        (x, y), *rest = [(box["x"] + part * box["width"], box["y"] + down * box["height"]) for part, down in line]
        page.mouse.move(x, y)
        page.mouse.down()
        for x, y in rest:
            page.mouse.move(x, y, steps=6)
        page.mouse.up()


def words_of(paper: Paper) -> str:
    pages = pypdf.PdfReader(io.BytesIO(papers.bytes_of(paper))).pages
    return " ".join(page.extract_text() for page in pages)


def test_a_signature_is_drawn_begun_again_and_kept(
    window: Callable[..., Shop], american: Tenant, paper: str, stored: Callable[[str], Paper]
):
    shop = window(american)
    shop.go(f"/documents/{paper}/sign")
    page, strokes = shop.page, shop.page.locator("[name=strokes]")
    draw(page)
    assert strokes.input_value() != ""
    page.locator("[data-pad-clear]").click()
    expect(strokes).to_have_value("")
    draw(page)
    expect(page.locator("[name=signer]")).to_have_value("Ana Ruiz")
    page.locator("label:has([name=agreed])").click()
    shop.press()
    expect(page.locator("#jacket")).to_contain_text("Signed")
    found = stored(paper)
    assert (found.state, found.signed is None) == (DocumentState.SIGNED, False)
    assert found.signed is not None
    detail = papers.detail_of(found.signed)
    assert (detail["signer"], detail["method"], len(detail["strokes"])) == ("Ana Ruiz", "drawn", 2)
    points = [point for line in detail["strokes"] for point in line]
    assert all(0 <= x <= PAD_WIDTH and 0 <= y <= PAD_HEIGHT for x, y in points)
    # The first line goes from a tenth of the pad to six tenths, whatever its size on the screen.
    assert abs(points[0][0] - PAD_WIDTH // 10) <= 3
    assert "Ana Ruiz" in words_of(found)
    shop.go(f"/documents/{paper}/sign")
    expect(page.locator("main")).to_contain_text("cannot be signed")
    assert page.locator("canvas").count() == 0


def test_a_name_is_signed_by_the_keyboard_alone_and_nothing_changes_it(
    window: Callable[..., Shop], american: Tenant, paper: str, stored: Callable[[str], Paper]
):
    shop = window(american)
    shop.go(f"/documents/{paper}/sign")
    page = shop.page

    def tab_to(selector: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
                return
        raise AssertionError(f"The keyboard does not reach {selector}")

    tab_to("[name=signer]")
    page.keyboard.press("Control+a")
    page.keyboard.type("Ana María Ruiz")
    tab_to("[name=agreed]")
    page.keyboard.press("Space")
    tab_to("main form button[type=submit].b-p")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("#jacket")).to_contain_text("Signed")
    found = stored(paper)
    assert found.signed is not None
    detail = papers.detail_of(found.signed)
    assert (detail["signer"], detail["method"], detail["strokes"]) == ("Ana María Ruiz", "typed", None)
    assert "Ana María Ruiz" in words_of(found)
    for statement in (
        "UPDATE sales_documents SET kind = 'quote' WHERE id = :id",
        "DELETE FROM sales_document_events WHERE document_id = :id",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            db.session.execute(text(statement), {"id": found.document.id})
        db.session.rollback()
    assert hashlib.sha256(papers.bytes_of(found)).digest() == found.signed.sha256


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_a_phone_the_pad_is_in_reach_of_the_finger(
    app: Flask, window: Callable[..., Shop], chinese: Tenant, theme: str
):
    shop = window(chinese, locale="zh-CN", color_scheme=theme, has_touch=True, **PHONE)
    shop.go(f"/documents/{contract(app, chinese, '王小明', 'zh')}/sign")
    page = shop.page
    for selector in ("canvas.pad", "[data-pad-clear]", "[name=signer]", "label:has([name=agreed])"):
        found = page.locator(selector)
        found.evaluate("(one) => one.scrollIntoView({block: 'end'})")
        # Whoever touches the middle or the lowest line of it touches it, and neither a bar above nor one below.
        assert found.evaluate(
            """(one) => { const box = one.getBoundingClientRect(), x = box.left + box.width / 2;
            return [box.top + box.height / 2, box.bottom - 2].every((y) => {
              const hit = document.elementFromPoint(x, y); return hit && (one === hit || one.contains(hit)); }); }"""
        ), selector
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    draw(page)
    assert page.locator("[name=strokes]").input_value() != ""
