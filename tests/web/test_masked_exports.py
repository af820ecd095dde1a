"""Real values stay inside: planted in every personal column, they stand in no file; rules and sight, the stricter."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.db import db, tenant, transaction
from app.core.errors import PermissionDenied
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import system_actor
from app.core.lists.exports import operations, steps
from app.core.lists.exports.errors import AlreadyDecided, ExportLimit, NothingLeft, OwnRequest
from app.core.lists.exports.outgoing import class_of_cell
from app.core.lists.spec import REGISTRY
from app.crm.operations import contacts, customers
from app.inventory.operations import units, vehicles
from app.notifications.models import Item
from app.sales.operations import deals
from app.tenants.models import Store, User
from tests.fixtures import exporting as x
from tests.fixtures.importing import work_off

SYSTEM = system_actor("test")
NAME, OTHER, COLLEAGUE = "Quintessa Marvelous", "Zebulon Marvelous", "Bartholomew Planted"
PHONE, EMAIL, PLATE = "+12025550177", "quin@marvel.test", "苏D4TEST"
ID_NUMBER = "61343620000320761X"
PLANTED = (NAME, "Quintessa", "Marvelous", OTHER, "2025550177", "5550177", EMAIL, "quin@", PLATE, "Bartholomew",
           ID_NUMBER, "20000320")  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def planted(app, alpha):
    """A customer with a phone and an e-mail address who bought a car with a plate from a colleague."""
    with app.app_context(), tenant(alpha.id), transaction():
        store = db.session.scalars(select(Store.id).order_by(Store.code)).first()
        seller = x.people.find_user("salesperson")
        db.session.get(User, seller.id).name = COLLEAGUE
        for name in (NAME, OTHER):
            buyer = customers.create_customer(
                actor=SYSTEM, kind="individual", store_id=store, name=name, owner_id=seller.id,
                contact_points=[
                    contacts.ContactInput("phone", PHONE), contacts.ContactInput("email", EMAIL),
                ] if name is NAME else [],
                id_number=ID_NUMBER if name is NAME else "",
            )  # fmt: skip
            car = vehicles.add_vehicle(actor=SYSTEM, make="Make", model="Model", plate=PLATE if name is NAME else None)
            unit = units.stock_in_unit(
                actor=SYSTEM, vehicle_id=car.id, store_id=store, asking_price=Decimal(10_000), cost=Decimal(7_654),
                acquired_on=clock.today("America/New_York"),
            )  # fmt: skip
            deals.record_deal(
                actor=SYSTEM, stock_unit_id=unit.id, price=Decimal(9_500), customer_id=buyer.id,
                salesperson_id=seller.id,
            )  # fmt: skip


@pytest.fixture(autouse=True)
def product_rules(app, alpha):
    x.set_rules(app, alpha)


def all_columns(spec):
    return {"cols": [",".join(column.key for column in spec.columns)]}


def lists_that_leave():
    found = [spec for spec in REGISTRY.values() if spec.export_permission is not None]
    assert {spec.name for spec in found} >= {"customers", "stock_units", "vehicles", "deals"}
    return found


def test_every_column_that_leaves_says_what_it_holds(app, alpha):
    with app.app_context(), tenant(alpha.id):
        for spec in lists_that_leave():
            source = spec.source(SYSTEM)
            assert [column.key for column in spec.columns if class_of_cell(column, source) is None] == [], spec.name
            assert [column.key for column in spec.columns if column.under and column.under_out is None] == [], spec.name


@pytest.mark.parametrize("chosen", ["csv", "xlsx"])
@pytest.mark.parametrize("treatment", ["masked", "pseudonym", "dropped"])
def test_real_values_stand_nowhere_in_a_masked_file(app, alpha, chosen, treatment):
    x.set_rules(app, alpha, personal=treatment, contact=treatment, identity=treatment)
    for spec in lists_that_leave():
        data = x.every_byte(x.made(app, alpha, "tenant_admin", spec.name, all_columns(spec), format=chosen))
        assert [value for value in PLANTED if value.encode() in data] == [], spec.name
        assert b"7654" not in data
        assert b"Make" in data or spec.name not in ("stock_units", "vehicles", "deals")


def test_neither_the_file_nor_its_parts_lie_open_on_the_disk(app, alpha, monkeypatch):
    x.set_rules(app, alpha, personal="seen")
    with app.app_context():
        before = set(x.bytes_on_disk(alpha))
    export_id = x.ask(app, alpha, "tenant_admin", "customers", format="csv")
    seen = []
    monkeypatch.setattr(steps, "_finish", lambda work, kept: seen.append(x.bytes_on_disk(alpha)) or finish(work, kept))
    work_off(app, alpha, queue="exports")
    assert NAME.encode() in x.taken(app, alpha, "tenant_admin", export_id)
    with app.app_context():
        seen.append(x.bytes_on_disk(alpha))
    for files in seen:
        new = {path: data for path, data in files.items() if path not in before}
        assert len(new) == 1
        assert [value for value in PLANTED for data in new.values() if value.encode() in data] == []


finish = steps._finish


def test_masks_are_those_of_the_screen(app, alpha):
    rows = x.rows_of(x.made(app, alpha, "tenant_admin", "customers", {"cols": ["name,owner,contact"]}))
    found = [row for row in rows if row["Name"] == "Q. M***"]
    assert [row["Owner"] for row in found] == ["B. P***"]
    assert found[0]["Contact"] == "'+1 ****0177"
    assert found[0]["Name: details"] == found[0]["Contact"]


def test_id_numbers_stay_inside_until_a_rule_lets_their_masks_out(app, alpha):
    args = {"cols": ["name,id_number"]}
    assert "ID number" not in x.rows_of(x.made(app, alpha, "tenant_admin", "customers", args))[0]
    x.set_rules(app, alpha, identity="masked")
    rows = x.rows_of(x.made(app, alpha, "tenant_admin", "customers", args))
    assert [row["ID number"] for row in rows if row["ID number"]] == ["6***************1X"]
    x.set_rules(app, alpha, identity="pseudonym", personal="pseudonym")
    rows = x.rows_of(x.made(app, alpha, "tenant_admin", "customers", args))
    assert [row["ID number"] for row in rows if row["ID number"]] == [
        row["Name"] for row in rows if row["ID number"]
    ] != []  # fmt: skip


def test_a_person_has_one_code_in_a_file_and_another_in_the_next(app, alpha):
    x.set_rules(app, alpha, personal="pseudonym", contact="pseudonym")
    first, second = (x.rows_of(x.made(app, alpha, "tenant_admin", "deals")) for _ in range(2))
    codes = [row["Salesperson"] for row in first if row["Salesperson"]]
    assert len(codes) >= 2
    assert len(set(codes)) == 1
    assert re.fullmatch(r"P-[A-Z2-7]{16}", codes[0])
    buyers = [row["Customer"] for row in first if row["Customer"]]
    assert len(set(buyers)) == len(buyers) >= 2
    assert not {*codes, *buyers} & {row[key] for row in second for key in ("Salesperson", "Customer")}
    # A phone's place is taken by the code of whoever it belongs to: one person, one code, in all columns.
    people = x.rows_of(x.made(app, alpha, "tenant_admin", "customers", {"cols": ["name,contact"]}))
    assert [row for row in people if row["Contact"] and row["Contact"] != row["Name"]] == []


def test_costs_leave_only_where_the_rules_say_so_and_the_reader_sees_them(app, alpha):
    args = {"cols": ["vehicle,cost"]}
    assert "Cost" not in x.rows_of(x.made(app, alpha, "tenant_admin", "stock_units", args))[0]
    x.set_rules(app, alpha, cost="seen")
    rows = x.rows_of(x.made(app, alpha, "tenant_admin", "stock_units", args))
    assert "7654" in {row["Cost"].split(".")[0] for row in rows}


def test_rules_that_leave_nothing_make_no_file(app, alpha):
    x.set_rules(app, alpha, internal="dropped", personal="dropped", contact="dropped", public="dropped")
    with pytest.raises(NothingLeft):
        x.ask(app, alpha, "tenant_admin", "customers")


def test_in_full_waits_for_a_second_person_and_then_holds_everything(app, alpha):
    export_id = x.ask(app, alpha, "sales_manager", "customers", {"cols": ["name,contact"]}, unmasked=True)
    assert work_off(app, alpha, queue="exports") == 0
    assert x.state_of(app, alpha, export_id) == "waiting"
    work_off(app, alpha, queue="notify")
    with app.app_context(), tenant(alpha.id):
        asker, decider = x.actor_of("sales_manager"), x.actor_of("gm")
        told = set(db.session.scalars(select(Item.user_id).where(Item.topic == "export.waits")))
        assert decider.user_id in told
        assert asker.user_id not in told
        with pytest.raises(PermissionDenied), transaction():
            operations.decide(asker, export_id, approved=True)
        with transaction():
            operations.decide(decider, export_id, approved=True)
        with pytest.raises(AlreadyDecided), transaction():
            operations.decide(decider, export_id, approved=False)
        told = db.session.scalars(select(Item.user_id).where(Item.topic == "export.decided")).all()
        assert told == [asker.user_id]
    work_off(app, alpha, queue="exports")
    data = x.taken(app, alpha, "sales_manager", export_id)
    assert [value for value in (NAME, PHONE, EMAIL) if value.encode() not in data] == []
    with app.app_context(), tenant(alpha.id):
        entries = db.session.scalars(select(AuditEntry.action).where(AuditEntry.record_id == export_id)).all()
        assert sorted(entries) == ["download", "export", "export.approve", "export.link"]


def test_nobody_is_his_own_second_person_and_no_stays_no(app, alpha):
    export_id = x.ask(app, alpha, "tenant_admin", "customers", unmasked=True)
    with app.app_context(), tenant(alpha.id):
        with pytest.raises(OwnRequest), transaction():
            operations.decide(x.actor_of("tenant_admin"), export_id, approved=True)
        with transaction():
            operations.decide(x.actor_of("gm"), export_id, approved=False)
    assert work_off(app, alpha, queue="exports") == 0
    assert x.state_of(app, alpha, export_id) == "refused"


def test_nobody_takes_more_rows_a_day_than_allowed(app, alpha):
    x.set_rules(app, alpha, rows_a_day=1)
    export_id = x.ask(app, alpha, "controller", "customers")
    work_off(app, alpha, queue="exports")
    assert x.state_of(app, alpha, export_id) == "failed"
    x.set_rules(app, alpha, rows_a_day=1_000)
    x.made(app, alpha, "controller", "customers")
    x.set_rules(app, alpha, rows_a_day=2)
    with pytest.raises(ExportLimit):
        x.ask(app, alpha, "controller", "customers")
    x.ask(app, alpha, "gm", "customers")
    work_off(app, alpha, queue="exports")
