"""Leads over the API: a whole life by verbs, drafts of many, and names only for those who may know."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.core.db import Tenant
from app.core.db.ids import to_public
from app.tenants.models import Store
from tests.factories.inventory import make_unit
from tests.factories.leads import make_lead
from tests.factories.sales import make_customer
from tests.fixtures import people
from tests.fixtures.programs import Program, make_key


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> Program:
    """A program that may what an administrator's key may."""
    return Program(client_for(alpha, None), make_key("tenant_admin"))


def test_a_lead_is_taken_in_assigned_moved_and_lost(program: Program, stores: list[Store]) -> None:
    customer, unit = to_public("cus", make_customer(stores[0], "Ada Asks").id), make_unit(stores[0])
    body = {"customer_id": customer, "channel": "phone", "stock_unit_id": to_public("unit", unit.id)}
    made = program.post("/leads", body)
    assert made.status_code == 201
    lead = made.get_json()
    assert (lead["status"], lead["vehicle_id"]) == ("contacted", to_public("veh", unit.vehicle_id))
    path, seller = f"/leads/{lead['id']}", to_public("usr", people.find_user("salesperson").id)
    given = program.post(f"{path}/assign", {"assignee_id": seller, "version": lead["version"]})
    assert (given.status_code, given.get_json()["assignee_id"]) == (200, seller)
    moved = program.post(f"{path}/move", {"status": "negotiating"})
    assert moved.get_json()["status"] == "negotiating"
    read = program.get(f"{path}?expand=customer,assignee,vehicle").get_json()
    assert (read["customer"]["name"], read["vehicle"]["make"]) == ("Ada Asks", "Ford")
    lost = program.post(f"{path}/lose", {"reason": "price", "note": "Too dear"}).get_json()
    assert (lost["status"], lost["lost_reason"]) == ("lost", "price")
    assert program.post(f"{path}/lose", {"reason": "price"}).get_json()["code"] == "lead_is_ended"


def test_nothing_moves_before_an_attempt(program: Program, stores: list[Store]) -> None:
    lead = make_lead(stores[0])
    refused = program.post(f"/leads/{to_public('lead', lead.id)}/move", {"status": "visited"})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "lead_not_attempted")


def test_a_page_of_leads_is_asked_by_what_waits(program: Program, stores: list[Store]) -> None:
    lead = make_lead(stores[0])
    answer = program.get("/leads?filter[unanswered]=yes&sort=-received_at&limit=50")
    assert answer.status_code == 200, answer.text
    found = answer.get_json()["data"]
    assert to_public("lead", lead.id) in {row["id"] for row in found}
    assert all(row["first_attempt_at"] is None for row in found)


def test_another_vehicle_is_not_the_unit_asked_for(program: Program, stores: list[Store]) -> None:
    unit, other = make_unit(stores[0]), make_unit(stores[0])
    path = f"/leads/{to_public('lead', make_lead(stores[0], stock_unit_id=unit.id).id)}"
    tag = program.get(path).headers["ETag"]
    patch = {"vehicle_id": to_public("veh", other.vehicle_id)}
    changed = program.patch(path, patch, tag).get_json()
    assert (changed["stock_unit_id"], changed["vehicle_id"]) == (None, patch["vehicle_id"])


def test_names_are_for_those_who_may_know(
    client_for: Callable[..., FlaskClient], alpha: Tenant, stores: list[Store]
) -> None:
    blind = Program(client_for(alpha, None), make_key("gm", ["lead.see"]))
    path = f"/leads/{to_public('lead', make_lead(stores[0], 'Hidden Hugo').id)}?expand=customer"
    answer = blind.get(path)
    assert answer.status_code == 200
    assert "Hidden Hugo" not in answer.text
