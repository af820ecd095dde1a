"""Worksheets and trade-ins as they are stored: what is saved computes to what was shown, and the deal follows it."""

from dataclasses import replace
from decimal import Decimal as D

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.db import transaction
from app.core.errors import FieldClosed, Invalid, PermissionDenied, Stale
from app.core.guard import undo
from app.core.guard.permissions import Actor
from app.sales.errors import ChosenSheetStays, SheetIsFrozen
from app.sales.operations import deals, trade_ins, worksheets
from app.sales.operations.contents import LineInput, WayInput, content_of
from app.sales.queries import sheets
from app.sales.rules.scenarios import Scenario, ScenarioKind, quote
from app.sales.rules.sheet import Line, LineKind, Sheet, total
from tests.factories.desk import CLERK, LOAN, TAX, again, content, desk, save, told
from tests.factories.inventory import SYSTEM
from tests.factories.sales import make_deal


@pytest.fixture
def deal(stores):
    return make_deal(stores[0], price=D(31950))


def test_a_deal_without_a_worksheet_reads_as_one_of_its_price(deal):
    found = desk(deal)
    assert (found.id, found.number, found.version) == (None, 1, -deal.version)
    assert found.sheet == Sheet("USD", D(31950), D(0))
    assert sheets.sheet_of(SYSTEM, deal) == found.sheet


def test_a_saved_sheet_reads_as_it_was_and_the_deal_has_its_price(deal):
    row = save(deal, version=-deal.version)
    found = desk(deal)
    assert (row.number, row.chosen, found.version) == (1, True, row.version)
    assert [item.line for item in found.lines] == [item.line for item in content().lines]
    assert [(way.scenario, way.buy_rate, way.chosen) for way in found.ways] == [
        (Scenario(ScenarioKind.CASH), None, False),
        (LOAN, D("3.9"), True),
    ]
    assert found.tax == TAX
    assert (again(deal).price, again(deal).discount) == (D(31950), D(1200))
    changes = told(deal).changes
    assert changes["discount"] == ("0.00", "1200.00")
    assert changes["lines"] == (None, ["Tow bar 640, accessory", "Documentation 395, fee, not taxed"])
    assert changes["line_costs"] == (None, ["Tow bar 310"])
    assert "price" not in changes


amounts = st.decimals(0, 90000, places=2)
line_inputs = st.builds(
    LineInput,
    st.builds(
        Line,
        st.sampled_from(LineKind),
        st.text("abc ä中", min_size=1, max_size=9).filter(str.strip),
        amounts,
        st.none() | amounts,
        st.none() | st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
)
way_inputs = st.builds(
    WayInput,
    st.builds(
        Scenario,
        st.sampled_from(ScenarioKind),
        down=amounts,
        term_months=st.none() | st.integers(1, 96),
        apr=st.none() | st.decimals(0, 30, places=3),
        balloon=st.none() | amounts,
        msrp=st.none() | amounts,
        residual_percent=st.none() | st.decimals(0, 100, places=2),
        money_factor=st.none() | st.decimals(0, D("0.01"), places=5),
    ),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    price=st.decimals(1000, 200000, places=2),
    part=st.decimals(0, 1, places=2),
    tax=st.none() | st.just(TAX),
    lines=st.lists(line_inputs, max_size=5).map(tuple),
    ways=st.lists(way_inputs, max_size=4).map(tuple),
)
def test_what_is_stored_computes_to_what_was_shown(deal, price, part, tax, lines, ways):
    sheet = content(price=price, discount=(price * part).quantize(D("0.01")), tax=tax, lines=lines, ways=ways)
    shown = Sheet("USD", sheet.price, sheet.discount, tuple(item.line for item in lines), (), tax)
    save(deal, sheet)
    found = desk(deal)
    assert total(found.sheet) == total(shown)
    assert [quote(found.sheet, way.scenario) for way in found.ways] == [quote(shown, way.scenario) for way in ways]
    assert [item.line.label for item in found.lines] == [item.line.label.strip() for item in lines]


def test_saving_again_keeps_ids_drops_and_adds(deal):
    save(deal)
    before = desk(deal)
    kept = content_of(before)
    save(
        deal,
        replace(kept, lines=(LineInput(Line(LineKind.REBATE, "Loyalty", D(500))), kept.lines[1])),
        version=before.version,
    )
    after = desk(deal)
    assert [item.line.label for item in after.lines] == ["Loyalty", "Documentation"]
    assert after.lines[1].id == before.lines[1].id
    assert [way.id for way in after.ways] == [way.id for way in before.ways]
    assert after.version == before.version + 1
    assert told(deal).changes["lines"] == (["Tow bar 640, accessory"], ["Loyalty 500, rebate"])
    assert told(deal).changes["line_costs"] == (["Tow bar 310"], None)


def test_whoever_saves_a_version_he_has_not_read_is_stale(deal):
    with pytest.raises(Stale):
        save(deal, version=-deal.version - 1)
    save(deal, version=-deal.version)
    version = desk(deal).version
    save(deal, version=version)
    for old in (version, -again(deal).version):
        with pytest.raises(Stale):
            save(deal, version=old)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"discount": D(40000)}, "discount"),
        ({"price": D(-1), "discount": D(0)}, "price"),
        ({"lines": (LineInput(Line(LineKind.FEE, " ", D(1)), at="a-"),)}, "a-label"),
        ({"lines": (LineInput(Line(LineKind.FEE, "x", D(-1)), at="a-"),)}, "a-amount"),
        ({"lines": (LineInput(Line(LineKind.FEE, "x", D(1), D("1e13")), at="a-"),)}, "a-cost"),
        ({"ways": (WayInput(replace(LOAN, apr=D(1001)), at="w-"),)}, "w-apr"),
        ({"ways": (WayInput(replace(LOAN, down=D("NaN")), at="w-"),)}, "w-down"),
        ({"ways": (WayInput(LOAN, buy_rate=D(-1), at="w-"),)}, "w-buy_rate"),
        ({"lines": tuple(LineInput(Line(LineKind.FEE, str(at), D(1))) for at in range(61))}, "price"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(deal, wrong, field):
    with pytest.raises(Invalid) as error:
        save(deal, content(**wrong))
    assert [item.field for item in error.value.errors] == [field]
    assert desk(deal).id is None


def test_an_agreed_deal_has_its_figures_frozen(deal):
    save(deal)
    one = desk(deal)
    kept = {name: getattr(again(deal), name) for name in ("price", "discount", "customer_id", "salesperson_id")}
    with transaction():
        deals.edit_deal(
            actor=SYSTEM, deal_id=deal.id, version=again(deal).version, deal_type="retail", status="sold", **kept
        )
    for attempt in (
        lambda: worksheets.save_sheet(actor=SYSTEM, deal_id=deal.id, version=None, content=content()),
        lambda: worksheets.copy_worksheet(actor=SYSTEM, deal_id=deal.id),
        lambda: worksheets.choose_worksheet(actor=SYSTEM, deal_id=deal.id, worksheet_id=one.id),
        lambda: worksheets.delete_worksheet(actor=SYSTEM, deal_id=deal.id, worksheet_id=one.id),
        lambda: trade_ins.add_trade(actor=SYSTEM, deal_id=deal.id, vehicle_id=one.id, allowance=D(1)),
    ):
        with pytest.raises(SheetIsFrozen), transaction():
            attempt()


def test_several_worksheets_and_the_chosen_one_has_the_deals_price(deal):
    save(deal)
    with transaction():
        copy = worksheets.copy_worksheet(actor=SYSTEM, deal_id=deal.id)
    assert (copy.number, copy.chosen) == (2, False)
    first, second = desk(deal), sheets.desk_of(SYSTEM, deal, 2)
    assert [item.line for item in second.lines] == [item.line for item in first.lines]
    assert {item.id for item in second.lines}.isdisjoint(item.id for item in first.lines)
    save(deal, content(price=D(30000), discount=D(0)), worksheet_id=copy.id)
    assert again(deal).price == D(31950)
    with transaction():
        worksheets.choose_worksheet(actor=SYSTEM, deal_id=deal.id, worksheet_id=copy.id)
    assert (again(deal).price, again(deal).discount) == (D(30000), D(0))
    assert [row.chosen for row in sheets.list_worksheets(deal.id)] == [False, True]
    with pytest.raises(ChosenSheetStays), transaction():
        worksheets.delete_worksheet(actor=SYSTEM, deal_id=deal.id, worksheet_id=copy.id)
    with transaction():
        worksheets.delete_worksheet(actor=SYSTEM, deal_id=deal.id, worksheet_id=first.id)
    assert [row.number for row in sheets.list_worksheets(deal.id)] == [2]


def test_a_default_sheet_can_be_copied(deal):
    with transaction():
        copy = worksheets.copy_worksheet(actor=SYSTEM, deal_id=deal.id)
    assert [(row.number, row.chosen) for row in sheets.list_worksheets(deal.id)] == [(1, True), (2, False)]
    assert copy.price == deal.price


def test_a_corrected_deal_corrects_its_worksheet(deal):
    save(deal)
    before = desk(deal)
    with transaction():
        deals.edit_deal(
            actor=SYSTEM, deal_id=deal.id, version=again(deal).version, price=D(30000), discount=D(100),
            customer_id=None, salesperson_id=None, deal_type="retail", status="working",
        )  # fmt: skip
    assert (desk(deal).price, desk(deal).discount, desk(deal).version) == (D(30000), D(100), before.version + 1)


def test_a_way_to_pay_is_chosen(deal):
    row = save(deal)
    cash = desk(deal).ways[0]
    with transaction():
        worksheets.choose_scenario(actor=SYSTEM, deal_id=deal.id, worksheet_id=row.id, scenario_id=cash.id)
    assert [way.chosen for way in desk(deal).ways] == [True, False]
    assert desk(deal).ways[1].buy_rate == D("3.9")


def test_who_sees_no_cost_keeps_it_and_says_none(deal):
    row = save(deal)
    found = desk(deal)
    kept = content_of(found)
    blind = replace(
        kept,
        lines=tuple(replace(item, line=replace(item.line, cost=None), keep_cost=True) for item in kept.lines),
        ways=tuple(replace(way, buy_rate=None, keep_buy_rate=True) for way in kept.ways),
        discount=D(1300),
    )
    save(deal, blind, actor=CLERK)
    assert [item.line.cost for item in desk(deal).lines] == [D(310), None]
    assert [way.buy_rate for way in desk(deal).ways] == [None, D("3.9")]
    with pytest.raises(FieldClosed):
        save(deal, kept, actor=CLERK)
    assert row.discount == D(1300)


def test_taking_back_puts_the_figures_and_the_costs_back(deal, actor, alpha):
    manager = actor(alpha, "sales_manager")
    save(deal)
    first = desk(deal)
    save(deal, content(price=D(30000), lines=()), actor=manager)
    with transaction():
        undo.take_back(manager, undo.last_offer())
    assert [(item.id, item.line) for item in desk(deal).lines] == [(item.id, item.line) for item in first.lines]
    assert again(deal).price == D(31950)


def test_a_deleted_worksheet_comes_back(deal, actor, alpha):
    manager = actor(alpha, "sales_manager")
    save(deal)
    with transaction():
        copy = worksheets.copy_worksheet(actor=SYSTEM, deal_id=deal.id)
    before = sheets.desk_of(SYSTEM, again(deal), 2)
    with transaction():
        worksheets.delete_worksheet(actor=manager, deal_id=deal.id, worksheet_id=copy.id)
    with transaction():
        undo.take_back(manager, undo.last_offer())
    assert replace(sheets.desk_of(SYSTEM, again(deal), 2), version=before.version) == before


def test_nobody_saves_what_is_not_his(deal):
    with pytest.raises(PermissionDenied):
        save(deal, actor=Actor(user_id=None, name="x", grants={"deal.see": "all"}))
