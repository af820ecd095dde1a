"""The dealership's rules of what leaves and how: reading them, changing them, and how many rows somebody has taken."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from app.core import clock
from app.core.db import db
from app.core.errors import N_, FieldError, Invalid, Stale
from app.core.guard import audit
from app.core.guard.permissions import Actor, check, declare
from app.core.lists.exports.errors import ExportLimit
from app.core.lists.exports.models import RULES_ID, Export, ExportRules
from app.core.lists.exports.treatments import (
    DEFAULTS,
    KEPT_CHOICES,
    KEPT_HOURS,
    MOST_ROWS_A_DAY,
    ROWS_A_DAY,
    Treatment,
    choices_of,
    rules_of,
)

# `export.see`: what everybody takes away; `export.edit`: rules and schedules; `export.approve`: exports in the clear.
declare("export", verbs=("see", "edit", "approve"))
SEE, EDIT, APPROVE = "export.see", "export.edit", "export.approve"
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Rules:
    """The rules in force. `version` is 0 as long as nobody has changed the product's own."""

    treatments: Mapping[str, Treatment]
    rows_a_day: int = ROWS_A_DAY
    kept_hours: int = KEPT_HOURS
    version: int = 0


def rules_in_force() -> Rules:
    """The dealership's rules, or the product's own."""
    row = db.session.get(ExportRules, RULES_ID)
    if row is None:
        return Rules(dict(DEFAULTS))
    return Rules(rules_of(row.treatments), row.rows_a_day, row.kept_hours, row.version)


def change_rules(
    actor: Actor, treatments: Mapping[str, str], *, rows_a_day: int, kept_hours: int, version: int
) -> Rules:
    """Set the rules; raises Invalid for a choice there is not, and Stale when somebody was faster."""
    check(actor, EDIT)
    wanted, errors = dict(DEFAULTS), []
    for kind, word in treatments.items():
        if kind not in DEFAULTS or word not in choices_of(kind):
            errors.append(FieldError(f"rule_{kind}", "unknown_choice", N_("Choose one of these.")))
        else:
            wanted[kind] = Treatment(word)
    if not 0 <= rows_a_day <= MOST_ROWS_A_DAY:
        message = N_("Use a number from 0 to {most}.")
        errors.append(FieldError("rows_a_day", "out_of_range", message, {"most": MOST_ROWS_A_DAY}))
    if kept_hours not in KEPT_CHOICES:
        errors.append(FieldError("kept_hours", "unknown_choice", N_("Choose one of these.")))
    if errors:
        raise Invalid(errors)
    before = rules_in_force()
    if before.version != version:
        raise Stale
    row = db.session.get(ExportRules, RULES_ID)
    changed = {kind: item.value for kind, item in wanted.items() if item is not DEFAULTS[kind]}
    if row is None:
        row = ExportRules(id=RULES_ID, treatments=changed, rows_a_day=rows_a_day, kept_hours=kept_hours)
        db.session.add(row)
    else:
        row.treatments, row.rows_a_day, row.kept_hours = changed, rows_a_day, kept_hours
    db.session.flush()
    facts = {f"rule_{kind}": (before.treatments[kind].value, wanted[kind].value) for kind in DEFAULTS}
    facts |= {"rows_a_day": (before.rows_a_day, rows_a_day), "kept_hours": (before.kept_hours, kept_hours)}  # type: ignore[dict-item]
    audit.record(actor, "export.rules", "export", RULES_ID, changes=facts)
    return rules_in_force()


def rows_left(actor: Actor) -> int:
    """How many rows the actor may export now."""
    return max(rules_in_force().rows_a_day - rows_taken(actor.caller_id), 0)


def rows_taken(caller_id: uuid.UUID | None, *, but: uuid.UUID | None = None) -> int:
    """How many rows the exports of this user, or key, of the last 24 hours hold; `but` leaves one of them out."""
    query = select(func.coalesce(func.sum(Export.rows), 0)).where(
        Export.created_by == caller_id, Export.created_at > clock.now() - _DAY
    )
    if but is not None:
        query = query.where(Export.id != but)
    return int(db.session.execute(query).scalar_one())


def check_limit(caller_id: uuid.UUID, rules: Rules, *, more: int = 0, but: uuid.UUID | None = None) -> None:
    """Raise ExportLimit when the rows of the day, with `more`, are beyond what one user or key is allowed."""
    taken = rows_taken(caller_id, but=but)
    # Whoever has taken exactly as many as allowed begins nothing more.
    if taken + max(more, 1) > rules.rows_a_day:
        raise ExportLimit(rows=f"{taken:,}", most=f"{rules.rows_a_day:,}")
