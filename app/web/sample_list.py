"""A list of invented cars for the style page: a real declaration with rows that no table holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from flask import url_for
from flask_babel import gettext
from sqlalchemy import Select, select

from app.core.errors import N_
from app.core.guard.permissions import Actor
from app.core.guard.policy import policy_for
from app.core.lists.pages import Page
from app.core.lists.present import Edge, present
from app.core.lists.query import ListQuery, read_query, without_errors
from app.core.lists.relative import Range
from app.core.lists.shown import ShownList, ShownPage, ShownQuery
from app.core.lists.spec import Column, Filter, ListSpec, Sort, Target, Under, View
from app.core.lists.tabs import opened, tabs_of

NOON = datetime.fromisoformat("2026-11-19T11:05:00+00:00")
STATES = {"available": N_("In stock"), "on_hold": N_("On hold"), "in_recon": N_("Reconditioning")}
# Name, plate, country, VIN, state, price, odometer, days, phone.
CARS = (
    ("2023 Toyota RAV4", "KLO 7343", "US", "JTMB6RFV5PD114872", "available", 31_480, 18_204, 12, "(202) 555-0118"),
    ("2021 Nissan Leaf", "川A·D08825", "CN", "1N4AZ1CV0MC550137", "on_hold", 17_900, 40_116, 67, ""),
    ("2020 Jaguar XE", "KX71 BRT", "GB", "SAJAD4FX5LCP61043", "in_recon", 24_250, 51_870, 118, "(202) 555-0164"),
    ("2018 Mazda CX-5", None, "US", "JM3KFBDM8J0372219", "available", None, 88_530, 31, "(202) 555-0171"),
)


@dataclass(frozen=True)
class Row:
    """One invented row, with its values as the row of a statement has them."""

    _mapping: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        try:
            return self._mapping[name]
        except KeyError:
            raise AttributeError(name) from None


def _nothing(_actor: Actor) -> Select[Any]:
    return select()


def _here(_row: Any) -> Target:
    return Target("styleguide.show_styleguide", {})


SAMPLE = ListSpec(
    name="style.cars",
    label=N_("Vehicles"),
    permission="",
    source=_nothing,
    columns=(
        Column("name", N_("Vehicle"), url=_here, sort="name", under=lambda row: Under(row.trim, row.vin[-6:])),
        Column("plate", N_("Plate"), "plate"),
        Column("state", N_("State"), "status", labels=STATES),
        Column("price", N_("Price"), "money", sort="price", currency=lambda _row: "USD"),
        Column("odometer", N_("Odometer"), "measure", currency=lambda _row: gettext("mi")),
        Column("days", N_("Days in stock"), "days"),
        Column("phone", N_("Phone"), "phone"),
        Column("in_price", N_("In the offer"), "flag"),
        Column("ready", N_("Ready"), "bar"),
        Column("acquired_on", N_("Acquired"), "date", shown=False),
        Column("seen_at", N_("Last seen"), "instant", shown=False),
        Column("vin", N_("VIN"), "vin", shown=False),
        Column("roles", N_("Roles"), "words", shown=False),
    ),
    filters=(
        Filter("state", N_("State"), "choices", choices=tuple(STATES.items())),
        Filter("price", N_("Price"), "money_range"),
    ),
    sorts=(Sort("name", N_("Vehicle"), ("name",)), Sort("price", N_("Price"), ("price",))),
    default_sort="name",
    views=(
        View("all", N_("All")),
        View("available", N_("In stock"), {"state": ("available",)}),
    ),
    id_prefix="unit",
    endpoint="styleguide.show_styleguide",
    exports=False,
)


def sample_list(actor: Actor, args: Mapping[str, Sequence[str]]) -> tuple[ShownPage, ShownList, ShownQuery]:
    """What the list macro needs to draw the cars that `args` ask for."""
    known = {name: list(texts) for name, texts in args.items() if name != "toast"}
    view = opened(SAMPLE, actor, (), known)
    query = without_errors(read_query(SAMPLE, known, policy_for(actor), view=view.key, base=view.args))
    rows = _asked(query)
    tabs = tabs_of(SAMPLE, (), actor.user_id, query.view, translate=gettext, address=_address)
    edge = Edge(policy_for(actor), gettext, _address, actor=actor, tabs=tabs)
    return present(query, Page(rows=cast("Sequence[Any]", rows), total=len(rows)), edge, {})


def _asked(query: ListQuery) -> list[Row]:
    """The rows as a database would give them: by the conditions, in the order, those without a price last."""
    states, prices = query.values.get("state") or list(STATES), query.values.get("price") or Range()
    rows = [row for row in _rows() if row.state in states and _within(row.price, prices)]
    if query.order.key == "name":
        return sorted(rows, key=lambda row: str(row.name), reverse=query.descending)
    sign = -1 if query.descending else 1
    return sorted(rows, key=lambda row: (row.price is None, sign * (row.price or 0)))


def _within(price: Decimal | None, asked: Range) -> bool:
    if price is None:
        return asked == Range()
    return (asked.low is None or price >= asked.low) and (asked.high is None or price <= asked.high)


def _rows() -> list[Row]:
    return [
        Row({
            "id": UUID(int=at + 1),
            "name": name, "plate": plate, "plate_country": country, "vin": vin, "state": state,
            "price": None if price is None else Decimal(price), "odometer": odometer, "days": days,
            "phone": phone, "in_price": at % 2 == 0, "ready": 25 * (at + 1), "seen_at": NOON - timedelta(hours=at),
            "acquired_on": NOON.date() - timedelta(days), "trim": ("XLE", "SV", "P250", "Touring")[at],
            "roles": [N_("Salesperson"), N_("Technician")][: 1 + at % 2],
        })
        for at, (name, plate, country, vin, state, price, odometer, days, phone) in enumerate(CARS)
    ]  # fmt: skip


def _address(target: Target) -> str:
    return url_for(target.endpoint, **target.args)
