"""A quote in Chinese, word for word as the stored file has it.

After a wanted change: `pytest tests/sales/test_golden_quote.py --write-golden`, then read what changed.
"""

import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import pypdf
import pytest

from app.core import clock
from app.core.db import transaction
from app.sales.documents.making import make_document
from app.sales.queries import documents as papers
from tests.factories import desk
from tests.factories.inventory import SYSTEM, make_unit, make_vehicle
from tests.factories.sales import make_customer, make_deal

GOLDEN = Path(__file__).parents[1] / "data" / "quote-zh.txt"
DAY = date(2026, 11, 23)


@pytest.fixture
def deal(stores):
    car = make_vehicle(
        vin="1M8GDM9AXKP042788", make="福特", model="福克斯", model_year=2024, trim="旅行版", colour="珍珠白"
    )
    unit = make_unit(stores[0], car, stock_number="A-1001")
    found = make_deal(stores[0], unit, customer_id=make_customer(stores[0], "王小明").id, deal_number="D-2026-7")
    desk.save(found, desk.content(price=Decimal("31950.50")))
    return found


def text_of(data):
    """The words of every page, each line without blanks at its end; pages part by a line of dashes."""
    pages = [page.extract_text().splitlines() for page in pypdf.PdfReader(io.BytesIO(data)).pages]
    return "\n---\n".join("\n".join(line.rstrip() for line in page) for page in pages) + "\n"


def test_a_quote_in_chinese_reads_as_stored(deal, monkeypatch, pytestconfig):
    monkeypatch.setattr(clock, "today", lambda timezone: DAY)
    with transaction():
        made = make_document(actor=SYSTEM, deal_id=deal.id, kind="quote", locale="zh")
    found = text_of(papers.bytes_of(papers.find_paper(made)))
    if pytestconfig.getoption("--write-golden"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(found, encoding="utf-8")
    assert found == GOLDEN.read_text(encoding="utf-8")
