"""The preview beside a list: the record, its way to the page, and the same words for one missing or out of reach."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from decimal import Decimal
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.db import Tenant, db, tenant
from app.core.db.ids import to_public
from app.tenants.models import Store
from tests.factories.inventory import make_unit
from tests.factories.pages import recorded
from tests.fixtures import records

Clients = Callable[..., FlaskClient]
LISTS = {
    "/customers": "customer_id",
    "/vehicles": "unit_id",
    "/vehicles/all": "vehicle_id",
    "/deals": "deal_id",
    "/users": "user_id",
}
PREFIXES = {"customer_id": "cus", "unit_id": "unit", "vehicle_id": "veh", "deal_id": "deal", "user_id": "usr"}
MISSING = "This record is not there, or not yours to see."


@pytest.fixture(scope="module")
def ids(app: Flask, alpha: Tenant) -> dict[str, str]:
    """A record of every kind at a store of its own."""
    with app.app_context(), tenant(alpha.id):
        return records.make_records(records.make_store("PEEK"))


def pane(html: str) -> str:
    found = re.search(r'<aside id="peek".*?</aside>', html, re.DOTALL)
    assert found is not None
    return unescape(found[0])


@pytest.mark.parametrize("path", LISTS)
def test_a_record_is_shown_beside_its_list(client_for: Clients, alpha: Tenant, ids, path: str) -> None:
    client, public_id = client_for(alpha), ids[LISTS[path]]
    answer = client.get(path, query_string={"peek": public_id})
    assert answer.status_code == 200
    assert "<tbody>" in answer.text
    assert f'data-of="{public_id}"' in pane(answer.text)
    # It leads to the record's page, which is there, and it can be closed without scripts.
    target = re.search(r'data-open="([^"]+)"', pane(answer.text))
    assert target is not None
    assert client.get(target[1]).status_code == 200
    close = re.search(r'data-peek-close href="([^"]+)"', pane(answer.text))
    assert close is not None
    assert "hidden" in pane(client.get(close[1]).text).partition(">")[0]


@pytest.mark.parametrize("path", LISTS)
def test_missing_foreign_and_out_of_reach_look_the_same(
    client_for: Clients, alpha: Tenant, beta: Tenant, ids, path: str
) -> None:
    name = LISTS[path]
    nothing = to_public(PREFIXES[name], uuid.uuid4())
    other_tenant = client_for(beta)
    for client, asked in ((client_for(alpha), nothing), (other_tenant, ids[name]), (client_for(alpha), "cus_x")):
        answer = client.get(path, query_string={"peek": asked})
        assert answer.status_code == 200
        assert MISSING in pane(answer.text)
        assert "Marker" not in pane(answer.text)


def test_another_stores_record_is_a_missing_one(client_for: Clients, alpha: Tenant, ids) -> None:
    seller = client_for(alpha, "salesperson")
    for path in ("/customers", "/vehicles", "/deals"):
        assert MISSING in pane(seller.get(path, query_string={"peek": ids[LISTS[path]]}).text), path


def test_the_pane_alone_costs_no_list(client_for: Clients, alpha: Tenant, ids) -> None:
    client, asked = client_for(alpha), {"peek": ids["unit_id"]}
    swap = {"HX-Request": "true", "HX-Target": "peek"}
    client.get("/vehicles", query_string=asked, headers=swap)
    with recorded() as sent:
        answer = client.get("/vehicles", query_string={"sort": "-price", **asked}, headers=swap)
    assert "<tbody>" not in answer.text
    assert f'data-of="{asked["peek"]}"' in answer.text
    assert not [statement for statement in sent if "counted" in statement]
    # A swap that closes the pane is as cheap.
    empty = client.get("/vehicles", headers=swap).text
    assert ("hidden" in pane(empty), "<tbody>" in empty) == (True, False)


def test_the_cost_of_a_car_is_hidden_in_its_preview_too(app: Flask, client_for: Clients, alpha: Tenant) -> None:
    with app.app_context(), tenant(alpha.id):
        units = [make_unit(store, cost=Decimal("8765.43")) for store in db.session.scalars(select(Store))]
        asked = [{"peek": to_public("unit", unit.id)} for unit in units]
    admin, seller = client_for(alpha), client_for(alpha, "salesperson")
    assert all("8,765.43" in pane(admin.get("/vehicles", query_string=args).text) for args in asked)
    seen = [pane(seller.get("/vehicles", query_string=args).text) for args in asked]
    assert not [text for text in seen if "8,765.43" in text]
    # He sees the cars of his own store, and in their place of the cost that it is hidden.
    own = [text for text in seen if MISSING not in text]
    assert 0 < len(own) < len(seen)
    assert all("Hidden for your role" in text for text in own)
