"""The page of a role: what changes is shown before it is saved, a role can begin like another, and be looked at."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from app.core.db import Tenant, columns, db, tenant, transaction
from app.core.db.ids import to_public
from app.core.guard.classes import GROUPS
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import system_actor
from app.tenants.models import Membership, Role, SessionRow, Store
from app.tenants.operations import roles
from app.tenants.queries import people as asked
from app.tenants.rules.roles import DEFAULT_ROLES
from tests.factories.inventory import make_vehicle
from tests.factories.sales import make_customer
from tests.fixtures import people
from tests.fixtures.browsing import token_of

Clients = Callable[..., FlaskClient]
SYSTEM = system_actor("test")


@pytest.fixture
def role(app: Flask, alpha: Tenant) -> str:
    """A role of two people, one of whom has its rights by another role too; its address."""
    with app.app_context(), tenant(alpha.id), transaction():
        name = f"Reviewed {columns.new_id()}"
        made = roles.create_role(SYSTEM, name=name, grants={"deal.see": "store"}, sights={"contact": "masked"})
        store = db.session.scalars(select(Store.id).where(Store.code == "S1")).one()
        earlier = select(Role.id).where(Role.key.is_(None))
        db.session.execute(delete(Membership).where(Membership.role_id.in_(earlier)))
        for key in ("technician", "gm"):
            user = people.find_user(key)
            assert user is not None
            place = Membership(id=columns.new_id(), user_id=user.id, store_id=store, role_id=made.id)
            db.session.add(place)
        return f"/roles/{to_public('role', made.id)}"


def fields_of(page: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(version|began_with)" value="([^"]*)"', page))


def send(client: FlaskClient, path: str, **form: Any) -> Any:
    return client.post(path, data={**form, "csrf_token": token_of(client)})


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def test_a_change_is_shown_with_whom_it_touches_and_saved_by_the_next_press(
    app: Flask, alpha: Tenant, client_for: Clients, role: str
) -> None:
    client = client_for(alpha)
    before = fields_of(client.get(role).text)
    sent = {**before, "name": "Renamed", "grants": ["deal.see:all", "deal.edit:own"], "sights": ["contact:visible"]}
    review = send(client, f"{role}/review", **sent)
    words = plain(review.text)
    assert review.status_code == 200
    # The general manager sees all deals and all contacts anyway; only the technician feels it.
    assert "2 people have this role. 1 person will feel it" in words
    for line in ("Deals: See Store All more 1", "Deals: Edit None Own more 1", "e-mails Masked In full more 1"):
        assert line in words
    assert "will be called Renamed" in words
    with app.app_context(), tenant(alpha.id):
        assert "Renamed" not in db.session.scalars(select(Role.name)).all()
    (save,) = re.findall(rf'<form [^>]*action="{role}"[^>]*>(.*?)</form>', review.text, re.DOTALL)
    hidden = re.findall(r'type="hidden" name="(?!csrf)(\w+)" value="([^"]*)"', save)
    form: dict[str, list[str]] = {}
    for name, value in hidden:
        form.setdefault(name, []).append(value)
    assert send(client, role, **form).status_code == 303
    with app.app_context(), tenant(alpha.id):
        key = db.session.scalars(select(Role.id).where(Role.name == "Renamed")).one()
        assert asked.grants_of_role(key) == {"deal.see": "all", "deal.edit": "own"}
        assert asked.sights_of_role(key) == {"contact": "visible"}
        entry = db.session.scalars(
            select(AuditEntry).where(AuditEntry.record_id == key, AuditEntry.action == "role.edit")
        ).one()
        assert entry.changes["sights"] == [["contact: masked"], ["contact: visible"]]


def test_the_form_comes_back_with_what_was_ticked(alpha: Tenant, client_for: Clients, role: str) -> None:
    client = client_for(alpha)
    sent = {**fields_of(client.get(role).text), "name": "Other", "grants": ["deal.edit:team"], "again": "1"}
    page = send(client, f"{role}/review", **sent).text
    assert 'value="deal.edit:team" selected' in page
    assert 'value="Other"' in page
    assert fields_of(page) == {name: sent[name] for name in ("version", "began_with")}


def test_nothing_beyond_ones_own_passes_the_review(
    app: Flask, alpha: Tenant, client_for: Clients, role: str
) -> None:
    with app.app_context(), tenant(alpha.id), transaction():
        line = next(line for line in asked.list_roles() if line.role.key == "cashier")
        roles.change_role(
            SYSTEM, line.role.id, version=line.role.version, name=line.role.name,
            grants={**line.grants, "role.see": "all", "role.edit": "all"},
        )  # fmt: skip
    client = client_for(alpha, "cashier")
    sent = {**fields_of(client.get(role).text), "name": "X"}
    for grown in ({"grants": ["deal.delete:store"]}, {"grants": ["deal.see:store"], "sights": ["cost:visible"]}):
        for path in (f"{role}/review", role):
            assert send(client, path, **sent, **grown).status_code == 403
    assert "cost:visible" not in client.get(role).text


def test_a_role_begins_like_another_or_like_a_default(alpha: Tenant, client_for: Clients, role: str) -> None:
    client = client_for(alpha)
    page = client.get("/roles/new?like=fi_manager").text
    default = DEFAULT_ROLES["fi_manager"]
    for tick in (*(f"{name}:{scope}" for name, scope in default.grants.items()), "cost:visible", "identity:visible"):
        assert f'value="{tick}" selected' in page
    copied = client.get(f"/roles/new?like={role.rpartition('/')[2]}").text
    assert 'value="deal.see:store" selected' in copied
    assert copied.count(" selected") < page.count(" selected")
    assert client.get("/roles/new?like=role_nothing").status_code == 404


@pytest.mark.parametrize("sight", ["hidden", "masked", "visible"])
def test_each_group_of_fields_has_its_three_choices(alpha: Tenant, client_for: Clients, role: str, sight: str) -> None:
    page = client_for(alpha).get(role).text
    for group in GROUPS:
        if sight != "hidden":
            assert f'value="{group}:{sight}"' in page
    assert page.count(">Hidden<") == len(GROUPS)


def test_looking_as_a_role_shows_its_pages_and_changes_nothing(
    app: Flask, alpha: Tenant, client_for: Clients, role: str
) -> None:
    client = client_for(alpha)
    begun = send(client, f"{role}/preview")
    assert (begun.status_code, begun.location) == (303, "/")
    page = client.get("/deals")
    assert page.status_code == 200
    assert "You see the pages as the role" in plain(page.text)
    assert client.get("/customers").status_code == 403
    assert client.get("/roles").status_code == 403
    refused = send(client, "/account", name="Changed", locale="en")
    assert (refused.status_code, "only_looking" in client.post("/deals", headers={"Accept": "application/json"},
            data={"csrf_token": token_of(client)}).text) == (403, True)  # fmt: skip
    assert send(client, "/preview/end").location == "/roles"
    assert client.get("/roles").status_code == 200
    with app.app_context(), tenant(alpha.id):
        assert db.session.scalars(select(SessionRow.id).where(SessionRow.preview_role_id.is_not(None))).all() == []
        actions = ["role.preview", "role.preview_end"]
        told = select(AuditEntry.action).where(AuditEntry.action.in_(actions)).order_by(AuditEntry.id.desc())
        assert db.session.scalars(told.limit(2)).all() == actions[::-1]


def test_looking_as_a_mightier_role_opens_no_more_than_ones_own(
    app: Flask, alpha: Tenant, client_for: Clients
) -> None:
    with app.app_context(), tenant(alpha.id), transaction():
        grants = {"role.edit": "store", "role.see": "store", "stock.see": "store"}
        made = roles.create_role(SYSTEM, name="Only roles", grants=grants, sights={"cost": "masked"})
        user = people.find_user("lot_staff")
        assert user is not None
        for place in db.session.scalars(select(Membership).where(Membership.user_id == user.id)):
            place.role_id = made.id
        admin = db.session.scalars(select(Role.id).where(Role.key == "tenant_admin")).one()
    client = client_for(alpha, "lot_staff")
    assert send(client, f"/roles/{to_public('role', admin)}/preview").status_code == 303
    assert client.get("/users").status_code == 403
    with app.app_context(), tenant(alpha.id):
        row = db.session.scalars(select(SessionRow).where(SessionRow.preview_role_id == admin)).one()
        from_session = people.read_session(row.token_hash, row.host, people.timedelta(minutes=30))
        assert from_session is not None
        assert dict(from_session.actor.grants) == grants
        assert dict(from_session.actor.sights)["cost"] == "masked"
        assert "visible" not in from_session.actor.sights.values()


def test_why_somebody_can_or_cannot(
    app: Flask, alpha: Tenant, client_for: Clients
) -> None:
    with app.app_context(), tenant(alpha.id):
        here, there = db.session.scalars(select(Store).where(Store.code.in_(("S1", "S2"))).order_by(Store.code))
        sales = people.find_user("salesperson")
        assert sales is not None
        mine = make_customer(here, "Asked About")
        near, far = make_customer(here, "Near By"), make_customer(there, "Far Away")
        with transaction():
            mine.owner_id = sales.id
        ids = {name: to_public("cus", row.id) for name, row in {"mine": mine, "near": near, "far": far}.items()}
        who, vehicle = to_public("usr", sales.id), to_public("veh", make_vehicle().id)
    client = client_for(alpha)

    def why(permission: str, record: str = "", **more: str) -> str:
        query = {"user": who, "permission": permission, "record": record, **more}
        return plain(client.get("/roles/explain", query_string=query).text).partition(" Answer ")[2]

    pasted = f"http://here/customers/{ids['near']}?timeline=change"
    assert why("customer.see", pasted).startswith("Yes Salesperson · Customers: See · Near By")
    assert "The record is of this store." in why("customer.see", ids["near"])
    assert why("customer.edit", ids["near"]).startswith("No ")
    assert "somebody else's" in why("customer.edit", ids["near"])
    assert "this person's own" in why("customer.edit", ids["mine"])
    far_away = why("customer.see", ids["far"])
    assert far_away.startswith("No ")
    assert "it is nobody's, at River Road" in far_away
    assert "and the record is elsewhere" in far_away
    deletes = why("customer.delete", ids["mine"])
    assert "This role does not give it." in deletes
    assert "Roles that give it: Administrator, General manager, Sales manager" in deletes
    assert "for the whole dealership" in why("vehicle.see", vehicle)
    fields = why("customer.see", ids["near"], group="cost")
    assert "Costs: Hidden" in fields
    assert "Masked Salesperson" in why("customer.see", group="identity")
    for permission, record in (("deal.see", ids["near"]), ("customer.see", "cus_nothing"), ("no.such", "")):
        asked_for = {"user": who, "permission": permission, "record": record}
        assert client.get("/roles/explain", query_string=asked_for).status_code == 404


def test_a_change_counts_from_the_next_request_on_in_another_process(
    alpha: Tenant, client_for: Clients, another_app: Callable[..., Flask], app: Flask, role: str
) -> None:
    """Two applications over one database, as two processes are: nothing of a role is kept between requests."""
    other = another_app()
    there = other.test_client()
    with app.app_context(), tenant(alpha.id):
        name, token = people.session_cookie("technician", alpha.hosts[0])
    there.set_cookie(name, token, domain=alpha.hosts[0])
    base = f"http://{alpha.hosts[0]}"
    assert there.get("/deals", base_url=base).status_code == 200
    here = client_for(alpha)
    sent = {**fields_of(here.get(role).text), "name": "No deals", "grants": ["customer.see:store"]}
    assert send(here, role, **sent).status_code == 303
    assert there.get("/deals", base_url=base).status_code == 403
    assert there.get("/customers", base_url=base).status_code == 200
