"""A partner's day: stock is brought in, somebody else works beside him, he follows, stops and goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.db import Tenant, db, transaction
from app.core.db.ids import to_public
from app.core.guard import chain
from app.tenants.models import Store
from tests.factories.sales import make_customer
from tests.fixtures.programs import Program, make_key
from tests.fixtures.records import make_store


@pytest.fixture
def store(in_alpha: Tenant) -> Store:
    """The dealership's first store."""
    return db.session.scalars(select(Store).order_by(Store.created_at, Store.id)).first()  # type: ignore[return-value]


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant, store: Store) -> Program:
    """A program that may what an administrator's key may."""
    return Program(client_for(alpha, None), make_key("tenant_admin"))


def seal() -> None:
    """What the sealer does within two seconds of a change."""
    with transaction():
        chain.seal_new()


def follow(program: Program, cursor: str | None, **asked: Any) -> tuple[list[tuple[str, str]], str]:
    """Everything from `cursor` on, in parts of three: (id, action) pairs, and the cursor behind them."""
    seen: list[tuple[str, str]] = []
    while True:
        parameters = {"limit": "3", **({"cursor": cursor} if cursor else {"since": "now", **asked})}
        answer = program.get("/changes?" + "&".join(f"{name}={value}" for name, value in parameters.items()))
        assert answer.status_code == 200, answer.text
        told = answer.get_json()
        seen += [(change["id"], change["action"]) for change in told["data"]]
        cursor = told["next_cursor"]
        if not told["has_more"]:
            return seen, str(cursor)


def test_a_partner_follows_stops_and_goes_on(program: Program, store: Store) -> None:
    seal()
    seen, cursor = follow(program, None)
    assert seen == []
    lead = {"kind": "individual", "given_name": "Ada", "family_name": "Lead", "store_id": to_public("store", store.id)}
    ids = [
        program.post("/customers", {**lead, "given_name": f"Ada {n}"}, Idempotency_Key=f"lead-{n}").get_json()["id"]
        for n in range(5)
    ]
    again = program.post("/customers", {**lead, "given_name": "Ada 0"}, Idempotency_Key="lead-0")
    assert again.get_json()["id"] == ids[0]
    # What is not sealed yet is not in the feed, and is not lost by having been asked too early.
    early, cursor = follow(program, cursor)
    seal()
    first, cursor = follow(program, cursor)
    assert [one for one, _ in early + first] == ids
    read = program.get(f"/customers/{ids[1]}")
    program.patch(f"/customers/{ids[1]}", {"notes": "asked for a test drive"}, read.headers["ETag"])
    program.delete(f"/customers/{ids[2]}")
    beside = to_public("cus", make_customer(store, "Beside").id)
    seal()
    later, cursor = follow(program, cursor)
    assert later[:2] == [(ids[1], "customer.edit"), (ids[2], "customer.delete")]
    assert beside in [one for one, _ in later]
    assert follow(program, cursor)[0] == []
    assert follow(program, None, since="start")[0][-len(later) :] == later


def test_the_feed_tells_of_what_one_may_see(
    program: Program, client_for: Callable[..., FlaskClient], alpha: Tenant, store: Store
) -> None:
    elsewhere = make_store("FEED")
    local = Program(client_for(alpha, None), make_key("sales_manager", ["customer.see"], store_id=store.id))
    seal()
    _, cursor = follow(local, None)
    hidden, shown = make_customer(elsewhere, "Hidden"), make_customer(store, "Shown")
    seal()
    seen, _ = follow(local, cursor)
    assert [one for one, _ in seen] == [to_public("cus", shown.id)]
    assert to_public("cus", hidden.id) not in str(seen)


def test_a_cursor_is_for_its_types(program: Program) -> None:
    cursor = program.get("/changes?types=customer&since=now").get_json()["next_cursor"]
    wrong = program.get(f"/changes?types=deal&cursor={cursor}")
    assert (wrong.status_code, wrong.get_json()["errors"][0]["parameter"]) == (400, "cursor")
    assert program.get("/changes?types=colour").status_code == 400
    assert program.get("/changes?since=noon").status_code == 400
