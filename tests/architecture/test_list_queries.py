"""Every registered list: a bounded number of statements however many rows, and no argument that breaks it."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from app.core import clock
from app.core.db import tenant
from app.core.lists.query import read_query
from app.core.lists.spec import REGISTRY, ListSpec
from tests.core.lists.samples import CORPUS
from tests.fixtures.listed import add_listed_rows

ROOT = Path(__file__).parents[2]

importlib.import_module("app.web.work_lists")
for _path in sorted((ROOT / "app").glob("*/lists*")):
    importlib.import_module(f"app.{_path.parent.name}.lists")

SPECS = [spec for spec in REGISTRY.values() if not spec.name.startswith("test.")]
specs = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
# The session, the rows and the count; one for the stores and one for the people its filters offer.
MOST_STATEMENTS = 5
FEW, MANY = 2, 60
# A browser cannot send half a character; a very long value is one of the pure tests.
SENDABLE = [text for text in CORPUS if "\ud800" not in text and len(text) < 1_000]


class OpenPolicy:
    """Everything is visible, as for the system."""

    def field(self, record_type: str, column: object) -> str:
        return "visible"

    def column(self, column: object) -> str:
        return "visible"


OPEN = OpenPolicy()


@contextmanager
def recorded() -> Iterator[list[str]]:
    """The statements sent during the body, but for the look at the directory that a process takes once a second."""
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        if "directory" not in statement:
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture(scope="module")
def filled(app, alpha, beta):
    """Alpha has many rows in every list, beta a few."""
    for of, count in ((alpha, MANY), (beta, FEW)):
        with app.app_context(), tenant(of.id):
            add_listed_rows(count)
    return alpha


@pytest.fixture
def address_of(app):
    def make(endpoint: str, **args: object) -> str:
        with app.test_request_context("/"):
            return app.url_for(endpoint, _external=False, **args)

    return make


def drawn_rows(html: str) -> list[str]:
    """What is drawn of each row, be the list a table or lines, but for what only this page of it says."""
    body = html.partition('<div id="list"')[2].partition('<nav class="pager"')[0]
    # The way to a row's preview, and back to this page, holds its sealed place, which is another each time.
    bare = re.sub(r'<td class="pkc">.*?</td>|name="(?:next|csrf_token)" value="[^"]*"', "", body)
    return bare.split("data-row=")[1:]


def shown_rows(html: str) -> int:
    return len(drawn_rows(html))


def test_lists_are_registered() -> None:
    assert {"users", "customers", "activities", "stock_units", "vehicles", "deals"} <= {spec.name for spec in SPECS}


@specs
def test_more_rows_cost_no_more_statements(filled, beta, client_for, address_of, spec: ListSpec) -> None:
    counts, rows = [], []
    for of in (filled, beta):
        client = client_for(of)
        address = address_of(spec.endpoint)
        client.get(address)  # What a process learns once, such as the tenant's keys, is no cost of a page.
        with recorded() as statements:
            answer = client.get(address)
        assert answer.status_code == 200
        counts.append(len(statements))
        rows.append(shown_rows(answer.text))
    # A dealership has some users, and entries about them, from its first day.
    assert rows[0] > rows[1] + 10 > 10
    assert counts[0] == counts[1] <= MOST_STATEMENTS, statements


@specs
def test_every_sort_reaches_every_row_once_and_finds_the_way_back(
    filled, client_for, address_of, spec, monkeypatch
) -> None:
    client = client_for(filled)
    # A row that says how long somebody waits says another minute on the way back.
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment)
    seen = set()
    for sort in spec.sorts:
        for sign in ("", "-"):
            forth = _walk(client, address_of(spec.endpoint, sort=sign + sort.key, limit=10), "next")
            back = _walk(client, forth[-1][0], "prev")
            assert [rows for _, rows in forth] == [rows for _, rows in back][::-1]
            seen.add(sum(len(rows) for _, rows in forth))
    assert len(seen) == 1
    assert seen.pop() >= MANY // 2


def _walk(client, url: str, rel: str) -> list[tuple[str, list[str]]]:
    pages = []
    while url:
        answer = client.get(url)
        assert answer.status_code == 200
        pages.append((url, drawn_rows(answer.text)))
        found = re.search(rf'rel="{rel}" href="([^"]+)"', answer.text)
        url = unescape(found[1]) if found else ""
    return pages


@specs
def test_no_argument_breaks_it(filled, client_for, address_of, spec: ListSpec) -> None:
    client, address = client_for(filled), address_of(spec.endpoint)
    names = [name for item in spec.filters if not item.personal for name in item.arguments]
    for at, name in enumerate((*names, "sort", "limit", "cursor", "filter", "unknown")):
        refusals = 0
        # Every argument meets a third of the corpus; the pure tests have all of both.
        for text in SENDABLE[at % 3 :: 3]:
            is_refused = bool(read_query(spec, {name: [text]}, OPEN).errors)
            refusals += is_refused
            # What is refused is refused without a statement, so one page of it tells the rest.
            if is_refused and refusals > 1:
                continue
            answer = client.get(address, query_string={"limit": "10", name: text})
            # A cursor or saved filter is read later than the rest.
            expected = (422,) if is_refused else (200, 422) if name in ("cursor", "filter") else (200,)
            assert answer.status_code in expected, (name, text)
            assert shown_rows(answer.text) <= (50 if name == "limit" else 10)
        assert refusals or name not in ("sort", "limit", "unknown")


@specs
def test_no_personal_condition_breaks_it(filled, client_for, address_of, spec: ListSpec) -> None:
    personal = [item.key for item in spec.filters if item.personal]
    if not personal:
        assert not spec.filter_endpoint or spec.filters
        return
    client = client_for(filled)
    page = client.get(address_of(spec.endpoint))
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token is not None
    for name in personal:
        for text in SENDABLE[::3]:
            answer = client.post(address_of(spec.filter_endpoint), data={"csrf_token": token[1], name: text})
            assert answer.status_code in (303, 422), (name, text)
            if answer.status_code == 303:
                assert client.get(answer.location).status_code in (200, 422)


@specs
def test_what_is_shown_exists(app, filled, spec: ListSpec) -> None:
    """Columns of the select list, endpoints and sorts are named in text: each must lead somewhere."""
    assert spec.endpoint in app.view_functions
    if any(item.personal for item in spec.filters):
        assert spec.filter_endpoint in app.view_functions
