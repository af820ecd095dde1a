"""What comes in from the forms of pay: a plan as it is typed, whose tiers are lines of text, and back again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from marshmallow import fields, validate

from app.core.errors import N_, FieldError, Invalid
from app.core.http.forms import Amount, FormSchema, Text, one_of
from app.sales.errors import REQUIRED
from app.sales.rules.bodies import BodyError
from app.sales.rules.plans import Base, Draw, Earning, PaidOn, Plan, Spiff, SpiffPer
from app.sales.rules.tiers import Step, TierMeasure, TierMode, Tiers

NOT_A_PLAN = N_("This is not a plan: check rates, tiers and amounts.")
_AT_LEAST_ZERO = validate.Range(min=0)


class PlanForm(FormSchema):
    """A version of a plan. Tiers are pairs such as "10: 25, 15: 30": over ten units 25 percent, over fifteen 30."""

    name = Text(longest=60, required=True)
    store = fields.String(load_default="")
    valid_from = fields.Date(required=True)
    person = fields.UUID(load_default=None)
    # No default: whether tiers reach back is said, not guessed.
    mode = fields.String(load_default=None, validate=one_of(*TierMode))
    measure = fields.String(load_default=TierMeasure.UNITS.value, validate=one_of(*TierMeasure))
    front_rate = Amount(load_default=None, validate=_AT_LEAST_ZERO)
    front_tiers = Text(longest=200, load_default=None)
    back_rate = Amount(load_default=None, validate=_AT_LEAST_ZERO)
    back_tiers = Text(longest=200, load_default=None)
    total_rate = Amount(load_default=None, validate=_AT_LEAST_ZERO)
    total_tiers = Text(longest=200, load_default=None)
    unit_rate = Amount(load_default=None, validate=_AT_LEAST_ZERO)
    unit_tiers = Text(longest=200, load_default=None)
    mini = Amount(load_default=None, validate=_AT_LEAST_ZERO)
    spiff_label = Text(longest=60, load_default=None)
    spiff_amount = Amount(load_default=None, validate=_AT_LEAST_ZERO)
    spiff_per = fields.String(load_default=SpiffPer.PRODUCT.value, validate=one_of(*SpiffPer))
    spiff_match = Text(longest=60, load_default=None)
    spiff_from = fields.Date(load_default=None)
    spiff_until = fields.Date(load_default=None)
    draw = Amount(load_default=None, validate=_AT_LEAST_ZERO)
    recoverable = fields.Boolean(load_default=False)
    paid_on = fields.String(load_default=PaidOn.DELIVERED.value, validate=one_of(*PaidOn))
    house_amount = Amount(load_default=None, validate=_AT_LEAST_ZERO)
    house_counts = fields.Boolean(load_default=False)
    preview = fields.String(load_default="")


def read_plan(data: Mapping[str, Any]) -> Plan:
    """The plan that was typed; raises Invalid naming the field whose tiers or amounts are none."""
    if data["mode"] is None and any(data[f"{base.value}_tiers"] for base in Base):
        raise Invalid([FieldError("mode", "required", REQUIRED)])
    earnings = []
    for base in Base:
        rate, text = data[f"{base.value}_rate"], data[f"{base.value}_tiers"]
        if rate is None and not text:
            continue
        try:
            tiers = _tiers(text, TierMeasure(data["measure"]), TierMode(data["mode"]) if data["mode"] else None)
            earnings.append(Earning(base, rate or Decimal(0), tiers))
        except (BodyError, InvalidOperation):
            raise Invalid([FieldError(f"{base.value}_tiers", "not_a_plan", NOT_A_PLAN)]) from None
    spiffs: tuple[Spiff, ...] = ()
    if data["spiff_amount"] is not None:
        spiffs = (
            Spiff(
                data["spiff_label"] or "", data["spiff_amount"], SpiffPer(data["spiff_per"]),
                data["spiff_match"] or "", data["spiff_from"], data["spiff_until"],
            ),
        )  # fmt: skip
    draw = None if data["draw"] is None else Draw(data["draw"], data["recoverable"])
    return Plan(
        tuple(earnings), data["mini"], spiffs, draw, PaidOn(data["paid_on"]), data["house_amount"] or Decimal(0),
        data["house_counts"],
    )  # fmt: skip


def plan_values(plan: Plan) -> dict[str, Any]:
    """A plan as its form shows it."""
    values: dict[str, Any] = {"paid_on": plan.paid_on.value, "house_counts": plan.house_counts}
    for earning in plan.earnings:
        key = earning.base.value
        values[f"{key}_rate"] = _plain(earning.rate)
        if earning.tiers:
            values |= {"mode": earning.tiers.mode.value, "measure": earning.tiers.measure.value}
            steps = (f"{_plain(step.over)}: {_plain(step.rate)}" for step in earning.tiers.steps)
            values[f"{key}_tiers"] = ", ".join(steps)
    for spiff in plan.spiffs[:1]:
        values |= {
            "spiff_label": spiff.label, "spiff_amount": _plain(spiff.amount), "spiff_per": spiff.per.value,
            "spiff_match": spiff.match, "spiff_from": spiff.starts_on or "", "spiff_until": spiff.ends_on or "",
        }  # fmt: skip
    values["mini"] = "" if plan.mini is None else _plain(plan.mini)
    if plan.house_amount:
        values["house_amount"] = _plain(plan.house_amount)
    if plan.draw:
        values |= {"draw": _plain(plan.draw.amount), "recoverable": plan.draw.recoverable}
    return values


def _tiers(text: str | None, measure: TierMeasure, mode: TierMode | None) -> Tiers | None:
    if not text or mode is None:
        return None
    steps = []
    for part in re.split(r"[,;，；\n]+", text):
        over, _, rate = part.replace("：", ":").partition(":")
        steps.append(Step(Decimal(over.strip()), Decimal(rate.strip().removesuffix("%").strip())))
    if any(not step.over.is_finite() for step in steps):
        raise BodyError("steps", "not_a_number")
    return Tiers(measure, mode, tuple(steps))


def _plain(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
