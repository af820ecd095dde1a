"""A worksheet as a program sends it, made into what is saved; nothing the caller does not see is written over."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from app.core import clock
from app.core.errors import FieldError, Invalid
from app.core.guard.permissions import Actor
from app.core.guard.policy import policy_for
from app.core.http.api.bodies import NO_SUCH_RECORD
from app.sales import errors
from app.sales.models import Deal
from app.sales.operations.contents import LineInput, SheetInput, WayInput
from app.sales.queries.proposals import tax_rules
from app.sales.queries.sheets import Desk
from app.sales.rules.leases import LeaseTax
from app.sales.rules.scenarios import Scenario, ScenarioKind
from app.sales.rules.sheet import Line, LineKind
from app.sales.rules.taxes import TaxRule
from app.tenants import queries as tenants


def content_from(actor: Actor, deal: Deal, desk: Desk, data: Mapping[str, Any]) -> SheetInput:
    """What is to be saved; raises FieldClosed for a cost of somebody who sees none, and Invalid."""
    lines, ways = data["lines"], data["scenarios"]
    policy = policy_for(actor)
    for at, parts, record, name in (("lines", lines, "deal_line", "cost"), ("scenarios", ways, "scenario", "buy_rate")):
        for number, part in enumerate(parts):
            if name in part:
                policy.check_write(record, name, field=f"{at}/{number}/{name}")
    problems = [
        *_unknown("lines", lines, {item.id for item in desk.lines}),
        *_unknown("scenarios", ways, {way.id for way in desk.ways}),
    ]
    if sum(way["chosen"] for way in ways) > 1:
        problems.append(FieldError("scenarios", "unknown_choice", errors.UNKNOWN_CHOICE))
    rule = _rule(deal, desk, data["tax_key"])
    if rule is None and data["tax_key"]:
        problems.append(FieldError("tax_key", "unknown_choice", errors.UNKNOWN_CHOICE))
    if problems:
        raise Invalid(problems)
    return SheetInput(
        price=data["price"],
        discount=data["discount"],
        tax=rule,
        note=data["note"],
        lines=tuple(_line(number, part) for number, part in enumerate(lines)),
        ways=tuple(_way(number, part) for number, part in enumerate(ways)),
    )


def _unknown(at: str, parts: Iterable[Mapping[str, Any]], known: Collection[uuid.UUID]) -> list[FieldError]:
    """The parts that bear the id of nothing here, or one that came before."""
    left = set(known)
    found = []
    for number, part in enumerate(parts):
        if part["id"] is None:
            continue
        if part["id"] not in left:
            found.append(FieldError(f"{at}/{number}/id", "unknown_reference", NO_SUCH_RECORD))
        left.discard(part["id"])
    return found


def _rule(deal: Deal, desk: Desk, key: str | None) -> TaxRule | None:
    """The rule of this key: as the worksheet has it, else as it holds for a contract of today."""
    if not key or (desk.tax is not None and desk.tax.key == key):
        return desk.tax if key else None
    return tax_rules(clock.today(tenants.get_store(deal.store_id).timezone)).get(key)


def _line(number: int, part: Mapping[str, Any]) -> LineInput:
    line = Line(
        LineKind(part["kind"]), part["label"], part["amount"], part.get("cost"), part["taxed"], part["capitalised"],
        part["commissionable"],
    )  # fmt: skip
    return LineInput(line, part["id"], keep_cost="cost" not in part, at=f"lines/{number}/")


def _way(number: int, part: Mapping[str, Any]) -> WayInput:
    terms = {**part["terms"], "tax_on": LeaseTax(part["terms"]["tax_on"])}
    return WayInput(
        Scenario(ScenarioKind(part["kind"]), **terms),
        part["id"],
        part.get("buy_rate"),
        keep_buy_rate="buy_rate" not in part,
        chosen=part["chosen"],
        at=f"scenarios/{number}/",
    )
