"""What a role may not see cannot be found out: whatever is asked, the answer is the same whatever the value.

A dealership stands in one of two worlds that differ in contacts, ID numbers and every column of cost, margin and pay
alone (`tests/fixtures/worlds.py`, `earnings.py`). Lists are asked with every parameter they know and some they do not,
pages are opened, programs read the API, the box and the check for duplicates are given values of both worlds, and views
leave as files; every answer is compared, byte for byte.
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
from tests.fixtures.programs import Program, make_key
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
# What the program of each reader shows.
KEYS: dict[str, str] = {}
ADDRESSES = ("/", "/metrics", "/metrics/average-selling-price", "/metrics/customer-activity", "/audit", "/inbox",
             "/my-pay", "/commission", "/payments/day", "/sales-settings")  # fmt: skip
AMOUNTS = ["300", "500", "700", "905", "1500", "2600", "3500", "4000", "7000", "8400", "9003", "12000"]
PHONES = [worlds.phone_of(world, n) for world in (FIRST, SECOND) for n in (0, 5)]
EMAILS = [worlds.email_of(world, n) for world in (FIRST, SECOND) for n in (0, 5)]
NUMBERS = [worlds.id_number_of(world, n) for world in (FIRST, SECOND) for n in (0, 5)]
TAILS = [text[-length:] for text in PHONES for length in (4, 8)]
TYPED = [*NUMBERS, *PHONES, *EMAILS, *TAILS, *AMOUNTS, "Person", "Make"]
# Lists that leave as files, and how many rows each has at least.
FILES = {"customers": COUNT, "stock_units": COUNT, "vehicles": COUNT, "deals": COUNT // 2, "appraisals": 6,
         "applications": 6, "commission_statements": 2, "commission_plans": 2, "fi_products": 6}  # fmt: skip
WORDS = ["", "yes", "no", "none", "me", "in_stock", "on_hold", "business", "last_7_days", "2026-01-01", "1", "0"]
VALUES = [*TYPED, *WORDS]
HOLES = ("cost", "-cost", "contact", "-contact", "margin", "phone", "email", "group", "by", "sum", "q", "cost_from",
         "id_number", "-id_number", "gross", "-gross", "gross_from", "late_cost", "-total_gross", "total", "-total",
         "total_from", "acv", "-acv", "acv_from", "buy_rate", "-buy_rate", "units", "earned", "expand",
         "recon_estimate")  # fmt: skip
# Pages of one record, by the kind of id in them.
RECORDS = (
    "/customers/{cus}", "/customers/{cus}/edit", "/vehicles/{veh}", "/vehicles/{veh}/edit", "/stock/{unit}/edit",
    "/stock/{unit}/price", "/stock/{unit}/move", "/deals/{deal}", "/deals/{deal}/edit", "/deals/{deal}/deliver",
    "/deals/{deal}/correct", "/deals/{deal}/applications/new", "/deals/{paid}", "/deals/{paid}/unwind",
    "/appraisals/{apr}", "/appraisals/{apr}/edit", "/applications/{app}", "/approvals/{apv}", "/commission/{stmt}",
    "/commission/{stmt}?again=1", "/commission-plans/new?like={plan}", "/fi-products/{fip}",
)  # fmt: skip
# What programs read.
TOLD = (
    "/customers/{cus}", "/vehicles/{veh}", "/stock-units/{unit}", "/deals/{deal}", "/deals/{paid}",
    "/deals/{deal}/trade-ins", "/deals/{deal}/worksheets", "/deals/{desk}", "/appraisals/{apr}", "/applications/{app}",
    "/commission-statements/{stmt}?expand=statement", "/commission-plans/{plan}", "/fi-products/{fip}",
    "/metrics/average-selling-price",
)  # fmt: skip
API_LISTS = (
    "/customers", "/vehicles", "/stock-units", "/deals", "/appraisals", "/applications", "/commission-statements",
    "/commission-plans", "/fi-products", "/payments", "/audit-events", "/changes",
)  # fmt: skip


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
    kind = draw(st.sampled_from(["list"] * 6 + ["filter", "find", "duplicates", "record", "record", "api", "page"]))
    spec = draw(st.sampled_from(SPECS))
    if kind == "list":
        return kind, (spec.name, draw(queries(spec)))
    if kind == "filter":
        spec = draw(st.sampled_from([item for item in SPECS if item.filter_endpoint]))
        return kind, (spec.name, draw(queries(spec)))
    if kind in ("record", "api"):
        what = draw(st.sampled_from(RECORDS if kind == "record" else (*TOLD, *API_LISTS)))
        if what in API_LISTS:
            name = draw(st.sampled_from(HOLES))
            what += f"?{name.removeprefix('-')}={draw(st.sampled_from(AMOUNTS))}&sort={name}"
        return kind, (what, draw(st.integers(0, COUNT - 1)))
    return kind, draw(st.sampled_from(ADDRESSES if kind == "page" else TYPED))


@pytest.fixture(scope="module")
def floor(app: Flask, alpha: Tenant) -> Floor:
    with app.app_context(), tenant(alpha.id):
        made = worlds.furnish(alpha)
        for key, sights in READERS.items():
            KEYS[key] = make_key(worlds.new_reader(key, sights))
        KEYS["cashier"] = make_key(worlds.new_reader("cashier", dict.fromkeys(GROUPS, "visible")))
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
    page = re.sub(r'name="(began_with|mark|digest)" value="[^"]*"', "", page)
    return answer.status_code, place, re.sub(r'data-again="[^"]*"', "", page)


def send(
    app: Flask, floor: Floor, client: FlaskClient, reader: str, token: str, what: tuple[str, Any]
) -> tuple[int, str, str]:
    """Ask one of the things above."""
    kind, detail = what
    if kind in ("list", "filter"):
        spec = REGISTRY[detail[0]]
        args = {
            name: floor.id_of(spec.id_prefix, int(value[5:])) if value.startswith("peek:") else value
            for name, value in detail[1].items()
        }
        with app.test_request_context("/"):
            endpoint = spec.endpoint if kind == "list" else spec.filter_endpoint
            path = app.url_for(endpoint, _external=False)
        if kind == "list":
            return told(client.get(path, query_string=args))
        return told(client.post(path, data={**args, "csrf_token": token}))
    if kind in ("record", "api"):
        path = floor.fill(*detail)
        return told(client.get(path) if kind == "record" else Program(client, KEYS[reader]).get(path))
    if kind == "sheet":
        # What a sheet would come to before anybody saves it, with a trade-in of an unsaid worth.
        form = {"price": "11950", "discount": "50", "tax": "uk_margin", "csrf_token": token}
        return told(client.post(f"/deals/{floor.id_of('deal', detail)}/sheet", data=form))
    if kind == "find":
        return told(client.post("/find", data={"q": detail, "csrf_token": token}))
    if kind == "duplicates":
        field = "email" if "@" in detail else "phone"
        return told(client.post("/customers/duplicates", data={"name": "X", field: detail, "csrf_token": token}))
    return told(client.get(detail))


# Shrinking asks hundreds of pages more; the question that differs is named anyway.
ROUNDS = settings(
    max_examples=3, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
QUESTIONS = st.lists(asked(), min_size=32, max_size=32)


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
        answers.append([send(app, floor, client, reader, token, what) for what in questions])
    for what, first, second in zip(questions, *answers, strict=True):
        assert first[0] < 500, what
        assert first == second, what
        if reader == "technician":
            # Nor is a mask of a customer's to be seen where contacts are hidden.
            assert re.search(r"\+1 \*{4}|a\*{3}@|5\*{15}1X", first[2]) is None, what


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("reader", sorted(READERS))
def test_every_page_and_record_is_alike_in_both_worlds(
    app: Flask, browsers: Clients, floor: Floor, into: Callable[[int], None], reader: str
) -> None:
    """Every one of them, whatever chance asks above."""
    client = browsers(floor.of, reader)
    token = token_of(client)
    questions: list[tuple[str, Any]] = [("record", (what, at)) for at in (0, 1) for what in RECORDS]
    questions += [("api", (what, at)) for at in (0, 1) for what in TOLD]
    questions += [("api", (what, 0)) for what in API_LISTS]
    questions += [("page", what) for what in ADDRESSES] + [("sheet", at) for at in (0, 1)]
    seen = []
    for world in (FIRST, SECOND):
        into(world)
        seen.append([send(app, floor, client, reader, token, what) for what in questions])
    assert [what for what, first in zip(questions, seen[0], strict=True) if first[0] != 200] == []
    differ = [what for what, first, second in zip(questions, *seen, strict=True) if first != second]
    assert differ == []


@pytest.mark.parametrize("name", FILES)
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
    assert files[0].count(b"\r\n") > FILES[name]
    assert files[0] == files[1]


def test_the_same_questions_tell_the_worlds_apart_to_whoever_may_see(
    app: Flask, browsers: Clients, floor: Floor, into: Callable[[int], None]
) -> None:
    """Without this the comparison might hold because nothing was asked."""
    reader = "cashier"
    client = browsers(floor.of, reader)
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
        ("record", ("/deals/{deal}", 1)),
        ("record", ("/appraisals/{apr}", 0)),
        ("record", ("/applications/{app}", 0)),
        ("record", ("/approvals/{apv}", 0)),
        ("record", ("/commission/{stmt}", 0)),
        ("record", ("/commission-plans/new?like={plan}", 0)),
        ("record", ("/fi-products/{fip}", 0)),
        ("page", "/commission"),
        ("list", ("commission_statements", {"sort": "total"})),
        ("list", ("appraisals", {"cols": "vehicle,acv"})),
        ("api", ("/commission-statements/{stmt}?expand=statement", 0)),
        ("api", ("/commission-plans/{plan}", 0)),
        ("api", ("/deals/{desk}", 1)),
        ("sheet", 1),
        ("api", ("/deals/{deal}/trade-ins", 1)),
        ("api", ("/fi-products/{fip}", 0)),
        ("api", ("/applications", 0)),
    ]
    seen = []
    for world in (FIRST, SECOND):
        into(world)
        seen.append([send(app, floor, client, reader, token, what) for what in questions])
    differ = [what for what, first, second in zip(questions, *seen, strict=True) if first != second]
    assert differ == [what for what in questions if what[0] != "filter"]
