"""The macros: what was typed stays, what was refused is said where it happened, nothing is trusted as markup."""

import re
from decimal import Decimal

import pytest

from app.core.lists.present import ShownColumn, ShownFilter, ShownList, ShownPage, ShownQuery, ShownRow, ShownSort

FORM = '{% import "web/macros/form.html" as f with context %}'
BITS = '{% import "web/macros/bits.html" as b %}'
LIST = '{% import "web/macros/list.html" as l with context %}'
NASTY = '"><script src=x></script>'


def test_a_form_that_changes_carries_a_token_and_one_that_asks_does_not(bare_shell):
    source = FORM + "{% call f.form('/x', method=m) %}{% endcall %}"
    assert 'name="csrf_token"' in bare_shell.page(source, m="post")
    assert "csrf_token" not in bare_shell.page(source, m="get")


def test_a_field_takes_value_and_error_from_the_page(bare_shell):
    values, errors = {"name": NASTY}, {"name": ["Too strange.", "Too long."]}
    page = bare_shell.page(FORM + "{{ f.field('name', 'Name', help='As on paper') }}", values=values, errors=errors)
    assert "<script" not in page
    assert 'value="&#34;&gt;&lt;script' in page
    assert 'aria-invalid="true"' in page
    assert 'aria-describedby="e-name h-name"' in page
    assert re.search(r'id="e-name">.*Too strange\.', page)
    assert 'id="e-name-2"' in page
    assert '<label class="lbl" for="f-name">Name' in page


def test_given_values_win_over_those_of_the_page(bare_shell):
    source = FORM + "{{ f.field('name', 'Name', 'given', ['Given error.']) }}"
    page = bare_shell.page(source, values={"name": "typed"}, errors={})
    assert 'value="given"' in page
    assert "Given error." in page


def test_a_record_fills_the_fields_too(bare_shell):
    class Record:
        name, kind = "Ana", "business"

    source = "{{ f.field('name', 'Name') }}{{ f.select('kind', 'Kind', kinds) }}"
    page = bare_shell.page(FORM + source, values=Record(), kinds=[("individual", "Person"), ("business", "Company")])
    assert 'value="Ana"' in page
    assert '<option value="business" selected>' in page


def test_a_password_is_never_written_back(bare_shell):
    page = bare_shell.page(FORM + "{{ f.field('secret', 'Password', type='password') }}", values={"secret": "hunter2"})
    assert "hunter2" not in page


@pytest.mark.parametrize(
    ("values", "ticked"), [({"agree": "1"}, True), ({"agree": True}, True), ({"agree": ["1", "2"]}, True), ({}, False)]
)
def test_a_box_is_ticked_by_what_was_sent(bare_shell, values, ticked):
    assert (" checked" in bare_shell.page(FORM + "{{ f.checkbox('agree', 'Agree') }}", values=values)) is ticked


def test_a_text_area_keeps_its_first_empty_line(bare_shell):
    page = bare_shell.page(FORM + "{{ f.textarea('note', 'Note') }}", values={"note": "\nsecond"})
    assert ">\n\nsecond</textarea>" in page


def test_the_summary_leads_to_the_fields_and_says_what_concerns_none(bare_shell):
    source = FORM + "{{ f.error_summary(labels={'name': 'Name'}) }}"
    page = bare_shell.page(source, errors={"name": ["Enter a value."], "_form": ["Somebody was faster."]})
    assert '<a href="#f-name">Name: Enter a value.</a>' in page
    assert "Somebody was faster." in page
    assert 'role="alert"' in page
    alone = bare_shell.page(source, errors={"_form": ["Wrong."]})
    assert "Please check" not in alone
    assert bare_shell.page(source, errors={}).strip() == ""


def test_the_tail_of_a_vin_stands_out(bare_shell):
    assert "JTMB6RFV5<b>PD114872</b>" in bare_shell.page(BITS + "{{ b.vin('JTMB6RFV5PD114872') }}")
    assert "…<b>PD114872</b>" in bare_shell.page(BITS + "{{ b.vin('JTMB6RFV5PD114872', short=True) }}")
    assert "<b>12345</b>" in bare_shell.page(BITS + "{{ b.vin('12345') }}")


def test_nothing_typed_becomes_markup(bare_shell):
    source = BITS + (
        "{{ b.status_tag(x, x) }}{{ b.plate(x) }}{{ b.vin(x) }}{{ b.empty(x, x) }}"
        "{{ b.facts([(x, x)]) }}{{ b.timeline([{'title': x, 'body': x, 'who': x}]) }}"
    )
    assert "<script" not in bare_shell.page(source, x=NASTY)


def _list(**changes):
    columns = [
        ShownColumn("name", "Name", "text", sort_url="/units?sort=-name", sorted="ascending"),
        ShownColumn("plate", "Plate", "plate"),
        ShownColumn("status", "Status", "status", labels={"sold": "Sold"}),
        ShownColumn("price", "Price", "money"),
        ShownColumn("phone", "Phone", "masked"),
    ]
    cells = {"name": NASTY, "plate": "KLO 7343", "status": "sold", "price": Decimal("10"), "phone": "••• 48"}
    row = ShownRow(1, cells, {"name": "/units/1"}, None, {"price": "GBP"})
    filters = [
        ShownFilter("store", "Store", "choice", False, [("a", "Harbour Road")], "a"),
        ShownFilter("price", "Price", "money_range", False, (), ("10", "")),
        ShownFilter("plate", "Plate", "token", True, (), "KLO", {"plate": ["Unreadable."]}),
    ]
    spec = ShownList("units", "Units", columns, filters, [ShownSort("name", "Name ↑")], "/units", "/units/filter")
    arguments = {"store": ["a"], "price_from": ["10"], "filter": ["flt_1"]}
    query = ShownQuery("name", 50, "flt_1", {"store": "a", "price": ("10", ""), "plate": "KLO"}, [], arguments)
    page = ShownPage([row], 10_000, True, "/units", "/units?cursor=n", None)
    return {"spec": spec, "query": query, "page": page, **changes}


def test_a_list_shows_rows_filters_and_the_ways_on(bare_shell):
    page = bare_shell.page(LIST + "{{ l.list_page(page, spec, query) }}", **_list())
    assert "<script" not in page
    assert '<th scope="col" aria-sort="ascending"><a href="/units?sort=-name" hx-get="/units?sort=-name"' in page
    assert "£10" in page
    assert "of more than 10,000" in page
    assert 'rel="next" href="/units?cursor=n"' in page
    assert 'rel="prev"' not in page
    assert 'data-label="Plate"' in page


def test_personal_conditions_go_by_post_and_others_by_get(bare_shell):
    page = bare_shell.page(LIST + "{{ l.list_page(page, spec, query) }}", **_list())
    forms = re.findall(r"<form.*?</form>", page, re.DOTALL)
    by_post = next(form for form in forms if 'action="/units/filter"' in form)
    by_get = next(form for form in forms if 'name="price_from"' in form and 'name="plate"' not in form)
    assert 'method="post"' in by_post
    assert 'name="csrf_token"' in by_post
    assert 'name="plate"' in by_post
    assert 'method="get"' in by_get
    # What the other form asked is kept, as it was.
    assert '<input type="hidden" name="store" value="a">' in by_post
    assert '<input type="hidden" name="filter" value="flt_1">' in by_get
    assert "Unreadable." in by_post


def test_each_condition_can_be_dropped_alone(bare_shell):
    source = '{% import "web/macros/filters.html" as c with context %}{{ c.chips(spec, query) }}'
    page = bare_shell.page(source, **_list())
    links = [link.replace("&amp;", "&") for link in re.findall(r'<a href="([^"]*)" hx-get="[^"]*" aria-label', page)]
    assert links == ["/units?price_from=10&filter=flt_1", "/units?store=a&filter=flt_1", "/units?store=a&price_from=10"]
    assert "Harbour Road" in page
    assert "≥ 10" in page


def test_an_empty_list_says_why(bare_shell):
    nothing = ShownPage([], 0, False, "/units")
    source = LIST + "{{ l.list_page(page, spec, query, create_url='/units/new') }}"
    assert "Nothing matches these filters" in bare_shell.page(source, **_list(page=nothing))
    unasked = ShownQuery("name", 50, None, {}, [], {})
    fresh = bare_shell.page(source, **_list(page=nothing, query=unasked))
    assert "Nothing here yet" in fresh
    assert 'href="/units/new"' in fresh
