"""Approvals: who needs one, that it is bound to exact figures, that somebody else gives it, and gives it once."""

from __future__ import annotations

import re
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from app.core.db import db, tenant, transaction
from app.core.db.ids import to_public
from app.core.errors import NotFound, PermissionDenied
from app.core.jobs.topics import Subject
from app.notifications.models import Item
from app.notifications.ports import write
from app.notifications.queries import describe
from app.sales.errors import (
    ApprovalClosed,
    ApprovalNeeded,
    ApprovalOutdated,
    BeyondOwnLimits,
    NothingExceeded,
    OwnApproval,
)
from app.sales.events import APPROVAL_ASKED, APPROVAL_DECIDED
from app.sales.models import Approval, Deal
from app.sales.operations import approvals, deals, trade_ins, worksheets
from app.sales.operations.contents import LineInput, SheetInput
from app.sales.operations.policies import set_policy
from app.sales.queries.figures import measured_figures
from app.sales.queries.grossing import count_gross
from app.sales.rules.bodies import to_body
from app.sales.rules.gross import Counts, GrossPolicy
from app.sales.rules.gross_terms import GrossTerms
from app.sales.rules.policies import PolicyKind
from app.sales.rules.sheet import Line, LineKind
from app.tenants.queries.people import default_role_ids
from tests.factories.inventory import SYSTEM, make_unit, make_vehicle
from tests.factories.pages import post
from tests.factories.sales import make_deal
from tests.fixtures.shown import figures_of

pytestmark = pytest.mark.usefixtures("no_policies_left")


@pytest.fixture
def people(stores, alpha, actor):
    """A salesperson who may give 500 away, a sales manager 2,000 and not below a gross of 100; the gm anything."""
    roles = default_role_ids()
    limits = {
        str(roles["salesperson"]): {"discount_amount": Decimal(500)},
        str(roles["sales_manager"]): {"discount_amount": Decimal(2000), "front_gross": Decimal(100)},
        str(roles["gm"]): {},
    }
    with transaction():
        set_policy(actor=SYSTEM, kind=PolicyKind.APPROVAL, body={"limits": limits})
    return {role: actor(alpha, role) for role in ("salesperson", "sales_manager", "gm")}


@pytest.fixture
def store(stores, people):
    return next(store for store in stores if store.id in people["salesperson"].store_ids)


def deal_of(store, people, discount, cost=None):
    unit = make_unit(store, cost=cost)
    return make_deal(store, unit, discount=Decimal(discount), salesperson_id=people["salesperson"].user_id)


def change(who, deal, **values):
    names = ("price", "discount", "customer_id", "salesperson_id", "deal_type", "status", "sold_on", "delivered_on")
    deal = db.session.get(Deal, deal.id, populate_existing=True)
    given = {"version": deal.version} | {name: getattr(deal, name) for name in names} | values
    with transaction():
        return deals.edit_deal(actor=who, deal_id=deal.id, **given)


def ask(who, deal):
    with transaction():
        return approvals.ask_approval(actor=who, deal_id=deal.id)


def decide(who, row, approve=True, **values):
    with transaction():
        return approvals.decide(actor=who, approval_id=row.id, approve=approve, **values)


def test_within_his_limits_a_salesperson_sells_alone(people, store):
    deal = deal_of(store, people, 500)
    with pytest.raises(NothingExceeded):
        ask(people["salesperson"], deal)
    assert change(people["salesperson"], deal, status="sold").status == "sold"


@pytest.mark.parametrize("status", ["pending", "sold"])
def test_beyond_them_the_move_names_the_limit_and_an_approval_opens_it(people, store, status):
    deal = deal_of(store, people, 501)
    with pytest.raises(ApprovalNeeded) as error:
        change(people["salesperson"], deal, status=status)
    assert error.value.extensions["limits"] == ["discount_amount"]
    assert error.value.params["limit"] == "Discount"
    row = ask(people["salesperson"], deal)
    assert ask(people["salesperson"], deal).id == row.id
    decide(people["sales_manager"], row)
    assert change(people["salesperson"], deal, status=status).status == status


def test_a_later_change_asks_again(people, store):
    deal = deal_of(store, people, 900)
    row = ask(people["salesperson"], deal)
    decide(people["sales_manager"], row)
    with pytest.raises(ApprovalNeeded):
        change(people["salesperson"], deal, discount=Decimal("900.01"), status="sold")
    change(people["salesperson"], deal, discount=Decimal("900.01"))
    with pytest.raises(ApprovalNeeded):
        change(people["salesperson"], deal, status="sold")
    # The figures that were approved are approved still.
    change(people["salesperson"], deal, discount=Decimal(900))
    assert change(people["salesperson"], deal, status="sold").status == "sold"


def test_a_change_while_somebody_approves_refuses_the_approval(people, store):
    deal = deal_of(store, people, 900)
    row = ask(people["salesperson"], deal)
    seen = approvals.seen_mark(row)
    change(people["salesperson"], deal, discount=Decimal(1900))
    with pytest.raises(ApprovalOutdated):
        decide(people["sales_manager"], row)
    other = ask(people["salesperson"], deal)
    assert db.session.get(Approval, row.id, populate_existing=True).state == "dropped"
    with pytest.raises(ApprovalOutdated):
        decide(people["sales_manager"], other, digest=seen)
    with pytest.raises(ApprovalClosed):
        decide(people["sales_manager"], row)


def test_nobody_approves_his_own_nor_beyond_his_limits_nor_without_the_right(people, store):
    deal = deal_of(store, people, 2500)
    row = ask(people["sales_manager"], deal)
    with pytest.raises(OwnApproval):
        decide(people["sales_manager"], row)
    with pytest.raises(PermissionDenied):
        decide(people["salesperson"], row)
    decide(people["gm"], row, approve=False)
    asked = ask(people["salesperson"], deal)
    with pytest.raises(BeyondOwnLimits):
        decide(people["sales_manager"], asked)
    assert decide(people["gm"], asked).state == "approved"


def test_the_gross_counts_with_the_cost_nobody_sees(people, store):
    deal = deal_of(store, people, 400, cost=Decimal(11550))
    change(people["salesperson"], deal, status="pending")
    change(people["salesperson"], deal, status="working")
    with pytest.raises(ApprovalNeeded) as error:
        change(people["sales_manager"], deal, status="sold")
    assert error.value.extensions["limits"] == ["front_gross"]
    row = ask(people["sales_manager"], deal)
    assert row.measures == {"front_gross": {"allowed": "100", "asked": "50.00"}}


def test_the_gross_is_that_of_the_stores_policy_and_the_sheet_as_it_stands(people, store):
    manager, deal = people["sales_manager"], deal_of(store, people, 400, cost=Decimal(11450))
    counted = measured_figures(deal)
    assert (counted.front_gross, counted.over_allowance) == (150, 0)
    change(manager, deal, status="pending")
    change(manager, deal, status="working")
    # A pack that counts in the gross, and what an accessory earns, move it; so does what a trade-in is allowed.
    body = to_body(GrossTerms(GrossPolicy(pack=Decimal(60), pack_counts=Counts.BOTH)))
    with transaction():
        set_policy(actor=SYSTEM, kind=PolicyKind.GROSS, body=body)
    assert measured_figures(deal).front_gross == 90
    with pytest.raises(ApprovalNeeded) as error:
        change(manager, deal, status="pending")
    assert error.value.extensions["limits"] == ["front_gross"]
    accessory = Line(LineKind.ACCESSORY, "Tow bar", Decimal(40), cost=Decimal(30))
    sheet = SheetInput(deal.price, deal.discount, lines=(LineInput(accessory),))
    with transaction():
        worksheets.save_sheet(actor=SYSTEM, deal_id=deal.id, version=-deal.version, content=sheet)
    assert measured_figures(deal).front_gross == 100
    assert change(manager, deal, status="pending").status == "pending"
    change(manager, deal, status="working")
    taken = {"vehicle_id": make_vehicle().id, "allowance": Decimal(500), "acv": Decimal(450)}
    with transaction():
        trade_ins.add_trade(actor=SYSTEM, deal_id=deal.id, **taken)
    counted = measured_figures(deal)
    assert (counted.front_gross, counted.over_allowance) == (50, 50)
    # It is what the deal would be written down with.
    assert count_gross(deal).gross.front == 50


def test_of_two_managers_one_decides(app, alpha, people, store, actor):
    deal = deal_of(store, people, 900)
    row_id, start, outcomes = ask(people["salesperson"], deal).id, Barrier(2), []

    def run(who, approve):
        with app.app_context(), tenant(alpha.id):
            start.wait(timeout=30)
            try:
                with transaction():
                    approvals.decide(actor=who, approval_id=row_id, approve=approve)
                outcomes.append("decided")
            except ApprovalClosed:
                outcomes.append("closed")

    threads = [Thread(target=run, args=(people["sales_manager"], True)), Thread(target=run, args=(people["gm"], False))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(outcomes) == ["closed", "decided"]
    assert db.session.get(Approval, row_id, populate_existing=True).state in ("approved", "declined")


def test_it_stands_on_today_and_is_approved_there_in_one_click(people, store, client_for, alpha):
    deal = deal_of(store, people, 900)
    row = ask(people["salesperson"], deal)
    told = set(db.session.scalars(select(Item.user_id).where(Item.subject_id == row.id)))
    assert {people["sales_manager"].user_id, people["gm"].user_id} <= told
    assert people["salesperson"].user_id not in told
    manager = client_for(alpha, "sales_manager")
    page = manager.get("/").text
    address = f"/approvals/{to_public('apv', row.id)}/approve"
    assert f'action="{address}"' in page
    assert address not in client_for(alpha, "salesperson").get("/").text
    answer = post(manager, address, digest=approvals.seen_mark(row), back="today")
    assert (answer.status_code, answer.location) == (303, "/")
    assert db.session.get(Approval, row.id, populate_existing=True).state == "approved"
    assert address not in manager.get("/").text
    again = post(manager, address, digest=approvals.seen_mark(row))
    assert again.status_code == 409
    # Whoever asked hears of it, and the others' question is gone.
    mine = Item.user_id == people["salesperson"].user_id, Item.subject_id == row.id
    assert db.session.scalar(select(Item.topic).where(*mine)) == APPROVAL_DECIDED.key


def test_a_mail_opens_a_page_with_one_button_and_changes_nothing_by_itself(people, store, client_for, alpha, app):
    deal = deal_of(store, people, 900)
    row = ask(people["salesperson"], deal)
    _, named = describe(people["sales_manager"], APPROVAL_ASKED, Subject("approval", row.id))
    sentence, _ = describe(people["sales_manager"], APPROVAL_ASKED, Subject("approval", row.id))
    with app.test_request_context():
        mail = write("en", "Boss", APPROVAL_ASKED, sentence, named)
    link = re.search(r"/approvals/\S+", mail.body)[0]
    manager = client_for(alpha, "sales_manager")
    for _ in range(2):
        page = manager.get(link)
        assert page.status_code == 200
    main = page.text.split("<main")[1]
    assert main.count("/approve") == 1
    assert "/decline" not in main
    assert db.session.get(Approval, row.id, populate_existing=True).state == "waiting"
    # Forged, or made for somebody else, it is a page like any other.
    forged = manager.get(re.sub(r"key=\w{4}", "key=0000", link)).text
    assert "not for these figures any more" in forged
    assert "/decline" in forged
    change(people["salesperson"], deal, discount=Decimal(901))
    late = manager.get(link).text
    assert "have changed since" in late
    assert "/approve" not in late.split("<main")[1]
    stranger = client_for(alpha, None).get(link)
    assert stranger.status_code in (302, 303)
    assert "/sign-in" in stranger.location


def test_the_deals_that_wait_can_be_listed_and_the_page_says_what_is_missing(people, store, client_for, alpha):
    deal = deal_of(store, people, 900)
    seller = client_for(alpha, "salesperson")
    page = seller.get(f"/deals/{to_public('deal', deal.id)}").text
    assert "Beyond your limits: Discount" in page
    assert "Missing for: Sold" in page
    assert post(seller, f"/deals/{to_public('deal', deal.id)}/approval", note="today").status_code == 303
    assert deal.deal_number in seller.get("/deals?approval=yes").text
    assert deal.deal_number not in seller.get("/deals?approval=no").text
    refused = post(seller, f"/deals/{to_public('deal', deal.id)}/move", status="sold")
    assert refused.status_code == 409
    assert "beyond your limits (Discount)" in refused.text


def test_who_may_not_see_margins_sees_no_measure_and_a_stranger_nothing(people, store, client_for, alpha, actor):
    deal = deal_of(store, people, 900, cost=Decimal(11999))
    row = ask(people["sales_manager"], deal)
    address = f"/approvals/{to_public('apv', row.id)}"
    assert "11,999" not in client_for(alpha, "gm").get(address).text
    assert "-899" in client_for(alpha, "gm").get(address).text.replace("−", "-").replace("$", "").replace("(", "")
    assert "899" not in figures_of(client_for(alpha, "salesperson").get(address).text)
    with pytest.raises(NotFound):
        approvals.find_request(actor(alpha, "technician"), row.id)
