"""The rotation under real concurrency: every user gets the same number, and no lead is lost or given out twice."""

from collections import Counter
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.core.db import db, tenant, transaction
from app.core.errors import Invalid, NotFound, Stale
from app.crm.models import Lead, Rotation
from app.crm.operations.leads import create_lead
from app.crm.operations.rotating import set_lead_rules
from app.crm.queries.leads import answering_of
from app.tenants.models import User
from tests.factories.inventory import SYSTEM
from tests.factories.leads import make_lead, set_rules
from tests.factories.sales import make_customer
from tests.fixtures.people import find_user

THREADS, EACH = 32, 3
ROLES = ("salesperson", "bdc_agent", "sales_manager", "fi_manager", "gm")


@pytest.fixture
def members(stores):
    """Five people in the rotation, for the time of a test."""
    ids = [find_user(role).id for role in ROLES]
    set_rules(stores[0], member_ids=ids)
    yield ids
    set_rules(stores[0])


def test_thirty_two_threads_share_leads_evenly(app, alpha, stores, members):
    customer_id, store_id = make_customer(stores[0], "Many Leads").id, stores[0].id
    start, made, failures = Barrier(THREADS), [], []

    def ask() -> None:
        with app.app_context(), tenant(alpha.id):
            start.wait(60)
            mine = 0
            while mine < EACH and not failures:
                try:
                    with transaction():
                        lead = create_lead(actor=SYSTEM, customer_id=customer_id, channel="web", store_id=store_id)
                        found = (lead.id, lead.assignee_id)
                except (PoolTimeout, OperationalError):
                    continue  # More of them than connections: whoever found none asks again, as a browser is told to.
                except Exception as error:
                    failures.append(error)
                else:
                    made.append(found)
                    mine += 1

    threads = [Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert failures == []
    stored = dict(db.session.execute(select(Lead.id, Lead.assignee_id).where(Lead.customer_id == customer_id)).all())
    assert stored == dict(made)
    assert len(stored) == THREADS * EACH
    shares = Counter(stored.values())
    assert set(shares) == set(members)
    assert max(shares.values()) - min(shares.values()) <= 1, shares
    turns = db.session.scalars(select(Rotation.last_turn).where(Rotation.store_id == store_id)).all()
    assert len(set(turns)) == len(members)


def test_turns_go_round_and_a_newcomer_begins_at_the_end(stores, members):
    firsts = [make_lead(stores[0]).assignee_id for _ in members]
    assert sorted(firsts) == sorted(members)
    assert [make_lead(stores[0]).assignee_id for _ in members] == firsts
    newcomer = find_user("cashier").id
    set_rules(stores[0], member_ids=[*members, newcomer])
    round_of_all = [make_lead(stores[0]).assignee_id for _ in range(len(members) + 1)]
    assert sorted(round_of_all) == sorted([*members, newcomer])


def test_who_cannot_sign_in_gets_no_lead(stores, members):
    gone = members[0]
    with transaction():
        db.session.execute(update(User).where(User.id == gone).values(state="disabled"))
    try:
        assert gone not in {make_lead(stores[0]).assignee_id for _ in range(len(members))}
    finally:
        with transaction():
            db.session.execute(update(User).where(User.id == gone).values(state="active"))


def test_rules_are_checked_and_belong_to_a_store(stores, actor, alpha):
    manager = actor(alpha, "sales_manager")
    with pytest.raises(Stale), transaction():
        set_lead_rules(actor=manager, store_id=stores[0].id, version=99, target_minutes=5)
    with pytest.raises(Invalid), transaction():
        set_lead_rules(
            actor=manager, store_id=stores[0].id, version=answering_of(stores[0].id).version, target_minutes=5,
            hours={"mon": ["18:00", "09:00"]},
        )  # fmt: skip
    with pytest.raises(NotFound), transaction():
        set_lead_rules(actor=manager, store_id=stores[1].id, version=0, target_minutes=5)
