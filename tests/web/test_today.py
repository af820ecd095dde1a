"""The Today page: every number is the count of the rows behind it, for every role and store, in few statements."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from app.core import clock
from app.core.db import db, tenant, transaction
from app.core.db.ids import to_public
from app.core.guard.policy import policy_for
from app.core.lists.figures import count_rows, question
from app.core.lists.spec import REGISTRY
from app.crm.operations import activities, customers
from app.inventory.operations import units, vehicles
from app.web import today
from app.web.desk import Desk
from app.web.first_steps import first_steps
from app.web.today import greeting
from tests.factories import sales_floor as floor
from tests.fixtures import people

LINK = re.compile(r'href="(/(?:deals|vehicles|customers|activities)\?[^"]+)"')
KPI = re.compile(r'<a class="kpi" href="([^"]+)">(.*?)</a>', re.DOTALL)
# The session, the lists of the page and the notifications; more rows never cost more.
MOST_STATEMENTS = 17


@pytest.fixture(scope="module")
def busy(app, alpha):
    """Deliveries of this month and the last, deals in every state, old and young stock, talk and silence."""
    with app.app_context(), tenant(alpha.id):
        now = clock.today("America/New_York")
        first = now.replace(day=1)
        before = first - timedelta(days=3)
        for number, on in enumerate([first, first, now, before, before, before]):
            floor.sell(number % 3, Decimal(20_000 + number), on, store=number % 2)
        floor.unwind(floor.sell(0, Decimal(99_000), now))
        for number in range(3):
            floor.sell(number, Decimal(30_000), now, delivered=False, store=number % 2)
        here, there = floor.store_ids()
        with transaction():
            for days in (0, 30, 31, 54, 60, 61, 90, 91, 400):
                car = vehicles.add_vehicle(actor=floor.SYSTEM, make="Škoda", model=f"Day {days}", model_year=2020)
                units.stock_in_unit(
                    actor=floor.SYSTEM, vehicle_id=car.id, store_id=there if days == 31 else here,
                    asking_price=Decimal(10_000), acquired_on=now - timedelta(days=days),
                )  # fmt: skip
            for number in range(3):
                made = customers.create_customer(
                    actor=floor.SYSTEM, kind="individual", store_id=here, name=f"Somebody {number}"
                )
                if number:
                    activities.log_activity(actor=floor.SYSTEM, customer_id=made.id, type="call", subject="Van")
        return alpha


def rows_behind(url: str, role: str) -> int:
    """How many rows the list at `url` has for `role`, counted by the list itself."""
    address = urlsplit(unescape(url))
    spec = {"/deals": "deals", "/vehicles": "stock_units", "/customers": "customers", "/activities": "activities",
            "/leads": "leads"}  # fmt: skip
    actor = people.actor_of(role)
    query = question(REGISTRY[spec[address.path]], actor, parse_qs(address.query))
    assert query is not None, url
    count, capped = count_rows(actor, query, timezone="America/New_York")
    assert not capped
    return count


def gathered(role: str, store: str = "") -> dict:
    return today.gather(people.actor_of(role), clock.today("America/New_York"), store)


@pytest.fixture
def inside(app, busy):
    with app.test_request_context("/", base_url=f"http://{busy.hosts[0]}"), tenant(busy.id):
        yield busy


ROLES = ["tenant_admin", "gm", "sales_manager", "salesperson", "controller"]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("store", [None, 0, 1])
def test_every_number_is_the_count_of_its_rows(inside, role, store):
    key = "" if store is None else to_public("store", floor.store_ids()[store])
    shown, checked = gathered(role, key), 0
    for figure in shown["figures"]:
        if figure.value.replace(",", "").isdigit():
            assert rows_behind(figure.url, role) == int(figure.value.replace(",", "")), figure
            checked += 1
    for part in [*(shown["pipeline"] or {"parts": []})["parts"], *(shown["stock"] or {"parts": []})["parts"]]:
        assert rows_behind(part.url, role) == part.value, part
        checked += 1
    for name in ("pipeline", "stock", "handovers"):
        if shown[name]:
            assert rows_behind(shown[name]["url"], role) == shown[name]["count"], name
    if shown["deliveries"]:
        for one in shown["deliveries"].chart().series:
            for value, url in zip(one.values, one.urls, strict=False):
                assert (rows_behind(url, role) if url else 0) == value, one.label
    assert checked


def test_what_is_counted_is_what_happened(inside):
    shown = gathered("tenant_admin")
    now = clock.today("America/New_York")
    assert shown["deliveries"].this.count == 3
    assert shown["deliveries"].before.count == 3
    # The unwound deal is no sale, and the average is the sum of the others over their number.
    assert shown["deliveries"].this.average("retail") == Decimal("20001")
    # The cars that were sold from stock long ago stand in the open deals, and so in stock.
    by_age = {part.label: part.value for part in shown["stock"]["parts"]}
    assert (by_age["0–30"], by_age["31–60"], by_age["61–90"]) == (2, 3, 2)
    assert shown["stock"]["oldest"][0]["days"] > 400
    assert [item["subject"] for item in shown["activities"]["rows"]] == ["Van", "Van"]
    chart = shown["deliveries"].chart()
    assert len(chart.series[0].values) == now.day
    assert chart.series[2].values[-1] == 3


def test_a_store_shows_its_own(inside):
    here, there = (to_public("store", key) for key in floor.store_ids())
    assert gathered("tenant_admin", there)["stock"]["parts"][1].value == 1
    both = gathered("tenant_admin")["stock"]["count"]
    assert gathered("tenant_admin", here)["stock"]["count"] + gathered("tenant_admin", there)["stock"]["count"] == both


def test_what_a_role_may_not_see_is_not_there(inside):
    seen = {role: gathered(role) for role in ("tenant_admin", "technician")}
    assert seen["tenant_admin"]["deliveries"]
    hidden = seen["technician"]
    assert hidden["deliveries"] is None
    assert hidden["pipeline"] is None
    assert hidden["handovers"] is None
    assert not any("/deals" in (figure.url or "") for figure in hidden["figures"])


def test_a_plate_is_shown_as_the_list_shows_it(inside):
    actor = people.actor_of("tenant_admin")
    desk = Desk(actor, clock.today("America/New_York"), REGISTRY)
    spec = REGISTRY["stock_units"]
    row = desk.rows(desk.ask("stock_units", status="in_stock"), 1)[0]
    assert policy_for(actor).field("vehicle", "plate")
    assert desk.cell(spec, "plate", row) == row.plate_masked


@pytest.mark.parametrize("store", ["", "?store={store}"])
def test_the_page_takes_few_statements(app, client_for, busy, store):
    with app.app_context(), tenant(busy.id):
        key = to_public("store", floor.store_ids()[0])
    client, statements = client_for(busy), []

    def note(_connection, _cursor, statement, *_rest):
        if "directory" not in statement:
            statements.append(statement)

    client.get("/")
    event.listen(Engine, "before_cursor_execute", note)
    try:
        answer = client.get("/" + store.format(store=key))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert answer.status_code == 200
    assert len(statements) <= MOST_STATEMENTS, len(statements)


def test_every_link_of_the_page_opens(client_for, busy):
    client = client_for(busy)
    page = client.get("/").text
    links = {unescape(url) for url in LINK.findall(page)}
    assert len(links) > 12
    for url in links:
        assert client.get(url).status_code == 200, url
    assert " style=" not in page
    assert KPI.search(page)


def test_the_first_steps_look_at_no_more_rows_than_tell(inside):
    desk = Desk(people.actor_of("tenant_admin"), date(2026, 1, 1), REGISTRY)
    asked = desk.ask("customers")
    count, _ = desk.count(asked)
    assert desk.has_more(asked, count - 1)
    assert not desk.has_more(asked, count)
    limits = []

    def note(_conn, _cursor, statement, parameters, *_):
        if "AS counted" in statement:
            limits.append(max(value for value in parameters.values() if isinstance(value, int)))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        first_steps(desk)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert sorted(limits) == [1, 1, 1, 2]


def test_a_store_that_is_none_is_not_found(client_for, busy):
    assert client_for(busy).get("/?store=store_nonsense").status_code == 404


@pytest.mark.parametrize(
    ("hour", "name", "said"),
    [
        (7, "Elena Kovacs", "Good morning, Elena"),
        (12, "Elena", "Good afternoon, Elena"),
        (18, "Elena K.", "Good evening, Elena"),
        (3, "Elena K.", "Good evening, Elena"),
        (9, "林晓", "Good morning, 林晓"),
    ],
)
def test_people_are_greeted_by_their_first_name(inside, hour, name, said):
    assert greeting(datetime(2026, 11, 19, hour, tzinfo=UTC), name) == said


def test_an_index_finds_the_open_deals(inside):
    plan = db.session.connection().exec_driver_sql(
        "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_sales_deals_open' AND schemaname = current_schema()"
    )
    assert "delivered_on IS NULL" in plan.scalar_one()
    asked = Desk(people.actor_of("tenant_admin"), date(2026, 1, 1), REGISTRY).ask("deals", open="yes")
    assert asked is not None
    assert asked.url == "/deals?open=yes"
