"""What a page of figures asks lists for: counts, groups and first rows, each with the address that opens them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import current_app
from flask_babel import gettext
from sqlalchemy import Row

from app.core.db import current_tenant
from app.core.guard.permissions import Actor, allows, declared
from app.core.guard.policy import policy_for
from app.core.lists import figures
from app.core.lists.figures import Group, Steps
from app.core.lists.query import ListQuery
from app.core.lists.spec import ListSpec, visibility


@dataclass(frozen=True)
class Asked:
    """A question somebody may ask a list, and the address where the list answers it."""

    query: ListQuery
    url: str


@dataclass(frozen=True)
class Desk:
    """Whose page it is, of which day, and about which store: nothing for all of them."""

    actor: Actor
    today: date
    lists: Mapping[str, ListSpec]
    store: str = ""
    _timezone: str = field(default_factory=lambda: current_tenant().timezone)

    def is_open(self, endpoint: str, permission: str) -> bool:
        """Whether this application serves `endpoint` and the actor may use it."""
        return self.is_served(endpoint) and permission in declared() and allows(self.actor, permission)

    def is_served(self, endpoint: str) -> bool:
        """Whether this application has `endpoint` at all."""
        return endpoint in current_app.view_functions

    def ask(self, name: str, **args: Any) -> Asked | None:
        """The question `args` to the list `name`; None where it is not served, not allowed, or asks hidden fields."""
        spec = self.lists.get(name)
        if spec is None or not self.is_open(spec.endpoint, spec.permission):
            return None
        known = {argument for item in spec.filters for argument in item.arguments}
        if self.store and "store" in known:
            args["store"] = self.store
        lists: dict[str, Any] = {key: [str(text) for text in (value if isinstance(value, (list, tuple)) else [value])]
                 for key, value in args.items()}  # fmt: skip
        query = figures.question(spec, self.actor, lists)
        return Asked(query, current_app.url_for(spec.endpoint, **lists)) if query else None

    def url(self, name: str, **args: Any) -> str | None:
        """The address of that question."""
        asked = self.ask(name, **args)
        return asked.url if asked else None

    def count(self, asked: Asked) -> tuple[int, bool]:
        """How many rows, and whether there are more."""
        return figures.count_rows(self.actor, asked.query, timezone=self._timezone)

    def has_more(self, asked: Asked, than: int) -> bool:
        """Whether there are more rows than so many."""
        return figures.has_more(self.actor, asked.query, than, timezone=self._timezone)

    def groups(self, asked: Asked, *by: str | Steps, sum_of: str) -> list[Group]:
        """The rows in groups, with the sums of the amounts in the dealership's currency."""
        currency = current_tenant().currency
        return figures.count_groups(
            self.actor, asked.query, by, sum_of=sum_of, currency=currency, timezone=self._timezone
        )

    def rows(self, asked: Asked, limit: int) -> Sequence[Row[Any]]:
        """The first rows."""
        return figures.first_rows(self.actor, asked.query, limit, timezone=self._timezone)

    def cell(self, spec: ListSpec, key: str, row: Any) -> Any:
        """What the list would show of `row` in the column `key`: masked or nothing where the policy says so."""
        column = next(item for item in spec.columns if item.key == key)
        sight = visibility(policy_for(self.actor), column.field)
        if sight == "hidden":
            return None
        value = column.read(row)
        if sight == "masked":
            return column.mask(value) if column.mask is not None and value is not None else None
        return value

    def words(self, spec: ListSpec, key: str, value: Any) -> str:
        """The word the list has for a state in the column `key`."""
        column = next(item for item in spec.columns if item.key == key)
        return gettext((column.labels or {}).get(value, str(value)))

    def row_url(self, spec: ListSpec, row: Any) -> str | None:
        """The page of `row`."""
        target = spec.row_url(row) if spec.row_url else None
        return current_app.url_for(target.endpoint, **target.args) if target else None
