"""What is wrong with a page as it stands in the browser: axe's rules, and the basics that axe leaves to us."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from playwright.sync_api import Page

from ops.assets import FRONTEND, PACKAGES

# WCAG 2.2, levels A and AA, and what earlier versions of it asked.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
# The policy forbids scripts of others in a page; the browser's own console may run one.
RUN = """async ({ tags, within }) => {
  const found = await axe.run(within ? { include: [[within]] } : document,
    { runOnly: { type: "tag", values: tags }, rules: { "label-content-name-mismatch": { enabled: true } },
      resultTypes: ["violations"], preload: false });
  return found.violations.map(({ id, nodes }) => [id, nodes.map((node) =>
    [node.html.slice(0, 160), (node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ""])]);
}"""
# Pages of Chinese say these in Latin letters as well: names, codes, and examples.
KEPT = {
    *("English", "VIN", "VINs", "CNY", "USD", "GBP", "UTC", "UTF", "CSV", "XLSX", "csv", "xlsx", "zip", "file"),
    *("PDF", "JPEG", "PNG", "WebP"),
    *("Excel", "Forecourt", "Jiangpan", "Motors", "River", "Road", "Row", "Person", "Make", "Model", "Bdc", "Agent"),
    # An address is the same in every language, and so is what somebody called a key.
    *("https", "www", "example", "com", "key"),
    *("API", "gzip", "Listed", "JMJiangpan", "FForecourt", "Ctrl", "Esc", "Enter"),
}
# Words of the page itself; what stands in cells and records is data, in whatever language it was typed.
WORDS = (
    "nav a, h1, h2, label:not(.ckl), legend, th, button, summary, main header a, .lbl, .help, .err, .empty p, .kpi .l"
)
# What says itself that it is English, such as the names of what the API knows, is not meant to be Chinese.
TRANSLATED = ":not(body [lang=en], body [lang=en] *)"
LATIN = re.compile(r"[A-Za-z]{3,}")
WIDTHS = (390, 760, 1440)
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
BASICS = """(icons) => {
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
  for (const node of all("use")) {
    const name = node.getAttribute("href").split("#")[1];
    if (node.getAttribute("href").includes("icons.svg") && !icons.includes(name)) found.push(`no such icon: ${name}`);
  }
  for (const node of all("[style]")) found.push(`an inline style: ${node.outerHTML.slice(0, 120)}`);
  return found;
}"""


@cache
def axe_source() -> str:
    """The engine, from its package."""
    return (PACKAGES / "axe-core" / "axe.min.js").read_text()


@cache
def icons() -> list[str]:
    """The names that the sprite has."""
    return list(json.loads((FRONTEND / "icons.json").read_text()))


def axe(page: Page, within: str | None = None) -> list[str]:
    """What axe finds on the page, or within the element of that selector."""
    if not page.evaluate("() => typeof axe === 'object'"):
        page.evaluate(axe_source())
    found: list[tuple[str, list[Any]]] = page.evaluate(RUN, {"tags": TAGS, "within": within})
    return [f"{rule}: {html} ({said})" for rule, nodes in found for html, said in nodes[:4]]


def basics(page: Page, language: str) -> list[str]:
    """What is wrong with the structure of the page, its language and its width."""
    found = list(page.evaluate(BASICS, icons()))
    lang = page.locator("html").get_attribute("lang")
    if lang != language:
        found.append(f"lang is {lang}")
    if language == "zh-CN":
        words = " ".join(page.locator(WORDS).and_(page.locator(TRANSLATED)).all_inner_texts())
        found += [f"not Chinese: {word}" for word in sorted(set(LATIN.findall(words)) - KEPT)]
    return found


def too_wide(page: Page) -> list[str]:
    """By how much the page is wider than windows of several widths; the window is left as it was found."""
    kept, found = page.viewport_size, []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if (beyond := page.evaluate(TOO_WIDE)) > 0:
            found.append(f"{beyond} px wider than a window of {width}")
    if kept:
        page.set_viewport_size(kept)
    return found
