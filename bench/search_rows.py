"""A dealership with a million things to find: people of two scripts, cars, stock and deals, drawn by a fixed seed."""

from __future__ import annotations

import itertools
import random
import time
import uuid
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
from sqlalchemy import insert, select

from app.core.db import db, transaction
from app.core.db.bulk import copy_rows
from app.core.db.columns import new_id
from app.core.db.scopes import COPY, time_limits
from app.core.lists.search.entries import COLUMNS, TABLE, rows_for
from app.core.lists.search.kinds import Entry
from bench.ground import Ground
from bench.report import say

SEED, BATCH, STORES = 7, 10_000, 5
# Of a hundred entries so many are customers, vehicles, units of stock, deals.
SHARES = (50, 25, 15, 10)
_ON = date(2026, 1, 10)


def _words(text: str) -> list[str]:
    return text.split()


_CONSONANTS = _words("b c d f g h j k l m n p r s t v w br ch cr dr fr gr kr pl sch sh st str th tr wh")
_VOWELS = _words("a e i o u ai ea ie oo ou y")
_ENDS = _words("n r s t l m ck ng rd son ton man er ley ell nd rt ss x z")
_FAMILY = _words(
    "smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson "
    "anderson thomas taylor moore jackson martin lee perez thompson white harris sanchez clark ramirez lewis robinson "
    "walker young allen king wright scott torres nguyen hill flores green adams nelson baker hall rivera"
)
_GIVEN = _words(
    "james mary michael patricia john jennifer robert linda david elizabeth william barbara richard susan joseph "
    "jessica thomas sarah charles karen christopher lisa daniel nancy matthew betty anthony sandra mark margaret"
)
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程"
    "苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛"
)
_SIGNS = [chr(number) for number in range(0x4E00, 0x4E00 + 9_000, 15)]
_MODELS = (
    ("Kia", "Sorento"),
    ("BMW", "320i"),
    ("Toyota", "Camry"),
    ("Ford", "F-150"),
    ("比亚迪", "汉"),
    ("大众", "朗逸"),
)
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


class Pool:
    """Words of which the first are met often and the last hardly ever, as with names of people."""

    def __init__(self, chance: random.Random, words: Sequence[str], fall: float) -> None:
        self.chance, self.words = chance, words
        self.sums = list(itertools.accumulate(1 / (place + 4) ** fall for place in range(len(words))))

    def draw(self) -> str:
        """A word."""
        return self.words[bisect(self.sums, self.chance.random() * self.sums[-1])]


@dataclass
class Samples:
    """What was drawn, for the questions of the bench."""

    names: list[str]
    names_zh: list[str]
    phones: list[str]
    emails: list[str]
    vins: list[str]
    plates: list[str]
    numbers: list[str]


class Maker:
    """Draws records one after another, the same ones for the same seed."""

    def __init__(self) -> None:
        chance = self.chance = random.Random(SEED)
        # A set would be in another order in the next process.
        family = list(dict.fromkeys([*_FAMILY, *(self._word(chance.choice((1, 2, 2, 3))) for _ in range(20_000))]))
        given = list(dict.fromkeys([*_GIVEN, *(self._word(chance.choice((1, 1, 2))) for _ in range(2_500))]))
        self.family, self.given = Pool(chance, family, 0.85), Pool(chance, given, 0.95)
        self.surnames, self.signs = Pool(chance, _SURNAMES, 1.0), Pool(chance, _SIGNS, 0.7)
        self.samples = Samples([], [], [], [], [], [], [])

    def _word(self, parts: int) -> str:
        chance = self.chance
        pairs = "".join(chance.choice(_CONSONANTS) + chance.choice(_VOWELS) for _ in range(parts))
        return pairs + chance.choice(_ENDS)

    def person(self, number: int) -> tuple[str, list[tuple[str, str]]]:
        """A name, and how to reach whoever bears it."""
        chance = self.chance
        if chance.random() < 0.4:
            name = self.surnames.draw() + "".join(self.signs.draw() for _ in range(chance.choice((1, 2, 2))))
            phone = f"+861{chance.randrange(3, 10)}{chance.randrange(10**9):09}"
            self._keep(self.samples.names_zh, name)
        else:
            name = f"{self.given.draw()} {self.family.draw()}".title()
            phone = f"+1{chance.choice((212, 303, 404, 602, 713))}{chance.randrange(2_000_000, 9_999_999)}"
            self._keep(self.samples.names, name)
        reached = [("phone", phone)]
        self._keep(self.samples.phones, phone)
        if number % 2:
            reached.append(("email", f"reach.{number}@example.com"))
            self._keep(self.samples.emails, reached[1][1])
        return name, reached

    def car(self) -> tuple[str, str, str, str]:
        """VIN, plate, make and model."""
        chance = self.chance
        vin = "".join(chance.choice(_LETTERS) for _ in range(9)) + f"{chance.randrange(10**8):08}"
        plate = f"{chance.choice('京沪粤苏浙')}{chance.choice(_LETTERS)}{chance.randrange(100_000):05}"
        self._keep(self.samples.vins, vin)
        self._keep(self.samples.plates, plate)
        return vin, plate, *chance.choice(_MODELS)

    def _keep(self, kept: list[str], value: str) -> None:
        if self.chance.random() < 0.002:
            kept.append(value)


def fill(ground: Ground, schema: str, entries: int) -> Samples:
    """Fill the tenant of this context; indexes of the entries are made after the rows, as a restore makes them."""
    begun = time.perf_counter()
    maker, stores = Maker(), _stores()
    with psycopg.connect(ground.admin_dsn, autocommit=True) as admin:
        indexes = _take_indexes(admin, schema)
        for number in range(0, entries, BATCH):
            with time_limits(COPY), transaction():
                _store(list(_batch(maker, stores, number)))
            if number % (10 * BATCH) == 0:
                say(f"  {number + BATCH:>9,} entries, {time.perf_counter() - begun:.0f} s")
        for statement in indexes:
            admin.execute(statement.encode())
        admin.execute(f"VACUUM ANALYZE {schema}.core_search_entries".encode())
        admin.execute(b"ANALYZE")
    return maker.samples


def _stores() -> list[uuid.UUID]:
    with transaction() as session:
        stores = db.metadata.tables["tenants_stores"]
        rows = [{"id": new_id(), "code": f"B{n}", "name": f"Branch {n}", "timezone": "UTC"} for n in range(1, STORES)]
        session.execute(insert(stores), rows)
        return list(session.scalars(select(stores.c.id).order_by(stores.c.code)))


def _take_indexes(admin: psycopg.Connection[Any], schema: str) -> list[str]:
    query = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = %s AND tablename = %s AND indexname LIKE %s"
    found = admin.execute(query, [schema, TABLE.name, "ix_%"]).fetchall()
    for name, _ in found:
        admin.execute(f"DROP INDEX {schema}.{name}".encode())
    # The definition names the operator classes by what is on the path.
    admin.execute(f"SET search_path = {schema}, ext".encode())
    return [definition for _, definition in found]


@dataclass(frozen=True)
class Made:
    """One record: what kind, its entry, and the rows that its module stores, by table."""

    kind: str
    record_id: uuid.UUID
    entry: Entry
    rows: tuple[tuple[str, Mapping[str, Any]], ...]


def _batch(maker: Maker, stores: Sequence[uuid.UUID], start: int) -> Iterator[Made]:
    customers, vehicles, units, deals = (BATCH * share // 100 for share in SHARES)
    for number in range(customers):
        yield _customer(maker, stores[number % len(stores)], start + number)
    cars = [_vehicle(maker) for _ in range(vehicles)]
    yield from cars
    stocked = [_unit(car, stores[n % len(stores)], start + n) for n, car in enumerate(cars[:units])]
    yield from stocked
    # One in a hundred is still in stock, and found by what it is.
    for unit in stocked[::100]:
        named = replace(unit.entry, names=unit.entry.title, code="")
        yield Made("in_stock", unit.record_id, named, ())
    for number, unit in enumerate(stocked[:deals]):
        yield _deal(maker, unit, start + number)


def _customer(maker: Maker, store: uuid.UUID, number: int) -> Made:
    name, reached = maker.person(number)
    key, entry = new_id(), Entry(name, names=name, secrets=reached, store_id=store)
    row = {"id": key, "kind": "individual", "name": name, "name_key": name.lower(), "store_id": store}
    point = {
        "id": new_id(), "customer_id": key, "kind": "phone", "status": "valid", "value_enc": b"\x01",
        "value_index": key.bytes, "value_masked": f"+** ****{reached[0][1][-4:]}",
    }  # fmt: skip
    return Made("customer", key, entry, (("crm_customers", row), ("crm_contact_points", point)))


def _vehicle(maker: Maker) -> Made:
    vin, plate, make, model = maker.car()
    key = new_id()
    entry = Entry(f"2021 {make} {model}", code=vin, secrets=[("plate", plate)])
    row = {
        "id": key, "vin": vin, "vin_raw": vin, "vin_reversed": vin[::-1], "vin_status": "not_vin", "make": make,
        "model": model, "make_key": make.lower(), "model_key": model.lower(), "model_year": 2021,
    }  # fmt: skip
    return Made("vehicle", key, entry, (("inventory_vehicles", row),))


def _unit(car: Made, store: uuid.UUID, number: int) -> Made:
    is_open, key, code = number % 100 == 0, new_id(), f"S-{number}"
    entry = Entry(car.entry.title, code=code, store_id=store, shown_id=car.record_id)
    row = {
        "id": key, "vehicle_id": car.record_id, "store_id": store, "stock_number": code, "currency": "USD",
        "status": "available" if is_open else "delivered", "condition": "used", "acquired_on": _ON,
        "closed_on": None if is_open else _ON,
    }  # fmt: skip
    return Made("stock_unit", key, entry, (("inventory_stock_units", row),))


def _deal(maker: Maker, unit: Made, number: int) -> Made:
    key, code, store = new_id(), f"D-{number}", unit.entry.store_id
    maker._keep(maker.samples.numbers, code)
    row = {
        "id": key, "deal_number": code, "store_id": store, "stock_unit_id": unit.record_id, "deal_type": "retail",
        "status": "sold", "price": Decimal(9_000), "currency": "USD", "sold_on": _ON, "delivered_on": _ON,
    }  # fmt: skip
    return Made("deal", key, Entry(code, code=code, store_id=store), (("sales_deals", row),))


def _store(batch: Sequence[Made]) -> None:
    for table, rows in itertools.groupby(
        sorted((row for made in batch for row in made.rows), key=lambda row: _ORDER.index(row[0])), lambda row: row[0]
    ):
        values = [row for _, row in rows]
        columns = list(values[0])
        copy_rows(db.metadata.tables[table], columns, ([row[name] for name in columns] for row in values))
    for kind, group in itertools.groupby(batch, lambda made: made.kind):
        found = rows_for(kind, {made.record_id: made.entry for made in group})
        copy_rows(TABLE, COLUMNS, ([row[name] for name in COLUMNS] for row in found.values()))


_ORDER = ("crm_customers", "crm_contact_points", "inventory_vehicles", "inventory_stock_units", "sales_deals")
