"""README.md and README.zh-CN.md say the same: headings, commands, links, figures; every link and picture is there."""

from __future__ import annotations

import re

import pytest

from bench.screenshots import DOCS
from ops.layout import ROOT

TEXTS = {name: (ROOT / name).read_text() for name in ("README.md", "README.zh-CN.md")}
FENCE = re.compile(r"^```\n(.*?)^```", re.MULTILINE | re.DOTALL)


def outline(text: str) -> list[str]:
    """Marks of headings, items, tables and pictures, in their order, without the words."""
    prose = FENCE.sub("```\n", text)
    return re.findall(r"^(#+ |- |\||!\[|```)", prose, re.MULTILINE)


def links(text: str) -> list[str]:
    """Where links lead, pictures left out: each language may show its own."""
    return sorted(re.findall(r"(?<!!)\[[^\]]*\]\(([^)]+)\)", text))


def figures(text: str) -> list[str]:
    """The numbers of the table of figures."""
    rows = [line for line in text.splitlines() if line.startswith("|") and re.search(r"\d", line)]
    return [number for row in rows for number in re.findall(r"[<≤]? ?\d[\d.,]*(?: (?:s|MB|min))?", row)]


def test_both_languages_say_the_same() -> None:
    english, chinese = TEXTS.values()
    assert outline(english) == outline(chinese)
    assert FENCE.findall(english) == FENCE.findall(chinese)
    assert set(links(english)) == set(links(chinese))
    assert [number.strip() for number in figures(english)] == [number.strip() for number in figures(chinese)]


@pytest.mark.parametrize("name", TEXTS)
def test_every_link_and_picture_is_there(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)", TEXTS[name]):
        assert target.startswith("https://") or (ROOT / target).exists(), target
    pictures = re.findall(r"!\[[^\]]+\]\(docs/pictures/([^)]+)\)", TEXTS[name])
    assert pictures
    assert set(pictures) <= set(DOCS), "pictures are made by: python3 forecourt.py screenshots --docs"
