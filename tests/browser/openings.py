"""Everything on a page that opens: menus, dialogs, the palette, previews; each opened, judged and closed again."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Error, Page

from tests.browser.audit import axe

MENU = "details:not([open]) > summary"
# Links and buttons that show a dialog.
DIALOG = "a[data-dialog], a[data-sheet], button[data-opens], button[aria-haspopup=dialog]"
SHOWN = "dialog[open]"
FEW = 12
# So that what is open now can be named to axe, whatever it is.
MARK = "data-under-test"


def opened(page: Page, place: str) -> Iterator[str]:
    """What is wrong with what opens within `place` (a selector)."""
    if page.locator("#peek.open").count():
        # On a phone the preview lies over everything that could be opened.
        page.keyboard.press("Escape")
        page.locator("[data-peek-body]").wait_for(state="detached")
    yield from menus(page, place)
    yield from dialogs(page, place)
    yield from selection(page, place)
    yield from preview(page, place)
    yield from swap(page, place)


def menus(page: Page, place: str) -> Iterator[str]:
    """Each menu, filled in by the server or on demand."""
    for number in range(min(page.locator(f"{place} {MENU}").count(), FEW)):
        summary = page.locator(f"{place} details > summary").nth(number)
        if not summary.is_visible() or summary.evaluate("node => node.parentElement.open"):
            continue
        name = summary.inner_text().strip() or summary.get_attribute("aria-label") or "?"
        summary.click()
        summary.evaluate(f"node => node.parentElement.setAttribute('{MARK}', '')")
        for fault in axe(page, f"[{MARK}]"):
            yield f"menu {name}: {fault}"
        summary.evaluate(f"node => {{ node.parentElement.open = false; node.parentElement.removeAttribute('{MARK}') }}")


def dialogs(page: Page, place: str) -> Iterator[str]:
    """Each dialog that a link or button of the page shows; Escape closes it and the focus is not lost."""
    for number in range(min(page.locator(f"{place} :is({DIALOG})").count(), FEW)):
        button = page.locator(f"{place} :is({DIALOG})").nth(number)
        if not button.is_visible():
            continue
        name = button.inner_text().strip() or button.get_attribute("aria-label") or "?"
        button.click()
        yield from dialog(page, name)


def dialog(page: Page, name: str) -> Iterator[str]:
    """The dialog that is coming up."""
    try:
        page.locator(SHOWN).first.wait_for(timeout=3000)
        settle(page)
    except Error:
        yield f"dialog {name} does not open"
        return
    for fault in axe(page, SHOWN):
        yield f"dialog {name}: {fault}"
    page.keyboard.press("Escape")
    if page.locator(SHOWN).count():
        yield f"dialog {name} stays on Escape"
        page.evaluate("() => document.querySelectorAll('dialog[open]').forEach((one) => one.close())")


def selection(page: Page, place: str) -> Iterator[str]:
    """A row chosen on a list, and the bar of what can be done with it."""
    box = page.locator(f"{place} tbody input[type=checkbox]").first
    if not box.count() or not box.is_visible():
        return
    box.check()
    for fault in axe(page, place):
        yield f"a row chosen: {fault}"
    box.uncheck()


def preview(page: Page, place: str) -> Iterator[str]:
    """The preview of a row."""
    link = page.locator(f"{place} a[href*='peek=']").first
    if not link.count() or not link.is_visible():
        return
    link.click()
    try:
        page.locator("[data-peek-body]").wait_for(timeout=3000)
    except Error:
        yield "the preview does not open"
        return
    settle(page)
    for fault in axe(page, "#peek"):
        yield f"preview: {fault}"
    page.keyboard.press("Escape")
    try:
        page.locator("[data-peek-body]").wait_for(state="detached", timeout=3000)
    except Error:
        yield "the preview stays on Escape"


def swap(page: Page, place: str) -> Iterator[str]:
    """A list in another order or view, swapped in place; Back brings the first one again."""
    # On a phone the head of the table is for those who hear the page; it is there, and nobody can press it.
    narrow = (page.viewport_size or {"width": 0})["width"] <= 760
    links = ".views" if narrow else ":is(#list thead, .views)"
    link = page.locator(f"{place} {links} a[hx-get]:not([aria-current])").first
    if not link.count() or not link.is_visible():
        return
    before = page.url
    page.evaluate("() => { window.stayed = true; }")
    link.click()
    page.wait_for_url(lambda url: url != before)
    settle(page)
    if not page.evaluate("() => window.stayed"):
        yield "another order or view loads the whole page"
    for fault in axe(page, place):
        yield f"in another order or view: {fault}"
    page.go_back()
    page.wait_for_url(before)
    # Nothing of a page is kept in the browser: Back asks the server for it.
    page.wait_for_function("() => !window.stayed && document.readyState === 'complete'")


def settle(page: Page) -> None:
    """Wait until nothing is being fetched and put in place."""
    page.wait_for_function("() => !document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")


def palette(page: Page, asked: str) -> Iterator[str]:
    """The box that finds, opened by its key, empty and with hits."""
    page.keyboard.press("/")
    try:
        page.locator("dialog#palette[open]").wait_for(timeout=3000)
    except Error:
        yield "the palette does not open"
        return
    for fault in axe(page, "#palette"):
        yield f"palette: {fault}"
    with page.expect_response("**/find"):
        page.keyboard.type(asked)
    settle(page)
    for fault in axe(page, "#palette"):
        yield f"palette with hits: {fault}"
    page.keyboard.press("Escape")
