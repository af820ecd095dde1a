"""The average selling price in the database: incremental equals full equals an independent sum, to the last digit."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from app.core.db import db, transaction
from app.core.guard.permissions import Actor
from app.core.lists.matching import fold_text
from app.insights import queries
from app.insights.models import SaleEntry, SalesAverage
from app.insights.queries import SalesQuestion
from tests.factories import sales_floor as floor

PRICES = st.decimals(0, 99_999, places=2)
DAYS = st.integers(0, 120).map(lambda n: date(2025, 1, 15) + timedelta(days=n))
PICK = st.integers(0, 30)
MODEL = st.integers(0, 2)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("sell"), PICK, MODEL, PRICES, DAYS),
        st.tuples(st.just("sell"), PICK, MODEL, PRICES, DAYS),
        st.tuples(st.just("correct"), PICK, MODEL, PRICES, DAYS),
        st.tuples(st.just("unwind"), PICK, MODEL, PRICES, DAYS),
        st.tuples(st.just("remove"), PICK, MODEL, PRICES, DAYS),
        st.tuples(st.just("rename"), PICK, MODEL, PRICES, DAYS),
        st.tuples(st.just("refresh"), PICK, MODEL, PRICES, DAYS),
    ),
    max_size=14,
)
TYPES = ("retail", "wholesale", "fleet", "lease")


@pytest.fixture
def clean(in_alpha):
    """No sales and nothing due before, and none left behind."""
    yield in_alpha
    for deal_id in list(floor.entries()):
        floor.remove(deal_id)
    floor.refresh()
    assert floor.averages() == {}


def expected(sold):
    sums = {}
    for model, store, deal_type, on, amount in sold.values():
        make, name = (fold_text(text) for text in floor.MODELS[model])
        key = (make, name, on.replace(day=1), deal_type, floor.store_ids()[store])
        count, total = sums.get(key, (0, Decimal(0)))
        sums[key] = (count + 1, total + amount)
    return sums


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_incremental_equals_full_equals_independent_sum(clean, steps):
    sold = {}
    for kind, pick, model, price, on in steps:
        chosen = sorted(sold)[pick % len(sold)] if sold else None
        deal_type, store = TYPES[pick % 4], pick % 2
        if kind == "sell":
            discount = min(price, Decimal(pick * 7))
            deal_id = floor.sell(model, price, on, store=store, deal_type=deal_type, discount=discount)
            sold[deal_id] = (model, store, deal_type, on, price - discount)
        elif kind == "correct" and chosen:
            floor.correct(chosen, price=price, discount=Decimal(0), sold_on=on, delivered_on=on)
            before = sold[chosen]
            sold[chosen] = (before[0], before[1], before[2], on, price)
        elif kind == "rename" and chosen:
            floor.rename(chosen, model)
            sold[chosen] = (model, *sold[chosen][1:])
        elif kind in ("unwind", "remove") and chosen:
            (floor.unwind if kind == "unwind" else floor.remove)(chosen)
            del sold[chosen]
        elif kind == "refresh":
            floor.refresh()
    floor.refresh()
    incremental, entries = floor.averages(), floor.entries()
    assert incremental == expected(sold)
    assert set(entries) == set(sold)
    assert floor.recompute() == 0
    assert (floor.averages(), floor.entries()) == (incremental, entries)
    for deal_id in sold:
        floor.remove(deal_id)
    floor.refresh()


def test_only_delivered_deals_that_were_not_unwound_count(clean):
    day = date(2025, 5, 5)
    floor.sell(0, Decimal(10_000), day, delivered=False)
    floor.refresh()
    assert floor.averages() == {}
    counted = floor.sell(0, Decimal(20_000), day, discount=Decimal(500))
    floor.refresh()
    assert list(floor.averages().values()) == [(1, Decimal(19_500))]
    floor.unwind(counted)
    floor.refresh()
    assert floor.averages() == {}


def test_full_recompute_repairs_whatever_is_stored(clean):
    day = date(2025, 5, 5)
    for model in (0, 1):
        floor.sell(model, Decimal(10_000), day)
    floor.refresh()
    right = floor.averages(), floor.entries()
    with transaction():
        db.session.execute(update(SalesAverage).where(SalesAverage.model_key == "focus").values(total=1))
        db.session.execute(delete(SalesAverage).where(SalesAverage.model_key == "fiesta"))
        db.session.execute(update(SaleEntry).values(amount=2))
    assert floor.recompute() == 2
    assert (floor.averages(), floor.entries()) == right


def test_figures_are_exact_and_within_the_actors_stores(clean):
    here, there = floor.store_ids()
    for price, store in (("10000", 0), ("10000", 0), ("10001", 0), ("50000", 1)):
        floor.sell(0, Decimal(price), date(2025, 5, 5), store=store)
    floor.refresh()
    question = SalesQuestion("retail")
    everywhere = Actor(None, "all", {"metric.see": "all"})
    local = Actor(None, "here", {"metric.see": "store"}, frozenset({here}))
    nobody = Actor(None, "own", {"metric.see": "own"})
    assert queries.get_price(local, question).average == Decimal("10000.3333")
    assert queries.get_price(everywhere, question).average == Decimal("20000.2500")
    assert queries.get_price(everywhere, SalesQuestion("retail", store_id=there)).sales == 1
    assert queries.get_price(nobody, question).average is None
    assert queries.get_price(everywhere, SalesQuestion("fleet")).average is None
    assert [(item.label, item.sales) for item in queries.list_prices_by_model(everywhere, question)] == [
        ("Ford Focus", 4)
    ]
    assert [item.label for item in queries.list_prices_by_month(everywhere, question)] == ["2025-05"]
