"""One box that finds: what was typed is asked of every list that can know it, and the hits lead to those lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app

from app.core.db import current_tenant, db, transaction
from app.core.errors import N_
from app.core.guard.permissions import Actor, allows
from app.core.guard.policy import policy_for
from app.core.lists.pages import count_up_to, matching
from app.core.lists.query import ListQuery, read_query
from app.core.lists.saved_filters import save_filter
from app.core.lists.spec import REGISTRY, ListSpec

SHORTEST, LONGEST = 2, 80
# Counting stops here: nobody reads on, and a common name must not cost more than a rare one.
MOST = 100


@dataclass(frozen=True)
class Way:
    """One condition of one list that the box asks."""

    list_name: str
    filter_key: str
    label: str
    icon: str


@dataclass(frozen=True)
class Hit:
    """A way that found something."""

    way: Way
    count: int
    capped: bool
    url: str


WAYS = (
    Way("vehicles", "plate", N_("Vehicles by plate"), "car"),
    Way("vehicles", "vin", N_("Vehicles by VIN"), "car"),
    Way("stock_units", "stock_number", N_("Stock by number"), "car"),
    Way("customers", "phone", N_("Customers by phone"), "users"),
    Way("customers", "email", N_("Customers by e-mail"), "users"),
    Way("customers", "name", N_("Customers by name"), "users"),
    Way("deals", "number", N_("Deals by number"), "deal"),
)


def find(actor: Actor, text: str) -> list[Hit]:
    """The lists in which `actor` finds `text`. Personal conditions are kept sealed, so the addresses say nothing."""
    wanted = text.strip()[:LONGEST]
    if len(wanted) < SHORTEST:
        return []
    hits = []
    for way in WAYS:
        spec = REGISTRY.get(way.list_name)
        if spec is None or spec.endpoint not in current_app.view_functions or not allows(actor, spec.permission):
            continue
        query = _question(spec, actor, way.filter_key, wanted)
        if query is None:
            continue
        count = count_up_to(db.session(), matching(spec, actor, query, timezone=current_tenant().timezone), MOST + 1)
        if count:
            hits.append(Hit(way, min(count, MOST), count > MOST, _address(spec, actor, query)))
    return hits


def _question(spec: ListSpec, actor: Actor, key: str, text: str) -> ListQuery | None:
    """The question that asks `text` of one filter, or None where it cannot mean that or the actor may not ask."""
    policy = policy_for(actor)
    condition = spec.usable_filters(policy).get(key)
    if condition is None:
        return None
    args = {key: [text]}
    query = read_query(spec, {} if condition.personal else args, policy, saved=args if condition.personal else None)
    return query if not query.errors and key in query.values else None


def _address(spec: ListSpec, actor: Actor, query: ListQuery) -> str:
    conditions = query.personal_arguments()
    filter_id = None
    if conditions and actor.user_id is not None:
        with transaction():
            filter_id = save_filter(spec.name, actor.user_id, conditions)
    args: dict[str, Any] = dict(query.to_args(filter=filter_id))
    return current_app.url_for(spec.endpoint, **args)
