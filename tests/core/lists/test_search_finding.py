"""What people find in the box: by what they type, as far as they may see, the likeliest first."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.db import Tenant, db, tenant, transaction
from app.core.guard.permissions import Actor, system_actor
from app.core.lists import search
from app.core.lists.search import recents
from app.crm.operations import contacts, customers
from app.inventory.operations import units, vehicles
from app.sales.operations import deals
from app.tenants.models import Store
from tests.factories.inventory import SYSTEM
from tests.fixtures import people

VIN = "1M8GDM9AXKP042788"


@pytest.fixture(scope="module")
def floor(app: Flask, alpha: Tenant) -> dict[str, uuid.UUID]:
    """Two stores with customers of several scripts, a car in stock with a plate, and a deal over it."""
    with app.app_context(), tenant(alpha.id), transaction():
        first, second = db.session.scalars(select(Store.id).order_by(Store.code)).all()
        owner = people.find_user("salesperson")
        made = {"first": first, "second": second, "owner": owner.id}

        def customer(key: str, name: str, store: uuid.UUID = first, *points: tuple[str, str], **more: object) -> None:
            entries = [contacts.ContactInput(kind, value) for kind, value in points]
            made[key] = customers.create_customer(
                actor=SYSTEM, kind="individual", store_id=store, name=name, contact_points=entries, **more
            ).id

        customer("kim", "Kim Shellby", first, ("phone", "+1 202 555 0171"), ("email", "Kim@Example.com"))
        customer("lou", "Lou Shellby", second, ("phone", "+1 303 555 0171"))
        customer("owned", "Owned Olivier", second, ("phone", "+1 202 555 0190"), owner_id=owner.id)
        customer("wang", "王小明", first, ("phone", "+86 138 0000 1234"))
        customer("ouyang", "欧阳娜娜", first)
        customer("zhang", "张伟", first)
        customer("brien", "Siobhán O’Brien-Smith", first)
        customer("wu", "Wu Li", first)
        car = vehicles.add_vehicle(
            actor=SYSTEM, make="Ford", model="Focus", vin=VIN, plate="京A·T9931", model_year=2021
        )
        unit = units.stock_in_unit(
            actor=SYSTEM, vehicle_id=car.id, store_id=first, stock_number="S-88217", acquired_on=date(2026, 1, 10)
        )
        deal = deals.record_deal(actor=SYSTEM, stock_unit_id=unit.id, price=Decimal(900), deal_number="D-77041")
        return made | {"car": car.id, "deal": deal.id}


@pytest.fixture
def found(in_alpha: Tenant, floor: dict[str, uuid.UUID]) -> Callable[..., list[tuple[str, str, str]]]:
    def ask(text: str, actor: Actor | None = None) -> list[tuple[str, str, str]]:
        actor = actor or system_actor("test")
        return [
            (group.kind.name, hit.title, hit.matched) for group in search.find(actor, text) for hit in group.hits
        ]

    return ask


CAR = "2021 Ford Focus"
ANSWERS = [
    ("2025550171", ("customer", "Kim Shellby", "Phone")),
    ("+1 (202) 555-0171", ("customer", "Kim Shellby", "Phone")),
    ("25550171", ("customer", "Kim Shellby", "Phone")),
    ("kim@example.COM", ("customer", "Kim Shellby", "E-mail")),
    ("kim shellby", ("customer", "Kim Shellby", "Name")),
    ("shellby kim", ("customer", "Kim Shellby", "Name")),
    ("kim shelby", ("customer", "Kim Shellby", "Similar name")),
    ("kim shellbi", ("customer", "Kim Shellby", "Similar name")),
    ("王小明", ("customer", "王小明", "Name")),
    ("王", ("customer", "王小明", "Name")),
    ("小明", ("customer", "王小明", "Name")),
    ("王小名", ("customer", "王小明", "Similar name")),
    ("欧阳", ("customer", "欧阳娜娜", "Name")),
    ("阳娜", ("customer", "欧阳娜娜", "Name")),
    ("张 伟", ("customer", "张伟", "Name")),
    ("13800001234", ("customer", "王小明", "Phone")),
    ("siobhan", ("customer", "Siobhán O’Brien-Smith", "Name")),
    ("OBRIEN", ("customer", "Siobhán O’Brien-Smith", "Name")),
    ("brien smi", ("customer", "Siobhán O’Brien-Smith", "Name")),
    ("wu", ("customer", "Wu Li", "Name")),
    ("li wu", ("customer", "Wu Li", "Name")),
    (VIN, ("vehicle", CAR, "VIN")),
    (VIN.replace("0", "O").lower(), ("vehicle", CAR, "VIN")),
    ("042788", ("vehicle", CAR, "VIN")),
    ("KP042788", ("vehicle", CAR, "VIN")),
    ("1M8GDM9", ("vehicle", CAR, "VIN")),
    ("京AT9931", ("vehicle", CAR, "Plate")),
    ("AT9931", ("vehicle", CAR, "Plate")),
    ("T9931", ("vehicle", CAR, "Plate")),
    ("S-88217", ("vehicle", CAR, "Number")),
    ("s88217", ("vehicle", CAR, "Number")),
    ("88217", ("vehicle", CAR, "Number")),
    ("focus", ("vehicle", CAR, "Name")),
    ("D-77041", ("deal", "D-77041", "Number")),
    ("d77041", ("deal", "D-77041", "Number")),
    ("041", ("deal", "D-77041", "Number")),
    ("Salesperson", ("user", "Salesperson", "Name")),
    (people.email("salesperson"), ("user", "Salesperson", "E-mail")),
]


@pytest.mark.parametrize(("text", "answer"), ANSWERS, ids=[text for text, _ in ANSWERS])
def test_it_is_found(found, text, answer):
    assert found(text)[0] == answer


@pytest.mark.parametrize(
    "text", ["%", "_", "%%%", "__i", "\\", "'; DROP TABLE", "zzzqqq", "京Z00000", "+99 999 999 999", "x" * 400]
)
def test_nothing_is_found_by_what_nobody_has(found, text):
    assert found(text) == []


def test_the_end_of_a_phone_that_two_have_finds_both(found):
    assert {title for kind, title, _ in found("0171") if kind == "customer"} == {"Kim Shellby", "Lou Shellby"}


def test_a_phone_is_found_by_no_undeclared_part(found):
    assert [hit for hit in found("55017") + found("550171") if hit[0] == "customer"] == []


def test_a_record_that_fits_in_two_ways_is_shown_once(found):
    assert [hit for hit in found("88217") if hit[0] == "vehicle"] == [("vehicle", CAR, "Number")]


def test_hits_carry_what_tells_them_apart_and_more_is_said(in_alpha, floor):
    group = search.find(system_actor("test"), "shellby", limit_per_kind=1)[0]
    assert group.more
    assert len(group.hits) == 1
    kim = search.find(system_actor("test"), "kim shellby")[0].hits[0]
    assert kim.record_id == floor["kim"]
    assert kim.details[0] != "+12025550171"
    assert kim.details[0].endswith("0171")
    car = search.find(system_actor("test"), VIN)[0].hits[0]
    assert "S-88217" in car.details
    assert "京AT9931" not in " ".join(car.details).replace("·", "")


def sees(floor: dict[str, uuid.UUID], contact: str = "visible", **grants: str) -> Actor:
    named = {name.replace("_", ".", 1): scope for name, scope in grants.items()}
    return Actor(floor["owner"], "Sam", named, store_ids=frozenset({floor["first"]}), sights={"contact": contact})


def test_only_what_the_scope_holds_is_found(found, floor):
    at_store = sees(floor, customer_see="store")
    assert [title for _, title, _ in found("shellby", at_store)] == ["Kim Shellby"]
    assert [title for _, title, _ in found("olivier", at_store)] == ["Owned Olivier"]
    assert found("3035550171", sees(floor, customer_see="store")) == []
    own = sees(floor, customer_see="own")
    assert found("shellby", own) == []
    assert [title for _, title, _ in found("olivier", own)] == ["Owned Olivier"]
    assert found("D-77041", sees(floor, deal_see="own")) == []


def test_without_the_right_nothing_of_a_kind_is_found(found, floor):
    nobody = sees(floor)
    for text, _ in ANSWERS:
        assert found(text, nobody) == []
    stock_alone = sees(floor, stock_see="all")
    assert found("S-88217", stock_alone) == []
    assert found("S-88217", sees(floor, stock_see="all", vehicle_see="all"))
    assert found("S-88217", sees(floor, vehicle_see="all")) == []


@pytest.mark.parametrize("sight", ["masked", "hidden"])
def test_whoever_does_not_see_phones_in_full_finds_none(found, floor, sight):
    closed = sees(floor, contact=sight, customer_see="all", vehicle_see="all")
    reads = sees(floor, customer_see="all")
    for typed in ("2025550171", "0171", "5550171", "25550171"):
        assert found(typed, closed) == []
        assert ("customer", "Kim Shellby", "Phone") in found(typed, reads)
    assert found("kim@example.com", closed) == []
    assert found("京AT9931", reads) == []
    assert found("kim shellby", reads) == [("customer", "Kim Shellby", "Name")]


def test_users_are_found_by_whoever_may_open_them(found):
    assert found("Salesperson", people.actor_of("tenant_admin")) == [("user", "Salesperson", "Name")]
    assert [hit for hit in found("Salesperson", people.actor_of("salesperson")) if hit[0] == "user"] == []


def test_what_was_opened_is_offered_again_while_it_may_be_seen(in_alpha, floor):
    admin = people.actor_of("tenant_admin")
    opened = [("customer", "kim"), ("vehicle", "car"), ("customer", "lou"), ("deal", "deal"), ("customer", "kim")]
    for kind, key in opened:
        with transaction():
            search.note_recent(admin, kind, floor[key])
    assert [hit.title for hit in search.recent(admin)] == ["Kim Shellby", "D-77041", "Lou Shellby", CAR]
    narrowed = Actor(admin.user_id, "Alex", {"customer.see": "store"}, store_ids=frozenset({floor["first"]}))
    assert [hit.title for hit in search.recent(narrowed)] == ["Kim Shellby"]
    stranger = people.actor_of("gm")
    assert search.recent(stranger) == []
    assert search.recent(system_actor("test")) == []


def test_nobody_notes_what_he_may_not_see_and_few_are_kept(in_alpha, floor, monkeypatch):
    monkeypatch.setattr(recents, "KEPT", 2)
    narrow = sees(floor, customer_see="store")
    with transaction():
        search.note_recent(narrow, "customer", floor["lou"])
        search.note_recent(narrow, "customer", uuid.uuid4())
        search.note_recent(narrow, "no such kind", floor["kim"])
    assert search.recent(narrow) == []
    for key in ("kim", "wang", "zhang"):
        with transaction():
            search.note_recent(narrow, "customer", floor[key])
    assert [hit.title for hit in search.recent(narrow)] == ["张伟", "王小明"]


def test_words_alone_lead_no_further_than_the_dealership(app, beta, floor):
    with app.app_context(), tenant(beta.id):
        for text, _ in ANSWERS[:-2]:
            assert search.find(system_actor("test"), text) == [], text
