"""The proof on other people's files: they go in from the page and from the command line, and the figures are right.

The counts were computed once from the files alone, with the csv module and without code of ours:

- auction_prices, 17,117 rows: 26 rows have neither make nor model, and row 15,630 is shifted by a column (its VIN
  stands in `state`, its price where the date should be). All other dates and prices can be read, every other VIN
  passes its check digit, and no two rows agree in VIN, day and price: 17,117 - 26 - 1 = 17,090 sales.
- auction_second_feed, 3,899 rows: each agrees in VIN, day and price with one of those 17,090.
- inventory_carsforsale, 4,077 rows: 17 list a VIN that an earlier row lists, and two VINs of North American makers
  (3VWC57BU9KM164298, 3LN6L2JKGDR814289) fail the check digit: 4,077 - 17 - 2 = 4,058 units, one without a price.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from app.core.db import db, tenant, transaction
from app.core.db.scopes import WORKER, time_limits
from app.insights.models import SalesAverage
from app.insights.operations import metrics
from app.insights.rules import average_price
from app.inventory.models import StockUnit, Vehicle
from app.sales.models import Deal
from app.tenants.models import Store
from tests.factories.feeds import Feeds, make_feeds
from tests.factories.pages import token_of
from tests.fixtures.dealerships import make_dealership
from tests.fixtures.importing import work_off

DATA = Path(__file__).parents[3] / "shared" / "data"
REAL = Feeds(
    DATA / "auction_prices.csv.gz",
    DATA / "auction_second_feed.csv.gz",
    DATA / "inventory_carsforsale.csv.gz",
    {"created": 17_090, "failed": 27},
    {"duplicate": 3_899},
    {"created": 4_058, "conflict": 17, "failed": 2},
)
NOT_PRICED = 1


@pytest.fixture(scope="module", params=["generated", "real"])
def feeds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Feeds:
    if request.param == "generated":
        return make_feeds(tmp_path_factory.mktemp("feeds"))
    if not REAL.auctions.exists():
        pytest.skip("../shared/data is not there; the generated files of the same shape stand for it")
    return REAL


@pytest.fixture(scope="module")
def page_and_shell(app, feeds, browsers, tmp_path_factory) -> SimpleNamespace:
    """Both ways of each file: the auctions by page in one dealership and by command in another, listings likewise."""
    by_page, by_shell = (make_dealership(app, name) for name in ("page", "shell"))
    client = browsers(by_page)
    states = {row["state"] for row in rows_of(feeds.auctions)} | {row["State"] for row in rows_of(feeds.listings)}
    values = {state: store_of(state) for state in states if state.strip()}
    values_file = tmp_path_factory.mktemp("values") / "values.json"
    values_file.write_text(json.dumps({"store": values}), encoding="utf-8")
    run = app.test_cli_runner()

    def shell(file: Path, kind: str, *options: str) -> dict[str, int]:
        ran = run.invoke(
            args=["imports", "run", str(file), "--tenant", by_shell.slug, "--kind", kind, "--default", "store=S1",
                  "--values-file", str(values_file), "--json", *options]
        )  # fmt: skip
        assert ran.exit_code == 0, ran.output
        told = json.loads(ran.output)
        return {**told["counts"], "rows": told["rows"]}

    def page(file: Path, kind: str, **defaults: str) -> tuple[str, dict[str, int], dict[str, int]]:
        upload = FileStorage(io.BytesIO(file.read_bytes()), file.name, "file")
        boundary, body = encode_multipart({"csrf_token": token_of(client), "kind": kind, "file": upload})
        sent = f"multipart/form-data; boundary={boundary}"
        columns = client.post("/imports", data=body, content_type=sent).location
        form = form_of(client.get(columns).text)
        texts = form["text.store"]
        form |= {
            "value.store": [values.get(text, "S1") for text in texts], "default.store": "S1", "then": "check",
            **{f"default.{key}": value for key, value in defaults.items()},
        }  # fmt: skip
        shown = client.post(columns, data=form).location
        work_off(app, by_page)
        tried = counts_of(client.get(shown).text)
        client.post(f"{shown}/run", data={"csrf_token": token_of(client)})
        work_off(app, by_page)
        return shown, tried, counts_of(client.get(shown).text)

    return SimpleNamespace(
        by_page=by_page,
        by_shell=by_shell,
        client=client,
        auctions=page(feeds.auctions, "sales", deal_type="wholesale"),
        auctions_by_shell=shell(feeds.auctions, "sales", "--default", "deal_type=wholesale"),
        listings=page(feeds.listings, "vehicles"),
        listings_by_shell=shell(feeds.listings, "vehicles"),
        second_by_shell=shell(feeds.second, "sales", "--default", "deal_type=wholesale"),
    )


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def store_of(state: str) -> str:
    """The mapping step: states to the first store or the second; what is no state goes to the first."""
    return "S2" if re.fullmatch("[n-z][a-z]", state.strip().lower()) else "S1"


def form_of(page: str) -> dict[str, object]:
    """The form of the mapping page as it stands there."""
    page = page[page.index('<form action="/imports/') :]
    form: dict[str, object] = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    form["text.store"] = re.findall(r'name="text\.store" value="([^"]*)"', page)
    for name in ("text.condition", "value.condition"):
        form.pop(name, None)
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        if name.startswith("value."):
            form.setdefault(name, [])
            form[name].append(chosen[1] if chosen else "")  # type: ignore[attr-defined]
        elif chosen:
            form[name] = chosen[1]
    form["text.condition"] = re.findall(r'name="text\.condition" value="([^"]*)"', page)
    return form


def counts_of(page: str) -> dict[str, int]:
    words = {"Taken in": "created", "There already": "duplicate", "In conflict": "conflict", "Failed": "failed"}
    shown = re.findall(r'<span class="l">([^<]+)</span><span class="v[^"]*">([0-9,]+)', page)
    return {words[label]: int(number.replace(",", "")) for label, number in shown if label in words}


def sales_of(feeds: Feeds) -> list[dict[str, str]]:
    """The rows that are sales, told apart without code of ours."""
    return [row for row in rows_of(feeds.auctions) if row["make"] and row["sellingprice"] and "GMT" in row["saledate"]]


def test_each_file_is_counted_as_expected(feeds, page_and_shell):
    _, tried, ran = page_and_shell.auctions
    assert tried == ran == feeds.auction_counts
    _, tried, ran = page_and_shell.listings
    assert tried == ran == feeds.listing_counts
    total = sum(feeds.auction_counts.values())
    assert page_and_shell.auctions_by_shell == {**feeds.auction_counts, "rows": total}
    assert page_and_shell.listings_by_shell == {**feeds.listing_counts, "rows": sum(feeds.listing_counts.values())}


def test_the_second_feed_of_the_same_sales_creates_nothing(app, feeds, page_and_shell):
    assert page_and_shell.second_by_shell == {**feeds.second_counts, "rows": feeds.second_counts["duplicate"]}
    with app.app_context(), tenant(page_and_shell.by_shell.id):
        assert db.session.scalar(select(func.count()).select_from(Deal)) == feeds.auction_counts["created"]


def test_auction_sales_are_wholesale_without_people_and_at_their_stores(app, feeds, page_and_shell):
    expected = Counter(store_of(row["state"]) for row in sales_of(feeds))
    for place in (page_and_shell.by_page, page_and_shell.by_shell):
        with app.app_context(), tenant(place.id):
            query = (
                select(Deal.deal_type, Deal.customer_id, Deal.salesperson_id, Store.code, func.count())
                .join(Store, Store.id == Deal.store_id)
                .group_by(Deal.deal_type, Deal.customer_id, Deal.salesperson_id, Store.code)
            )
            found = {tuple(row[:4]): row[4] for row in db.session.execute(query)}
            assert found == {("wholesale", None, None, code): count for code, count in expected.items()}
            episodes = select(StockUnit.status, func.count()).where(StockUnit.closed_on.is_not(None))
            closed = dict(db.session.execute(episodes.group_by(StockUnit.status)).all())
            assert closed == {"wholesaled": feeds.auction_counts["created"]}


def test_open_listings_are_one_a_vehicle_and_not_priced_is_no_price(app, feeds, page_and_shell):
    for place in (page_and_shell.by_page, page_and_shell.by_shell):
        with app.app_context(), tenant(place.id):
            units = db.session.execute(
                select(StockUnit.vehicle_id, StockUnit.asking_price, StockUnit.condition).where(
                    StockUnit.closed_on.is_(None)
                )
            ).all()
            assert len(units) == len({unit.vehicle_id for unit in units}) == feeds.listing_counts["created"]
            assert sum(unit.asking_price is None for unit in units) == NOT_PRICED
            listed = Counter("certified" if "Certified" in row["Used/New"] else "used" for row in taken_listings(feeds))
            assert Counter(unit.condition for unit in units) == listed
            prices = sum((unit.asking_price for unit in units if unit.asking_price is not None), Decimal(0))
            in_file = (row["Price"] for row in taken_listings(feeds) if row["Price"] != "Not Priced")
            assert prices == sum((Decimal(text.replace("$", "").replace(",", "")) for text in in_file), Decimal(0))


def taken_listings(feeds: Feeds) -> list[dict[str, str]]:
    """The first listing of each VIN; the two wrong ones are named in the docstring, or wrong on purpose."""
    wrong = {"3VWC57BU9KM164298", "3LN6L2JKGDR814289"} if feeds is REAL else {list(rows_of(feeds.listings))[30]["VIN"]}
    first: dict[str, dict[str, str]] = {}
    for row in rows_of(feeds.listings):
        if row["VIN"] not in wrong:
            first.setdefault(row["VIN"], row)
    return list(first.values())


def test_the_average_selling_price_per_model_is_what_the_file_says(app, feeds, page_and_shell):
    """A car keeps the make and model of its first row, as it is one vehicle however often it is sold."""
    model_of: dict[str, tuple[str, str]] = {}
    prices: dict[tuple[str, str], list[Decimal]] = {}
    for row in sales_of(feeds):
        described = (" ".join(row["make"].casefold().split()), " ".join(row["model"].casefold().split()))
        model = model_of.setdefault(row["vin"].upper(), described)
        prices.setdefault(model, []).append(Decimal(row["sellingprice"]))
    expected = {
        model: (sum(found) / len(found)).quantize(Decimal("0.01"), ROUND_HALF_UP) for model, found in prices.items()
    }
    # As the worker does it: seventeen thousand new deals have no statistics yet, and a page's limit is ten seconds.
    with time_limits(WORKER), app.app_context(), tenant(page_and_shell.by_page.id):
        with transaction():
            metrics.refresh_metrics()
        key = (SalesAverage.make_key, SalesAverage.model_key)
        summed = select(*key, func.sum(SalesAverage.total), func.sum(SalesAverage.sales))
        rows = db.session.execute(summed.where(SalesAverage.deal_type == "wholesale").group_by(*key)).all()
        found = {(make, model): average_price(total, sales) for make, model, total, sales in rows}
        with transaction():
            assert metrics.recompute_all() == {"customer_activity": 0, "average_selling_price": 0}
        assert db.session.scalar(select(func.count()).select_from(Vehicle).where(Vehicle.vin.is_(None))) == 0
    assert {model: average.quantize(Decimal("0.01"), ROUND_HALF_UP) for model, average in found.items()} == expected


def test_the_error_file_holds_the_failed_rows_and_why(feeds, page_and_shell):
    shown, _, counts = page_and_shell.auctions
    told = page_and_shell.client.get(f"{shown}/failed-rows").data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(told)))
    assert len(rows) == counts["failed"]
    shifted = next(row for row in rows if row["vin"] == "automatic")
    reason = shifted["Why it was not taken"]
    assert "VIN: This is not a vehicle number." in reason
    assert "Sold on: This is not a date we recognise." in reason
    missing = [row for row in rows if row["vin"] != "automatic"]
    assert {row["Why it was not taken"] for row in missing} == {
        "Make: This field is required. · Model: This field is required."
    }
