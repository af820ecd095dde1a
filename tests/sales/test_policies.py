"""Policies of stores: versions that nobody changes, which one holds where and when, and the forms that set them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.core import clock
from app.core.db import db, transaction
from app.core.db.ids import to_public
from app.core.errors import Invalid, PermissionDenied, Stale
from app.core.guard.models import AuditEntry
from app.sales.operations.policies import set_policy
from app.sales.queries import policies
from app.sales.rules.policies import PolicyKind
from tests.factories.inventory import SYSTEM
from tests.factories.pages import error_of, field_of, post

pytestmark = pytest.mark.usefixtures("no_policies_left")
KIND = PolicyKind.RESERVATION


def put(days: int, actor=SYSTEM, **values):
    with transaction():
        return set_policy(actor=actor, kind=KIND, body={"days": days, "deposit": Decimal("0.00")}, **values)


def days_at(store_id, on=None):
    found = policies.in_force(store_id, KIND, on)
    return found.body["days"] if found else None


def test_the_last_version_whose_day_has_come_holds(stores):
    today = policies.today_at(stores[0].id)
    assert days_at(stores[0].id) is None
    put(3)
    put(9, effective_from=today + timedelta(days=5))
    assert (days_at(stores[0].id), days_at(stores[0].id, today + timedelta(days=5))) == (3, 9)
    put(4)
    assert (days_at(stores[0].id), days_at(stores[0].id, today + timedelta(days=6))) == (4, 9)


def test_a_stores_own_goes_before_that_of_all_stores(stores):
    put(3)
    put(5, store_id=stores[0].id)
    assert [days_at(store_id) for store_id in (stores[0].id, stores[1].id, None)] == [5, 3, 3]
    assert [item.policy.number for item in policies.versions(KIND)] == [1]
    assert [item.policy.number for item in policies.versions(KIND, stores[0].id)] == [1]


def test_a_day_that_is_gone_and_an_old_version_are_refused(stores):
    with pytest.raises(Invalid):
        put(3, effective_from=policies.today_at(None) - timedelta(days=1))
    put(3, number=0)
    with pytest.raises(Stale):
        put(4, number=0)
    put(4, number=1)


def test_amounts_stay_exact_and_versions_cannot_be_changed(stores):
    made = put(3)
    assert made.body == {"days": 3, "deposit": "0.00"}
    for statement in ("UPDATE sales_policies SET number = 7", "DELETE FROM sales_policies"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction():
            db.session.execute(text(statement))


def test_a_manager_of_one_store_sets_nothing_for_another(stores, alpha, actor):
    manager = actor(alpha, "sales_manager")
    own = next(store for store in stores if store.id in manager.store_ids)
    other = next(store for store in stores if store.id not in manager.store_ids)
    put(5, manager, store_id=own.id)
    for store_id in (other.id, None):
        with pytest.raises(PermissionDenied):
            put(5, manager, store_id=store_id)
    with pytest.raises(PermissionDenied):
        put(5, actor(alpha, "salesperson"), store_id=own.id)


def test_every_version_is_on_record(stores):
    made = put(3)
    entry = db.session.query(AuditEntry).where(AuditEntry.record_id == made.id).one()
    assert (entry.action, entry.changes["body"]) == ("sales_policy.set", [None, {"days": 3, "deposit": "0.00"}])


def test_limits_are_set_by_role_on_a_page(client_for, alpha, stores):
    client = client_for(alpha, "gm")
    page = client.get("/sales-settings/approval").text
    names = ("discount_amount", "discount_percent", "front_gross", "over_allowance")
    role = page.split('name="r')[1].split("_")[0]
    assert all(f'name="r{role}_{name}"' in page for name in names)
    answer = post(
        client, "/sales-settings/approval", store="", number="0", effective_from="",
        **{f"r{role}_discount_amount": "1,500", f"r{role}_discount_percent": "101"},
    )  # fmt: skip
    assert answer.status_code == 422
    assert error_of(answer.text, f"r{role}_discount_percent")
    assert field_of(answer.text, f"r{role}_discount_amount") == "1,500"
    answer = post(
        client, "/sales-settings/approval", store="", number="0", effective_from="",
        **{f"r{role}_discount_amount": "1,500", f"r{role}_discount_percent": "7.5"},
    )  # fmt: skip
    assert answer.status_code == 303
    limits = policies.in_force(None, PolicyKind.APPROVAL).body["limits"]
    assert {"discount_amount": "1500", "discount_percent": "7.5"} in limits.values()
    again = client.get("/sales-settings/approval").text
    assert field_of(again, f"r{role}_discount_amount") == "1500"


def test_the_page_of_a_store_says_where_its_terms_come_from(client_for, alpha, stores):
    put(3)
    client = client_for(alpha, "gm")
    address = f"/sales-settings/reservation?store={to_public('store', stores[0].id)}"
    assert "holds for all stores" in client.get(address).text
    put(8, store_id=stores[0].id)
    page = client.get(address).text
    assert field_of(page, "days") == "8"
    assert clock.today("America/New_York").isoformat() in page
