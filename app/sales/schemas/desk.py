"""What comes in from the desk: a whole worksheet, each part of it under a key of its own.

A field's name is its part, the part's key and the field: `l-0192…-amount`, `w-n2-apr`, `t-0192…-payoff`. A key is the
id of what is stored, or `n` and a number for what is new. So two people's changes of one worksheet merge by field.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields

from app.core.errors import FieldError, Invalid
from app.core.http.forms import REQUIRED, Amount, FormSchema, Text, Whole, one_of
from app.sales.operations.contents import MOST, LineInput, SheetInput, TradeInput, WayInput
from app.sales.rules.leases import LeaseTax
from app.sales.rules.scenarios import Scenario, ScenarioKind
from app.sales.rules.sheet import Line, LineKind
from app.sales.rules.taxes import TaxRule
from app.sales.schemas.deals import VersionForm

PART = re.compile(r"(?P<part>[lwt])-(?P<key>[0-9a-f]{32}|n[0-9]{1,3})-(?P<field>[a-z_]+)")
YES_NO = ("yes", "no")


def _line() -> dict[str, fields.Field]:
    return {
        "kind": fields.String(load_default=LineKind.ACCESSORY.value, validate=one_of(*LineKind)),
        "label": Text(longest=120, load_default=""),
        "amount": Amount(load_default=None),
        "cost": Amount(load_default=None),
        "taxed": fields.String(load_default="", validate=one_of("", *YES_NO)),
        "capitalised": fields.String(load_default="yes", validate=one_of(*YES_NO)),
        "commissionable": fields.String(load_default="yes", validate=one_of(*YES_NO)),
        "gone": fields.String(load_default=""),
    }


def _way() -> dict[str, fields.Field]:
    return {
        "kind": fields.String(load_default=ScenarioKind.LOAN.value, validate=one_of(*ScenarioKind)),
        "term_months": Whole(load_default=None),
        "apr": fields.Decimal(load_default=None),
        "buy_rate": fields.Decimal(load_default=None),
        "down": Amount(load_default=Decimal(0)),
        "balloon": Amount(load_default=None),
        "finance_charge": Amount(load_default=Decimal(0)),
        "first_payment_days": Whole(load_default=30),
        "msrp": Amount(load_default=None),
        "residual_percent": fields.Decimal(load_default=None),
        "mileage_adjustment": fields.Decimal(load_default=Decimal(0)),
        "money_factor": fields.Decimal(load_default=None),
        "tax_on": fields.String(load_default=LeaseTax.PAYMENT.value, validate=one_of(*LeaseTax)),
        "acquisition_fee": Amount(load_default=Decimal(0)),
        "security_deposit": Amount(load_default=Decimal(0)),
        "gone": fields.String(load_default=""),
    }


def _trade() -> dict[str, fields.Field]:
    return {
        "allowance": Amount(load_default=Decimal(0)),
        "payoff": Amount(load_default=Decimal(0)),
        "acv": Amount(load_default=None),
        "lienholder": Text(longest=120, load_default=None),
    }


# What is asked for beside the worksheet itself.
_ACTIONS: dict[str, Callable[[], fields.Field]] = {
    **dict.fromkeys(
        ("add", "apply", "next", "recalculate", "solve", "solve_for"), lambda: fields.String(load_default="")
    ),
    "solve_payment": lambda: Amount(load_default=None),
}
_PARTS = {"l": _line, "w": _way, "t": _trade}


def sheet_schema(names: Iterable[str]) -> type[Schema]:
    """The schema of a worksheet's form with these fields; a name that is no part's stays unknown and is refused."""
    known: dict[str, fields.Field] = {
        "version": fields.Integer(required=True),
        "number": fields.Integer(load_default=None),
        "price": Amount(required=True),
        "discount": Amount(load_default=Decimal(0)),
        "tax_key": Text(longest=60, load_default=""),
        "tax_rate": fields.Decimal(load_default=None),
        "sheet_note": Text(longest=2000, load_default=None),
        "choice": fields.String(load_default=""),
    }
    names = list(names)
    known |= {name: kind() for name, kind in _ACTIONS.items() if name in names}
    made: dict[tuple[str, str], dict[str, fields.Field]] = {}
    for name in names:
        found = PART.fullmatch(name)
        if found is None:
            continue
        part = made.setdefault((found["part"], found["key"]), {}) or _PARTS[found["part"]]()
        made[found["part"], found["key"]] = part
        if found["field"] in part:
            known[name] = part[found["field"]]
    return FormSchema.from_dict(known, name="SheetForm")


def read_sheet(data: Mapping[str, Any], rules: Mapping[str, TaxRule], kept: TaxRule | None) -> SheetInput:
    """A loaded form as the worksheet it means. A cost that was not on the form is kept; `kept` is the rule it had.

    Raises Invalid for a line without an amount.
    """
    parts = _together(data)
    missing: list[FieldError] = []
    lines = []
    for key, line in parts["l"].items():
        at = f"l-{key}-"
        if line.get("gone") or (not line.get("label") and line.get("amount") is None):
            continue
        amount = line.get("amount")
        if amount is None:
            missing.append(FieldError(f"{at}amount", "required", REQUIRED))
            continue
        value = Line(
            LineKind(line.get("kind", LineKind.ACCESSORY)), line.get("label", ""), amount, line.get("cost"),
            _said(line.get("taxed")), line.get("capitalised") != "no", line.get("commissionable") != "no",
        )  # fmt: skip
        lines.append(LineInput(value, _id(key), "cost" not in line, at))
    if missing:
        raise Invalid(missing)
    ways = []
    for key, way in parts["w"].items():
        if way.get("gone"):
            continue
        ways.append(
            WayInput(
                scenario_of(way),
                _id(key),
                way.get("buy_rate"),
                "buy_rate" not in way,
                data["choice"] == key,
                f"w-{key}-",
            )
        )
    trades = [
        TradeInput(
            uuid.UUID(key), car.get("allowance", Decimal(0)), car.get("payoff", Decimal(0)), car.get("acv"),
            "acv" not in car, car.get("lienholder"), f"t-{key}-",
        )
        for key, car in parts["t"].items()
        if not key.startswith("n")
    ]  # fmt: skip
    return SheetInput(
        data["price"], data["discount"], _rule(data, rules, kept), data.get("sheet_note"),
        tuple(lines[: MOST + 1]), tuple(ways[: MOST + 1]), tuple(trades),
    )  # fmt: skip


def scenario_of(way: Mapping[str, Any]) -> Scenario:
    """A loaded way to pay as the rules have it."""
    terms = {name: value for name, value in way.items() if name not in ("kind", "buy_rate", "gone", "tax_on")}
    return Scenario(
        ScenarioKind(way.get("kind", ScenarioKind.LOAN)),
        tax_on=LeaseTax(way.get("tax_on", LeaseTax.PAYMENT)),
        **terms,
    )


def keys_of(names: Iterable[str], part: str) -> list[str]:
    """The keys of the parts of one kind that a form has, in its order."""
    found = (PART.fullmatch(name) for name in names)
    return list(dict.fromkeys(match["key"] for match in found if match and match["part"] == part))


def _together(data: Mapping[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    parts: dict[str, dict[str, dict[str, Any]]] = {"l": {}, "w": {}, "t": {}}
    for name, value in data.items():
        found = PART.fullmatch(name)
        if found:
            parts[found["part"]].setdefault(found["key"], {})[found["field"]] = value
    return parts


def _rule(data: Mapping[str, Any], rules: Mapping[str, TaxRule], kept: TaxRule | None) -> TaxRule | None:
    """The rule that was chosen; the frozen one for its own key, since what a table says today changes no worksheet."""
    key, rate = data["tax_key"], data["tax_rate"]
    rule = kept if kept is not None and kept.key == key else rules.get(key)
    if rule is None or rate is None or len(rule.layers) != 1 or rate == rule.layers[0].rate:
        return rule
    return replace(rule, layers=(replace(rule.layers[0], rate=rate),))


def _said(text: str | None) -> bool | None:
    return {"yes": True, "no": False}.get(text or "")


def _id(key: str) -> uuid.UUID | None:
    return None if key.startswith("n") else uuid.UUID(key)


class TradeForm(FormSchema):
    """A car taken in trade, by what people call it: its plate, its VIN or the end of it."""

    vehicle = Text(longest=40, required=True)
    allowance = Amount(required=True)
    payoff = Amount(load_default=Decimal(0))
    lienholder = Text(longest=120, load_default=None)


class TakenForm(VersionForm):
    """The appraisal whose value a trade-in takes over."""

    appraisal_id = Text(longest=60, required=True)
