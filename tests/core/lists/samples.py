"""A small list over a table of its own, which every test of the lists room shares."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Select,
    Table,
    Text,
    Uuid,
)
from sqlalchemy import select as select_

from app.core.guard.permissions import Actor
from app.core.lists import spec as s

metadata = MetaData()
CARS = Table(
    "list_cars",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name_key", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("price", Numeric(18, 4)),
    Column("doors", Integer),
    Column("acquired_on", Date),
    Column("seen_at", DateTime(timezone=True)),
    Column("sold", Boolean, nullable=False),
    Column("store_id", Uuid),
    Column("phone_index", LargeBinary),
    Column("cost", Numeric(18, 4)),
)

# What attackers, scanners and careless scripts put where a value belongs.
CORPUS = (
    ";", "'", '"', "''", "' OR '1'='1", "1; DROP TABLE list_cars", "pg_sleep(5)", "';select pg_sleep(5)--",
    "CASE WHEN 1=1 THEN name ELSE price END", "--", "/*", "ʼ", "%", "_", "\\", "\\'", "$1", "%s", "%(x)s",
    "{}", "{0.__class__}", "NaN", "nan", "Infinity", "-inf", "1e999", "1e5", "0x10", "١٢٣", "９９９", "1_000",
    "9" * 40, "-" + "9" * 40, "99999999999999.99999",
    "2024-02-30", "0000-00-00", "9999-12-31", "2024-W01-1", "20240101", "\x00",
    "a\x00b", "\ud800", "\u202e", "\u0085", "\r\nSet-Cookie: x", "﷽" * 50, "x" * 100_000, " ", "null", "true", "[]",
)  # fmt: skip


class Rules:
    """A field policy made of a table: what it does not name is hidden, as with the real one."""

    def __init__(self, **answers: str) -> None:
        self.answers = {"cost": "visible", "phone": "visible", **answers}

    def field(self, record_type: str, column: Any) -> str:
        return self.answers.get(column, "hidden")

    def column(self, column: Any) -> str:
        return self.answers.get(column.name, "hidden")


def digits(text: str) -> str | None:
    """A telephone's normal form, good enough for a test: its digits, or a refusal."""
    found = "".join(char for char in text if char.isdigit())
    if not found:
        raise ValueError(text)
    return found


def source(_actor: Actor | None) -> Select[Any]:
    return select_(*CARS.c)


SPEC = s.ListSpec(
    name="test.cars",
    label="Cars",
    permission="testlist.see",
    source=source,
    columns=(
        s.Column("name_key", "Name", sort="name", url=lambda row: s.Target("car", {"car": row.id})),
        s.Column("status", "Status", "status", labels={"new": "New"}),
        s.Column("price", "Price", "money", sort="price", currency=lambda row: "EUR"),
        s.Column("cost", "Cost", "money", field=("car", "cost"), mask=lambda value: "•••"),
    ),
    filters=(
        s.Filter("name", "Name", column="name_key", personal=True),
        s.Filter("model", "Model", column="name_key"),
        s.Filter("status", "Status", "choices", choices=(("new", "New"), ("used", "Used"))),
        s.Filter("state", "State", "choice", column="status", choices=(("new", "New"), ("used", "Used"))),
        s.Filter("price", "Price", "money_range"),
        s.Filter("doors", "Doors", "number_range"),
        s.Filter("acquired", "Acquired", "date_range", column=CARS.c.acquired_on),
        s.Filter("seen", "Seen", "date_range", column="seen_at", instants=True),
        s.Filter("store", "Store", "id", column="store_id", prefix="store"),
        s.Filter("sold", "Sold", "flag"),
        s.Filter(
            "phone", "Phone", "token", column="phone_index", token="phone", personal=True,
            normalise=digits, field=("car", "phone"),
        ),
        s.Filter("cost", "Cost", "money_range", field=("car", "cost")),
        s.Filter("cheap", "Cheap", "flag", apply=lambda value: (CARS.c.price < 1000) == value),
    ),
    sorts=(
        s.Sort("name", "Name", ("name_key",)),
        s.Sort("price", "Price", (CARS.c.price,)),
        s.Sort("newest", "Newest", (s.By("acquired_on", descending=True), s.By("price"))),
        s.Sort("seen", "Last seen", ("seen_at", s.By("doors", descending=True))),
        s.Sort("cost", "Cost", ("cost",), field=("car", "cost")),
    ),
    default_sort="name",
    id_prefix="car",
    endpoint="cars",
    filter_endpoint="cars_filter",
)  # fmt: skip
