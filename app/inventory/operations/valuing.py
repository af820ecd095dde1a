"""What can be wrong with the figures of an appraisal, how they are stored, and how the audit tells of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from app.core.errors import FieldError
from app.core.guard.permissions import Actor
from app.core.guard.policy import policy_for
from app.core.money import plain_amount, round_amount
from app.inventory import errors
from app.inventory.models import Appraisal
from app.inventory.operations.odometers import reading_problems
from app.inventory.rules import appraisals as rules
from app.inventory.rules import stock
from app.inventory.rules.odometer import OdometerStatus

# What an agreement is bound to.
FIGURES = (
    "odometer", "odometer_unit", "condition", "comparables", "recon_estimate", "acv", "valid_until",
)  # fmt: skip
_TOLD = (*FIGURES, "note", "status", "submitted_at", "decided_by", "decline_reason")
_LONGEST = {"source": 80, "link": 500, "note": 200}


def state_of(appraisal: Appraisal) -> dict[str, Any]:
    """The fields an operation may change, as they are."""
    return {name: getattr(appraisal, name) for name in _TOLD}


def told(appraisal: Appraisal) -> dict[str, Any]:
    """The fields as the audit tells of them."""
    return in_words(state_of(appraisal))


def in_words(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state with its grid and its comparables as one line each."""
    found = dict(state)
    if "condition" in found:
        cells = rules.kept_grid(found["condition"]).items()
        found["condition"] = ", ".join(f"{area}: {cell['finding']}" for area, cell in cells) or None
    if "comparables" in found:
        found["comparables"] = "; ".join(f"{row['source']} {row['amount']}" for row in found["comparables"]) or None
    return found


def checked(
    actor: Actor, appraisal: Appraisal, found: Mapping[str, Any], today: date
) -> tuple[dict[str, Any], list[FieldError]]:
    """`found` as it is stored, and what is wrong with it; raises FieldClosed for an amount kept from the actor."""
    taken, problems = dict[str, Any](), list[FieldError]()
    for name in ("acv", "recon_estimate"):
        if name in found:
            policy_for(actor).check_write("appraisal", name, field=name)
            if stock.amount_is_possible(found[name]):
                taken[name] = None if found[name] is None else round_amount(found[name], appraisal.currency)
            else:
                problems.append(FieldError(name, "not_possible", errors.NOT_POSSIBLE))
    if "odometer" in found or "odometer_unit" in found:
        reading = found.get("odometer", appraisal.odometer)
        unit = found.get("odometer_unit", appraisal.odometer_unit) if reading is not None else None
        problems += reading_problems(reading, unit, OdometerStatus.UNKNOWN.value)
        taken |= {"odometer": reading, "odometer_unit": unit}
    if "condition" in found:
        grid = rules.kept_grid(found["condition"])
        taken["condition"] = grid
        if any(len(cell["note"]) > rules.LONGEST_NOTE for cell in grid.values()):
            problems.append(FieldError("condition", "not_possible", errors.NOT_POSSIBLE))
    if "comparables" in found:
        taken["comparables"], wrong = _comparables(found["comparables"] or [], appraisal.currency)
        problems += wrong
    if "valid_until" in found:
        taken["valid_until"] = found["valid_until"]
        if found["valid_until"] != appraisal.valid_until:
            problems += end_problems(found["valid_until"], today)
    if "note" in found:
        taken["note"] = (found["note"] or "").strip() or None
    return taken, problems


def end_problems(valid_until: date | None, today: date) -> list[FieldError]:
    """What is wrong with the last day of a value."""
    if valid_until is None or rules.end_is_possible(valid_until, today):
        return []
    params = {"days": rules.LONGEST_HOLD.days}
    return [FieldError("valid_until", "not_possible", errors.END_NOT_POSSIBLE, params)]


def _comparables(rows: Sequence[Mapping[str, Any]], currency: str) -> tuple[list[dict[str, Any]], list[FieldError]]:
    kept, problems = list[dict[str, Any]](), list[FieldError]()
    if len(rows) > rules.MOST_COMPARABLES:
        params = {"most": rules.MOST_COMPARABLES}
        return [], [FieldError("comparables", "too_many", errors.TOO_MANY, params)]
    for row in rows:
        texts = {name: " ".join(str(row.get(name) or "").split())[:longest] for name, longest in _LONGEST.items()}
        amount, day, link = _amount(row.get("amount")), _day(row.get("on")), texts["link"]
        if not texts["source"]:
            problems.append(FieldError("comparables", "required", errors.REQUIRED))
        is_web = not link or urlsplit(link).scheme in ("http", "https")
        if amount is None or (row.get("on") and day is None) or not is_web:
            problems.append(FieldError("comparables", "not_possible", errors.NOT_POSSIBLE))
            continue
        kept.append(
            {
                "source": texts["source"],
                "amount": plain_amount(round_amount(amount, currency), currency),
                "on": None if day is None else day.isoformat(),
                "link": link or None,
                "note": texts["note"] or None,
            }
        )
    return kept, problems


def _amount(value: Any) -> Decimal | None:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if stock.amount_is_possible(amount) else None


def _day(value: Any) -> date | None:
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None
