"""Thirty-two buyers of one car at the same moment, over HTTP to two web servers: one gets it, nobody loses anything.

Each of a round's buyers has a deal in work over the same unit, with a program of his own that moves it to sold; all
send at once through the gateway. Counted are the sales, the units with two of them, and answers that are neither a sale
nor the refusal that names whoever was first.
"""

from __future__ import annotations

import http.client
import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.db import db, directory, tenant, transaction
from app.core.db.ids import to_public
from app.core.guard.permissions import system_actor
from app.inventory.operations import units, vehicles
from app.sales import queries
from app.sales.operations import deals
from app.sales.rules.status import CLAIMING
from app.tenants import queries as tenants
from app.tenants.operations import api_keys
from app.tenants.queries.people import default_role_ids
from bench.gateway import SLUG, Front, running
from bench.ground import Ground, scratch
from bench.report import p95, say

ACTOR = system_actor("bench")
ROUNDS, BUYERS = 10, 32
RIGHTS = ["deal.see", "deal.edit", "stock.see", "vehicle.see"]


@dataclass(frozen=True)
class Answer:
    """What one buyer was told, and after how long."""

    status: int
    code: str
    told: str
    number: str
    seconds: float


def measure() -> dict[str, float | int | bool]:
    """The figures of all rounds."""
    limits = {"API_PER_KEY": "100000", "API_PER_TENANT": "100000"}
    with scratch() as ground:
        ground.environ.update(limits)
        with running(ground) as front:
            return _race(ground, front)


def _race(ground: Ground, front: Front) -> dict[str, float | int | bool]:
    app = ground.application()
    sold = told = 0
    waits: list[float] = []
    with app.app_context():
        found = next(known for known in directory.all_tenants() if known.slug == SLUG)
        with tenant(found.id):
            keys = _keys()
            doubles = lost = 0
            for number in range(ROUNDS):
                unit_id, made = _round(number)
                answers = _at_once(front.port, found.hosts[0], keys, made)
                first = {answer.number for answer in answers if answer.status == 200}
                sold += len(first)
                told += sum(a.status == 409 and a.code == "unit_has_deal" and a.told in first for a in answers)
                waits += [answer.seconds for answer in answers]
                facts = queries.deal_facts()
                rows = db.session.execute(select(facts).where(facts.c.stock_unit_id == unit_id)).all()
                doubles += sum(row.status in CLAIMING for row in rows) > 1
                prices = sorted(row.price for row in rows)
                lost += prices != [Decimal(9000 + buyer) for buyer in range(BUYERS)]
                db.session.rollback()
                say(f"  round {number + 1}: sold {len(first)}, answers {sorted({a.status for a in answers})}")
    return {
        "rounds": ROUNDS, "buyers": BUYERS, "sold": sold, "double_sales": doubles, "told_who": told,
        "rounds_with_losses": lost, "answer_ms_p95": round(p95(waits) * 1000, 1),
    }  # fmt: skip


def _keys() -> list[str]:
    """A program for each buyer."""
    role_id = default_role_ids()["sales_manager"]
    with transaction():
        return [
            api_keys.create_key(
                ACTOR, name=f"Buyer {number}", role_id=role_id, store_id=None, permissions=RIGHTS, days=1
            )[1]
            for number in range(BUYERS)
        ]


def _round(number: int) -> tuple[uuid.UUID, list[tuple[str, str]]]:
    """A car, and a deal in work over it for each buyer: (public id, number)."""
    with transaction():
        store = tenants.list_open_stores(ACTOR, "deal.create")[0]
        car = vehicles.add_vehicle(actor=ACTOR, make="Bench", model=f"Round {number}")
        day = clock.today(store.timezone) - timedelta(days=30)
        unit = units.stock_in_unit(
            actor=ACTOR, vehicle_id=car.id, store_id=store.id, condition="used", status="available", acquired_on=day
        )
        made = [
            deals.record_deal(actor=ACTOR, stock_unit_id=unit.id, price=Decimal(9000 + buyer))
            for buyer in range(BUYERS)
        ]
        return unit.id, [(to_public("deal", deal.id), deal.deal_number) for deal in made]


def _at_once(port: int, host: str, keys: list[str], made: list[tuple[str, str]]) -> list[Answer]:
    start, answers = Barrier(len(keys)), list[Answer]()

    def buy(key: str, deal_id: str, number: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.connect()
        start.wait(timeout=60)
        begun = clock.now()
        headers = {
            "Host": host, "Authorization": f"Bearer {key}", "Content-Type": "application/json",
            "Idempotency-Key": f"buy {deal_id}",
        }  # fmt: skip
        connection.request("POST", f"/api/v1/deals/{deal_id}/move", json.dumps({"status": "sold"}), headers)
        response = connection.getresponse()
        body: dict[str, Any] = json.loads(response.read() or b"{}")
        seconds = (clock.now() - begun).total_seconds()
        told = str(body.get("deal_number", ""))
        answers.append(Answer(response.status, str(body.get("code", "")), told, number, seconds))
        connection.close()

    threads = [Thread(target=buy, args=(key, *deal)) for key, deal in zip(keys, made, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return answers
