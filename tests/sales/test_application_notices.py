"""What a lender has answered is told to whose the deal is and to whoever asked, as far as each may see it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.core.db import db
from app.core.db.ids import to_public
from app.core.jobs.topics import Subject
from app.notifications.models import Item
from app.notifications.queries import describe
from app.sales.events import APPLICATION_DECIDED
from app.sales.models import Deal
from tests.fixtures.lenders import decided
from tests.sales.test_deal_operations import edit


@pytest.fixture
def seller(alpha, actor):
    return actor(alpha, "salesperson")


@pytest.fixture
def deal(borrower_deal, seller):
    edit(borrower_deal, salesperson_id=seller.user_id)
    return db.session.get_one(Deal, borrower_deal.id)


def told(application):
    """Whom there is something in the inbox for about it, each as often as it stands there."""
    mine = Item.subject_id == application.id, Item.topic == APPLICATION_DECIDED.key
    return sorted(db.session.scalars(select(Item.user_id).where(*mine)))


def test_the_salesperson_and_whoever_asked_hear_of_it_once_each(deal, bank, seller, alpha, actor):
    finance = actor(alpha, "fi_manager")
    assert told(decided(deal, bank, actor=finance)) == sorted((seller.user_id, finance.user_id))
    assert told(decided(deal, bank)) == [seller.user_id]
    edit(db.session.get_one(Deal, deal.id), salesperson_id=finance.user_id)
    assert told(decided(deal, bank, actor=finance)) == [finance.user_id]


def test_nobody_hears_of_a_deal_that_is_nobodys(borrower_deal, bank):
    assert told(decided(borrower_deal, bank)) == []


def test_it_says_who_answered_what_and_leads_to_the_application(deal, bank, seller, client_for, alpha, actor):
    found = decided(deal, bank)
    _, named = describe(seller, APPLICATION_DECIDED, Subject("application", found.id))
    assert named.title.params["text"] == deal.deal_number
    assert named.detail.params["partner"] == "Test Bank"
    page = client_for(alpha, "salesperson").get("/inbox").text
    assert f"The application for {deal.deal_number} is decided" in page
    assert "Test Bank: Approved with conditions" in page
    assert to_public("app", found.id) in page
    # Who may not see applications is told no more than that there was one.
    assert describe(actor(alpha, "technician"), APPLICATION_DECIDED, Subject("application", found.id))[1] is None
