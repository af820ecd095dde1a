"""House rules of templates: no inline style or script, every word translatable, every icon drawn."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jinja2 import Environment
from jinja2.lexer import TOKEN_DATA

from app.web import nav, today
from ops.assets import FRONTEND

APP = Path(__file__).parents[2] / "app"
TEMPLATES = sorted(path for path in APP.rglob("templates/**/*") if path.suffix in (".html", ".txt", ".svg"))
CODE = sorted(APP.rglob("*.py"))
PAGES = [path for path in TEMPLATES if path.suffix == ".html"]
LEXER = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
FORBIDDEN = {
    "an inline style": r"\sstyle\s*=",
    "a style element": r"<style\b",
    "a script without src": r"<script\b(?![^>]*\ssrc=)",
    "an event attribute": r"<[^>]*\son[a-z]+\s*=",
    "a javascript: address": r"javascript:",
    "a foreign address": r"(?:src|href|action)\s*=\s*[\"'](?:https?:)?//",
    "an unsafe value": r"\|\s*safe\b",
    # htmx makes functions out of these, which the policy forbids.
    "an hx-on attribute": r"\bhx-on\b",
    "a value computed by script": r"\bhx-(?:vals|vars|headers|request)\s*=\s*[\"']?\s*(?:js|javascript):",
    "a filtered trigger": r"\bhx-trigger\s*=\s*(?:\"[^\"]*\[|'[^']*\[)",
    "variables computed by script": r"\bhx-vars\b",
}
# Attributes whose words people hear or see.
SPOKEN = r"(?:aria-label|title|alt|placeholder|data-label|data-confirm)\s*=\s*\"([^\"]*)\""


def name_of(path: Path) -> str:
    return path.relative_to(APP).as_posix()


@pytest.mark.parametrize("path", PAGES, ids=name_of)
@pytest.mark.parametrize("what", FORBIDDEN)
def test_a_template_has_no(path, what):
    found = re.search(FORBIDDEN[what], path.read_text(), re.IGNORECASE)
    assert found is None, f"{name_of(path)} has {what}: {found.group(0)!r}"


def literal_words(source: str) -> list[str]:
    """The words of a template that no `_()` translates: text between tags, and spoken attributes."""
    pieces = [text if kind == TOKEN_DATA else "\0" for _, kind, text in LEXER.lex(source)]
    literal = re.sub(r"\0+", "\0", "".join(pieces))
    spoken = re.findall(SPOKEN, literal)
    # A macro may make attributes alone, without the tag they stand in.
    text = re.sub(r"<!--.*?-->|<[^>]*>|&\w+;|\s[\w-]+=\"[^\"]*\"", " ", literal, flags=re.DOTALL)
    return [word for part in [*spoken, text] for word in re.findall(r"[^\W\d_]{2,}", part)]


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_word_is_translatable(path):
    assert literal_words(path.read_text()) == []


def test_the_search_for_words_finds_them():
    assert literal_words('<p class="x">{{ _("Fine") }} Forgotten</p>') == ["Forgotten"]
    assert literal_words('<a aria-label="Close {{ x }}" href="/y">{# a note #}</a>') == ["Close"]
    assert literal_words('<td{% if n %} class="n"{% endif %} data-label="{{ _("Store") }}">–</td>') == []


def icons_of(source: str) -> set[str]:
    """The names that calls of the icon macro mention: all strings of the first argument that is not a key."""
    calls = re.findall(r"\bicon\(([^()]*)", source)
    first = [call.split(", \"i-")[0] for call in calls if not call.lstrip().startswith("name")]
    return {name for call in first for name in re.findall(r"(?<![=!])(?<![=!] )\"([\w-]+)\"(?!\s*:)", call)}


def test_the_search_for_icons_finds_them():
    assert icons_of('{{ icon("x", "i-s") }} {{ bits.icon("down" if a == "b" else "up") }}') == {"x", "down", "up"}
    assert icons_of('{{ icon({"error": "alert"}.get(kind, "check")) }}') == {"alert"}


def test_every_icon_that_is_asked_for_is_drawn():
    drawn = set(json.loads((FRONTEND / "icons.json").read_text()))
    asked = {name for path in PAGES for name in icons_of(path.read_text())}
    said = {name for path in CODE for name in re.findall(r"\bicon=\"([\w-]+)\"", path.read_text())}
    said |= {entry.icon for entry in nav.ENTRIES} | {shortcut.icon for shortcut in today.SHORTCUTS}
    assert asked | said <= drawn, (asked | said) - drawn
    assert asked


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_template_lies_in_a_folder_of_its_module_and_uses_only_its_own(path):
    module, _, folder = path.relative_to(APP).parts[:3]
    assert folder == module
    used = re.findall(r"{%-?\s*(?:extends|include|import|from)\s+\"([\w-]+)/", path.read_text())
    assert set(used) <= {module, "web"}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_changing_form_carries_a_token(path):
    for form in re.findall(r"<form\b.*?</form>", path.read_text(), re.DOTALL | re.IGNORECASE):
        if re.search(r"method=\"post\"", form, re.IGNORECASE):
            assert "csrf" in form, form[:120]
