"""Words that people wrote stay words: on every page, in every file name and in every mail (checklist 20, 40)."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from markupsafe import escape

from app.core.http.headers import CONTENT_SECURITY_POLICY
from tests.architecture.matrix import ROWS
from tests.security.conftest import WORDS, Infested

# What the end of the planted words would be if a template had worked them out, instead of `{{7*7}}`.
WORKED_OUT = re.compile(r"(?:</script>|&lt;/script&gt;)49|\}\}49")
NAMED = re.compile(r"<(?:[a-z]+:)?([a-z_]+)>")
PAGES = sorted(
    route for route, row in ROWS.items() if route.startswith("GET") and not row.public and "<path:" not in route
)


class Acting(HTMLParser):
    """Elements and attributes of a page that would act by themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note foreign scripts, handlers in attributes, addresses that are code, planted images."""
        given = dict(attrs)
        if (
            tag == "script"
            and not str(given.get("src") or "").startswith("/static/")
            and given.get("type") != "application/json"
        ):
            self.found.append(f"script {given}")
        self.found += [f"{tag} {name}" for name in given if name.startswith("on") or name == "srcdoc"]
        self.found += [
            f"{tag} {name}={value}" for name, value in attrs if (value or "").strip().lower().startswith("javascript:")
        ]
        if tag in ("img", "iframe", "object", "embed", "base") and given.get("src") == "x":
            self.found.append(tag)


def path_of(route: str, ids: dict[str, str]) -> str | None:
    """The address of a page of the infested dealership; None where it has no such record."""
    missing = [name for name in NAMED.findall(route) if name not in ids]
    return None if missing else NAMED.sub(lambda found: ids[found[1]], route.partition(" ")[2])


def test_the_words_reach_most_pages(infested: Infested) -> None:
    shown = [route for route in PAGES if (path := path_of(route, infested.ids))
             and "onerror=alert" in infested.client.get(path).text]  # fmt: skip
    assert len(shown) >= 12, shown


@pytest.mark.parametrize("route", PAGES)
def test_nothing_a_page_shows_acts(infested: Infested, route: str) -> None:
    path = path_of(route, infested.ids)
    if path is None:
        # Pages of records that carry no words of people; they must still open for a stranger's id.
        path = NAMED.sub("x", route.partition(" ")[2])
    answer = infested.client.get(path)
    assert answer.status_code < 500
    assert answer.headers["Content-Security-Policy"].startswith(CONTENT_SECURITY_POLICY.partition(";")[0])
    assert "\r" not in str(answer.headers.get("Content-Disposition", ""))
    if "html" in (answer.content_type or ""):
        reader = Acting()
        reader.feed(answer.text)
        assert reader.found == []
        assert not WORKED_OUT.search(answer.text)


def test_the_reader_finds_what_acts() -> None:
    reader = Acting()
    reader.feed(f"<p title=\"x\">{WORDS}</p><a href=' JavaScript:x'>a</a><b onclick=x>b</b>")
    assert len(reader.found) == 5
    # Shown as typed, and as it would read had the template worked it out.
    assert not WORKED_OUT.search(WORDS)
    assert not WORKED_OUT.search(escape(WORDS))
    assert WORKED_OUT.search(WORDS.replace("{{7*7}}", "49"))
    assert WORKED_OUT.search(escape(WORDS.replace("{{7*7}}", "49")))
