"""A page of 50 cars whose plates are encrypted, beside the same page with the plates as plain text; and single values.

The plain page is the same list of the same rows through the same application: its query joins no keys and takes the
plate from a text column. Both dealerships hold the same cars. At last the index key is replaced: plates and entries of
the search made anew a second.
"""

from __future__ import annotations

import argparse
import random
import re
import string
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from flask import Flask
from sqlalchemy import Select, and_, null, select, update

from app.core.db import db, directory, tenant, transaction
from app.core.db.columns import new_id
from app.core.guard import vault
from app.core.guard.masks import mask
from app.core.guard.permissions import Actor, scope_clause, system_actor
from app.core.jobs import rotation
from app.core.jobs.models import OPEN_STATES, JobState
from app.inventory.lists import VEHICLES
from app.inventory.operations.vehicles import add_vehicle
from app.inventory.queries import sources
from app.inventory.rules import plates
from app.tenants import queries as tenants
from bench.ground import make_tenant, scratch
from bench.report import finish, middle, say, table
from bench.search import signed_in
from ops import assets

ACTOR = system_actor("bench")
PAGES, FIELDS = 20, 2_000
PATH = "/vehicles/all"
Page = Callable[[], Any]


def main(arguments: list[str]) -> int:
    """Run the bench; see --help."""
    parser = argparse.ArgumentParser(prog="bench encryption", description=__doc__)
    parser.add_argument("--cars", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args(arguments)
    assets.build()
    with scratch() as ground:
        app = ground.application()
        with app.app_context():
            sealed_id, plain_id = (make_tenant(name) for name in ("sealed", "plain"))
            directory.refresh()
            for tenant_id in (sealed_id, plain_id):
                fill(tenant_id, asked.cars)
            make_plain(plain_id)
            figures = {**pages(app, sealed_id, plain_id, asked.rounds), **fields(sealed_id, asked.rounds)}
            figures |= rotated(sealed_id)
    table([[name.replace("_", " "), value] for name, value in figures.items()], ["encryption", "figure"])
    finish("encryption", figures)
    return 0


def fill(tenant_id: str, cars: int) -> None:
    """The same cars with the same plates wherever it is called."""
    chance = random.Random(4)
    with tenant(tenant_id):
        for start in range(0, cars, 100):
            with transaction():
                for _ in range(start, min(start + 100, cars)):
                    add_vehicle(actor=ACTOR, make="Ford", model="Focus", model_year=2020, plate=new_plate(chance))


def new_plate(chance: random.Random) -> str:
    """A plate as they are in many places: three letters, four digits."""
    return "".join(chance.choices(string.ascii_uppercase, k=3) + chance.choices(string.digits, k=4))


def make_plain(tenant_id: str) -> None:
    """Have the text column hold the plate; the plain page reads nothing else."""
    with tenant(tenant_id), transaction() as session:
        cars = db.metadata.tables["inventory_vehicles"]
        for car in session.execute(select(cars.c.id, cars.c.plate_enc)).all():
            plain = vault.unseal(car.id, "inventory_vehicles", "plate_enc", car.id, car.plate_enc)
            session.execute(update(cars).where(cars.c.id == car.id).values(plate_masked=plain))


def plain_vehicles(actor: Actor) -> Select[Any]:
    """The list's own query without the keys."""
    cars, units = (db.metadata.tables[name] for name in ("inventory_vehicles", "inventory_stock_units"))
    stores, keys = tenants.store_facts(), ("plate_enc", "plate_key", "plate_key_version", "plate_key_generation")
    columns: list[Any] = [
        null().label(column.key) if column.key in keys else column for column in sources._VEHICLE_COLUMNS
    ]
    visible = scope_clause(actor, "stock.see", store=units.c.store_id)
    its_unit = and_(units.c.vehicle_id == cars.c.id, units.c.closed_on.is_(None), visible)
    days = sources._days(stores.c.timezone)
    return (
        select(
            *(cars.c.id, cars.c.version, cars.c.created_at, *columns, *sources._UNIT_COLUMNS), stores.c.store_name, days
        )
        .select_from(cars)
        .outerjoin(units, its_unit)
        .outerjoin(stores, stores.c.store_id == units.c.store_id)
    )


@contextmanager
def reading(source: Callable[[Actor], Select[Any]]) -> Any:
    """Within the body the list reads `source`."""
    before = VEHICLES.source
    object.__setattr__(VEHICLES, "source", source)
    try:
        yield
    finally:
        object.__setattr__(VEHICLES, "source", before)


def pages(app: Flask, sealed_id: str, plain_id: str, rounds: int) -> dict[str, float]:
    """Milliseconds of a whole page, both kinds in turn, and their ratio."""
    sealed, plain = browser(app, sealed_id), browser(app, plain_id)
    check(sealed)
    with reading(plain_vehicles):
        check(plain)
    taken: tuple[list[float], list[float], list[float]] = ([], [], [])
    for number in range(rounds + 1):
        encrypted, bare = [], []
        for _ in range(PAGES):
            encrypted.append(page(sealed))
            with reading(plain_vehicles):
                bare.append(page(plain))
        if number:
            found = middle(encrypted), middle(bare)
            for values, value in zip(taken, (*found, found[0] / found[1]), strict=True):
                values.append(value)
            say(f"  round {number}: encrypted {1000 * found[0]:.1f} ms, plain {1000 * found[1]:.1f} ms")
    return {
        "page_ratio": round(middle(taken[2]), 3),
        "page_ms": round(1000 * middle(taken[0]), 1),
        "plain_page_ms": round(1000 * middle(taken[1]), 1),
    }


def browser(app: Flask, tenant_id: str) -> Page:
    """The administrator's browser."""
    with tenant(tenant_id) as known:
        with transaction() as session:
            # Nobody is there to show a second factor.
            session.execute(update(db.metadata.tables["tenants_roles"]).values(requires_second_factor=False))
        token, host = signed_in(known.hosts[0]), known.hosts[0]
    client = app.test_client()
    client.set_cookie("session", token, domain=host)
    return partial(client.get, PATH, base_url=f"http://{host}")


def check(client: Page) -> None:
    """Raise RuntimeError unless the page shows the plates of 50 cars in full."""
    answer = client()
    found = set(re.findall(r"\b[A-Z]{3}[0-9]{4}\b", answer.text))
    if len(found) < 50:
        raise RuntimeError(f"{PATH}: {answer.status_code} with {len(found)} plates")


def page(client: Page) -> float:
    """Seconds of one page."""
    began = time.perf_counter()
    answer = client()
    took = time.perf_counter() - began
    if answer.status_code != 200:
        raise RuntimeError(f"{PATH}: {answer.status_code}")
    return took


def fields(tenant_id: str, rounds: int) -> dict[str, float]:
    """Microseconds of CPU to make a value ready to be stored (sealed, indexed, masked) and to read one with its key."""
    chance, written, read = random.Random(5), list[float](), list[float]()
    with tenant(tenant_id):
        for _ in range(rounds):
            texts = [new_plate(chance) for _ in range(FIELDS)]
            places = [vault.Place(key, "inventory_vehicles", "plate_enc", key) for key in (new_id() for _ in texts)]
            with transaction():
                # The keys of the subjects are there, as they are for all but a subject's first value.
                vault.seal_many([(place, "") for place in places])
                began = time.process_time()
                blobs = vault.seal_many(list(zip(places, texts, strict=True)))
                for text in texts:
                    vault.blind_index("plate", plates.normalise(text))
                    mask("plate", text)
                written.append((time.process_time() - began) / FIELDS)
            keys = db.metadata.tables["core_subject_keys"]
            wanted = keys.c.subject_id.in_([place.subject_id for place in places])
            wrapped = {row.subject_id: row for row in db.session.execute(select(keys).where(wanted))}
            db.session().info.clear()
            began = time.process_time()
            for place, blob in zip(places, blobs, strict=True):
                row = wrapped[place.subject_id]
                vault.take_key(place.subject_id, row.wrapped, row.key_version, row.generation)
                vault.unseal(place.subject_id, place.table, place.column, place.row_id, blob)
            read.append((time.process_time() - began) / FIELDS)
    return {
        "us_per_field_write": round(1e6 * middle(written), 1),
        "us_per_field_read": round(1e6 * middle(read), 1),
    }


def rotated(tenant_id: str) -> dict[str, float]:
    """How many indexes and entries of the search a new index key makes anew a second, steps and commits included."""
    with tenant(tenant_id):
        with transaction():
            job = rotation.begin_rotation(ACTOR, rotation.INDEX, grace=timedelta(0), inline=True)
        began = time.perf_counter()
        while job.state in OPEN_STATES:
            with transaction() as session:
                rotation.rotate_step(job.id, inline=True)
                session.flush()
                session.refresh(job)
        took = time.perf_counter() - began
        if job.state != JobState.SUCCEEDED or job.result is None:
            raise RuntimeError(f"the rotation ended as {job.state}")
        return {"rotated_rows_per_s": round(job.result["written_anew"] / took)}
