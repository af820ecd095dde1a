"""What a role may not see cannot be found out: whatever is asked, the answer is the same whatever the value.

A dealership stands in one of two worlds that differ in costs, contacts and ID numbers alone
(`tests/fixtures/worlds.py`). Lists are asked with every parameter they know and some they do not, pages are opened, the
box and the check for duplicates are given values of both worlds, and views leave as files; every answer is compared,
byte for byte.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from app.core import clock
from app.core.db import Tenant, tenant
from app.core.lists.spec import OWN_ARGUMENTS, REGISTRY, ListSpec
from tests.fixtures import worlds
from tests.fixtures.browsing import steady, token_of
from tests.fixtures.importing import work_off
from tests.fixtures.worlds import COUNT, FIRST, SECOND, Floor

Clients = Callable[..., FlaskClient]

importlib.import_module("app.web.work_lists")
importlib.import_module("worker.tasks.lists")
for _path in sorted((Path(__file__).parents[2] / "app").glob("*/lists*")):
    importlib.import_module(f"app.{_path.parent.name}.lists")
SPECS = sorted((s for s in REGISTRY.values() if s.endpoint and not s.name.startswith("test.")), key=lambda s: s.name)
# Nobody sees anything of these groups; or contacts by their masks.
GROUPS = ("contact", "cost", "identity", "margin", "pay")
READERS = {"technician": {}, "parts_clerk": dict.fromkeys(GROUPS, "masked")}
ADDRESSES = ("/", "/metrics", "/metrics/average-selling-price", "/metrics/customer-activity", "/audit", "/inbox")
GROSSES = [str(worlds.gross_of(world, n)) for world in (FIRST, SECOND) for n in (1, 5)]
AMOUNTS = [str(worlds.cost_of(world, n)) for world in (FIRST, SECOND) for n in (0, 3, COUNT - 1)]
PHONES = [worlds.phone_of(world, n) for world in (FIRST, SECOND) for n in (0, 5)]
EMAILS = [worlds.email_of(world, n) for world in (FIRST, SECOND) for n in (0, 5)]
NUMBERS = [worlds.id_number_of(world, n) for world in (FIRST, SECOND) for n in (0, 5)]
TAILS = [text[-length:] for text in PHONES for length in (4, 8)]
TYPED = [*GROSSES, *NUMBERS, *PHONES, *EMAILS, *TAILS, *AMOUNTS, "Person", "Make"]
WORDS = ["", "yes", "no", "none", "me", "in_stock", "on_hold", "business", "last_7_days", "2026-01-01", "1", "0"]
VALUES = [*TYPED, *WORDS]
HOLES = ("cost", "-cost", "contact", "-contact", "margin", "phone", "email", "group", "by", "sum", "q", "cost_from",
         "id_number", "-id_number", "gross", "-gross", "gross_from", "late_cost", "-total_gross")  # fmt: skip


@st.composite
def queries(draw: st.DrawFn, spec: ListSpec) -> dict[str, str]:
    """Arguments of a list, those it hides and those it never had among them."""
    known = [name for item in spec.filters for name in item.arguments]
    names = draw(st.lists(st.sampled_from([*known, *sorted(OWN_ARGUMENTS), *HOLES]), max_size=4, unique=True))
    keys = [*(column.key for column in spec.columns), "cost", "contact", "phone", "id_number", "total_gross"]
    sorts = [*(sort.key for sort in spec.sorts), *keys]
    kinds: dict[str, st.SearchStrategy[str]] = {
        "sort": st.sampled_from([sign + key for key in sorts for sign in ("", "-")]),
        "cols": st.lists(st.sampled_from(keys), min_size=1, max_size=5).map(",".join),
        "limit": st.sampled_from(["10", "25", "1", "x"]),
        "view": st.sampled_from([view.key for view in spec.tabs]),
        "layout": st.sampled_from(["board", "list"]),
        "peek": st.integers(0, COUNT - 1).map(lambda n: f"peek:{n}"),
    }
    return {name: draw(kinds.get(name, st.sampled_from(VALUES))) for name in names}


@st.composite
def asked(draw: st.DrawFn) -> tuple[str, Any]:
    """One thing somebody asks."""
    kind = draw(st.sampled_from(["list"] * 6 + ["filter", "find", "duplicates", "record", "page"]))
    spec = draw(st.sampled_from(SPECS))
    if kind == "list":
        return kind, (spec.name, draw(queries(spec)))
    if kind == "filter":
        spec = draw(st.sampled_from([item for item in SPECS if item.filter_endpoint]))
        return kind, (spec.name, draw(queries(spec)))
    if kind == "record":
        what = draw(st.sampled_from(["/customers/{cus}", "/customers/{cus}/edit", "/vehicles/{veh}", "/deals/{deal}",
                                     "/stock/{unit}/edit", "/stock/{unit}/price", "/vehicles/{veh}/edit"]))  # fmt: skip
        return kind, (what, draw(st.integers(0, COUNT - 1)))
    return kind, draw(st.sampled_from(ADDRESSES if kind == "page" else TYPED))


@pytest.fixture(scope="module")
def floor(app: Flask, alpha: Tenant) -> Floor:
    with app.app_context(), tenant(alpha.id):
        made = worlds.furnish(alpha)
        for key, sights in READERS.items():
            worlds.new_reader(key, sights)
        worlds.new_reader("cashier", dict.fromkeys(GROUPS, "visible"))
    return made


@pytest.fixture(scope="module")
def into(app: Flask, floor: Floor, admin_url: str, database: str) -> Callable[[int], None]:
    """`into(world)`: from now on the dealership is in that world."""

    def change(world: int) -> None:
        worlds.put(app, floor, world, admin_url, database)

    return change


def told(answer: TestResponse) -> tuple[int, str, str]:
    """An answer without what is new in each: tokens, seals and the ids of kept conditions."""
    place = re.sub(r"flt_\w+|cursor=[\w%.-]+", "", answer.location or "")
    page = re.sub(r"flt_\w+|cursor=[\w%.-]+", "", steady(answer.text))
    page = re.sub(r'name="(began_with|mark)" value="[^"]*"', "", page)
    return answer.status_code, place, re.sub(r'data-again="[^"]*"', "", page)


def send(app: Flask, floor: Floor, client: FlaskClient, token: str, what: tuple[str, Any]) -> tuple[int, str, str]:
    """Ask one of the things above."""
    kind, detail = what
    if kind in ("list", "filter"):
        spec = REGISTRY[detail[0]]
        records = {"cus": floor.customers, "unit": floor.units, "veh": floor.vehicles, "deal": floor.deals}
        args = {}
        for name, value in detail[1].items():
            ids = records.get(spec.id_prefix, [])
            peeks = value.startswith("peek:")
            args[name] = (ids[int(value[5:]) % len(ids)] if ids else "cus_0") if peeks else value
        with app.test_request_context("/"):
            endpoint = spec.endpoint if kind == "list" else spec.filter_endpoint
            path = app.url_for(endpoint, _external=False)
        if kind == "list":
            return told(client.get(path, query_string=args))
        return told(client.post(path, data={**args, "csrf_token": token}))
    if kind == "record":
        at = detail[1]
        path = detail[0].format(cus=floor.customers[at], veh=floor.vehicles[at], unit=floor.units[at],
                                deal=floor.deals[at % len(floor.deals)])  # fmt: skip
        return told(client.get(path))
    if kind == "find":
        return told(client.post("/find", data={"q": detail, "csrf_token": token}))
    if kind == "duplicates":
        field = "email" if "@" in detail else "phone"
        return told(client.post("/customers/duplicates", data={"name": "X", field: detail, "csrf_token": token}))
    return told(client.get(detail))


# Shrinking asks hundreds of pages more; the question that differs is named anyway.
ROUNDS = settings(
    max_examples=5, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
QUESTIONS = st.lists(asked(), min_size=40, max_size=40)


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same moment in both worlds: pages say what time it is."""
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("reader", sorted(READERS))
@ROUNDS
@given(questions=QUESTIONS)
def test_both_worlds_answer_alike_to_whoever_may_not_see(
    app: Flask, browsers: Clients, floor: Floor, into: Callable[[int], None], reader: str, questions: list[Any]
) -> None:
    client = browsers(floor.of, reader)
    token = token_of(client)
    answers = []
    for world in (FIRST, SECOND):
        into(world)
        answers.append([send(app, floor, client, token, what) for what in questions])
    for what, first, second in zip(questions, *answers, strict=True):
        assert first[0] < 500, what
        assert first == second, what
        if reader == "technician":
            # Nor is a mask of a customer's to be seen where contacts are hidden.
            assert re.search(r"\+1 \*{4}|a\*{3}@|5\*{15}1X", first[2]) is None, what


@pytest.mark.parametrize("name", ["customers", "stock_units", "vehicles", "deals"])
@pytest.mark.parametrize("reader", sorted(READERS))
def test_files_of_both_worlds_are_alike(
    app: Flask, browsers: Clients, floor: Floor, into: Callable[[int], None], reader: str, name: str
) -> None:
    client, spec = browsers(floor.of, reader), REGISTRY[name]
    with app.test_request_context("/"):
        page = app.url_for(spec.endpoint, _external=False)
    files = []
    for world in (FIRST, SECOND):
        into(world)
        form = {"format": "csv", "purpose": "To compare two worlds", "csrf_token": token_of(client)}
        begun = client.post(f"/lists/{name}/export", data=form)
        assert begun.status_code == 303, page
        work_off(app, floor.of, queue="exports")
        link = client.post(f"{begun.location}/link", data={"csrf_token": token_of(client)})
        files.append(client.get(link.location).data)
    assert files[0].count(b"\r\n") > (COUNT // 2 if name == "deals" else COUNT)
    assert files[0] == files[1]


def test_the_same_questions_tell_the_worlds_apart_to_whoever_may_see(
    app: Flask, browsers: Clients, floor: Floor, into: Callable[[int], None]
) -> None:
    """Without this the comparison might hold because nothing was asked."""
    client = browsers(floor.of, "cashier")
    token = token_of(client)
    questions: list[tuple[str, Any]] = [
        ("list", ("stock_units", {"cols": "vehicle,cost"})),
        ("filter", ("customers", {"phone": PHONES[0]})),
        ("record", ("/customers/{cus}/edit", 0)),
        ("find", PHONES[2]),
        ("duplicates", EMAILS[0]),
        ("record", ("/customers/{cus}", 0)),
        ("record", ("/stock/{unit}/edit", 0)),
        ("record", ("/vehicles/{veh}", 3)),
        ("list", ("deals", {"cols": "deal_number,total_gross"})),
        ("list", ("deals", {"cols": "deal_number", "sort": "gross"})),
        ("record", ("/deals/{deal}", 0)),
    ]
    seen = []
    for world in (FIRST, SECOND):
        into(world)
        seen.append([send(app, floor, client, token, what) for what in questions])
    differ = [what for what, first, second in zip(questions, *seen, strict=True) if first != second]
    assert differ == [what for what in questions if what[0] != "filter"]
