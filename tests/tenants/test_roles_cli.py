"""`flask roles …`: what is there, bringing defaults back, and why somebody may or may not."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.db import Tenant, db, tenant, transaction
from app.core.db.ids import to_public
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import system_actor
from app.tenants.models import Grant, Role, RoleSight, Store
from app.tenants.operations import roles
from app.tenants.queries import people as asked
from app.tenants.rules.roles import DEFAULT_ROLES
from tests.factories.sales import make_customer
from tests.fixtures import people


@pytest.fixture
def run(app: Flask, alpha: Tenant):
    def call(command: str, *arguments: str) -> tuple[int, str]:
        with app.app_context():
            result = app.test_cli_runner().invoke(args=["roles", command, alpha.slug, *arguments])
        return result.exit_code, result.output

    return call


def test_the_list_says_what_each_role_sees(run) -> None:
    code, output = run("list")
    assert code == 0
    (line,) = [line for line in output.splitlines() if line.startswith("fi_manager")]
    assert "cost=visible" in line
    assert len(output.splitlines()) >= len(DEFAULT_ROLES)


def test_sync_adds_what_is_missing_and_leaves_what_was_changed(app: Flask, alpha: Tenant, run) -> None:
    with app.app_context(), tenant(alpha.id), transaction():
        by_key = {role.key: role for role in db.session.scalars(select(Role).where(Role.key.is_not(None)))}
        cashier = by_key["cashier"]
        changed = {"version": cashier.version, "name": "Till", "grants": {"deal.see": "own"}, "sights": {}}
        roles.change_role(system_actor("test"), cashier.id, **changed)
        gone = by_key["parts_clerk"]
        user = people.find_user("parts_clerk")
        for model, column in ((Grant, Grant.role_id), (RoleSight, RoleSight.role_id)):
            db.session.execute(model.__table__.delete().where(column == gone.id))
        places = [row for row, *_ in asked.list_memberships(user.id)]
        for place in places:
            place.role_id = cashier.id
        db.session.flush()
        db.session.delete(gone)
        db.session.add(Grant(role_id=cashier.id, permission="deal.fly", scope="all"))
    code, output = run("sync")
    assert code == 0
    assert "added    parts_clerk" in output
    assert "differ   cashier" in output
    assert "dropped  deal.fly" in output
    assert "reset    cashier" in run("sync", "--reset", "cashier")[1]
    with app.app_context(), tenant(alpha.id):
        for key in ("cashier", "parts_clerk"):
            role = db.session.scalars(select(Role).where(Role.key == key)).one()
            assert asked.grants_of_role(role.id) == dict(DEFAULT_ROLES[key].grants)
            assert asked.sights_of_role(role.id) == dict(DEFAULT_ROLES[key].sights)
        told = select(AuditEntry.changes).where(AuditEntry.action == "role.edit", AuditEntry.actor_name == "cli")
        assert {"grants": [["deal.fly: all"], []]} in db.session.scalars(told).all()
    assert "differ   -" in run("sync")[1]
    assert run("sync", "--reset", "king")[0] == 1


def test_a_name_that_is_taken_is_told(app: Flask, alpha: Tenant, run) -> None:
    with app.app_context(), tenant(alpha.id), transaction():
        clerk = db.session.scalars(select(Role).where(Role.key == "parts_clerk")).one()
        clerk.key = None
    code, output = run("sync")
    assert (code, "There is one of this name already" in output) == (1, True)
    with app.app_context(), tenant(alpha.id), transaction():
        db.session.scalars(select(Role).where(Role.name == clerk.name)).one().key = "parts_clerk"


def test_explain_answers_by_its_exit_code_too(app: Flask, alpha: Tenant, run) -> None:
    with app.app_context(), tenant(alpha.id):
        elsewhere = db.session.scalars(select(Store).where(Store.code == "S2")).one()
        record = to_public("cus", make_customer(elsewhere).id)
    code, output = run("explain", people.email("salesperson"), "customer.see", record, "--group", "cost")
    assert code == 1
    assert "no: Salesperson (active), customer.see" in output
    assert "not_store  Salesperson @ Main Street (store)" in output
    assert "cost: hidden" in output
    assert run("explain", people.email("gm"), "customer.see", record)[0] == 0
    assert run("explain", "nobody@example.com", "customer.see")[0] == 1
