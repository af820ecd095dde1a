"""The macros of charts: named, told again as a table, written as the region writes, and never markup from data."""

import re
from decimal import Decimal

import pytest

CHARTS = '{% import "web/macros/charts.html" as c %}'
NASTY = '"><script src=x></script>'
SALES = CHARTS + (
    "{{ c.chart(new_chart(x, 'Month', names, [new_series('New', new, kind='bar', urls=['/deals?a=1&b=2', none]), "
    "new_series('Sum', sums, tone='ink', right=True, ends=True)], write='money')) }}"
)
VALUES = {"names": ["Jan", "Feb"], "new": [Decimal("1200"), None], "sums": [1200, 1200], "x": "Sales"}


def test_a_chart_has_a_name_and_a_table_with_the_same_values(bare_shell):
    page = bare_shell.page(SALES, **VALUES)
    assert page.count('role="img" aria-label="Sales"') == 2
    assert re.search(r'Jan</th><td[^>]*><a href="/deals\?a=1&amp;b=2">\$1,200</a></td>', page)
    assert re.search(r'Feb</th><td[^>]*><span class="muted">–</span></td>', page)
    assert "<title>Jan: New $1,200, Sum $1,200</title>" in page
    assert "<title>Feb: Sum $1,200</title>" in page


def test_a_chart_writes_as_the_region_writes(bare_shell):
    values = {**VALUES, "new": [3_200_000, 1], "sums": [3_200_000, 3_200_001]}
    assert ">$4M</text>" in bare_shell.page(SALES, **values)
    assert ">¥400万</text>" in bare_shell.page(SALES, "jiangpan", **values)


@pytest.mark.parametrize("values", [{"names": []}, {"new": [None, None], "sums": [None, None]}, {"new": [-5, 0]}])
def test_a_chart_of_nothing_is_a_chart(bare_shell, values):
    page = bare_shell.page(SALES, **{**VALUES, **values})
    assert 'role="img"' in page
    assert "nan" not in page.lower()


def test_names_never_become_markup(bare_shell):
    source = SALES + "{{ c.funnel([new_part(x, 3, url='/x', note=x)], x) }}{{ c.segmented([new_part(x, 3)], x) }}"
    page = bare_shell.page(source, **{**VALUES, "names": [NASTY, "b"], "x": NASTY})
    assert "<script" not in page
    assert " style=" not in page


def test_each_step_of_a_funnel_opens_its_rows(bare_shell):
    parts = "[new_part('Working', 42, url='/deals?status=working', note='$1.5M'), new_part('Sold', 21, tone='green')]"
    page = bare_shell.page(CHARTS + "{{ c.funnel(" + parts + ", 'Open deals') }}")
    assert '<a href="/deals?status=working">' in page
    assert re.search(r'class="f-1" width="200(\.0)?"', page)
    assert re.search(r'class="f-green" width="100(\.0)?"', page)
    assert "<b>42</b> · $1.5M" in page


def test_the_parts_of_a_whole_are_told_in_words(bare_shell):
    parts = "[new_part('0–30', 71, tone='green', url='/a'), new_part('90+', 0, tone='red', url='/b')]"
    page = bare_shell.page(CHARTS + "{{ c.segmented(" + parts + ", 'Stock by days') }}")
    assert 'aria-label="Stock by days: 0–30 71, 90+ 0"' in page
    # What is nothing has no bar, but its rows can be opened all the same.
    assert page.count("<rect") == 1
    assert 'href="/b"' in page
