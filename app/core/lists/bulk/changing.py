"""One change made to many rows: what it has to be told, each row by its operation, and why rows were left out."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from app.core.db import db
from app.core.db.ids import from_public
from app.core.errors import N_, Conflict, DomainError, FieldError, Invalid, NotFound
from app.core.guard import undo
from app.core.guard.permissions import Actor, allows, check
from app.core.lists import pages
from app.core.lists.query import ListQuery
from app.core.lists.spec import BulkAction, BulkField, ListSpec
from app.core.lists.values import Unreadable, error, read_date, read_number

# So many rows are changed while somebody waits; more are a job.
AT_ONCE: Final = 100
REQUIRED: Final = N_("Enter a value.")
NOT_OFFERED: Final = N_("Choose one of the offered values.")


class Unchanged(Conflict):
    """The row is already as it was to become."""

    code = "unchanged"
    message = N_("It is like that already.")


@dataclass(frozen=True)
class Skipped:
    """A row that was left as it is, and why: marked English with its parameters."""

    row_id: uuid.UUID
    message: str
    params: Mapping[str, Any]


@dataclass
class Outcome:
    """What became of the rows, and what it takes to put the changed ones back."""

    changed: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    offers: list[tuple[str, undo.Payload]] = field(default_factory=list)


def action_of(actor: Actor, spec: ListSpec, key: str) -> BulkAction:
    """The action of the list; raises NotFound where there is none, PermissionDenied to whoever lacks its right."""
    found = next((action for action in spec.bulk if action.key == key and action.apply is not None), None)
    if found is None:
        raise NotFound
    check(actor, spec.permission)
    check(actor, found.permission)
    return found


def may_change(actor: Actor, spec: ListSpec, action: BulkAction) -> bool:
    """Whether the actor may do this to any row at all."""
    return allows(actor, spec.permission) and allows(actor, action.permission)


def read_fields(action: BulkAction, sent: Mapping[str, str]) -> dict[str, Any]:
    """What the change was told, by field; raises Invalid naming every field that cannot be read."""
    values: dict[str, Any] = {}
    problems: list[FieldError] = []
    for asked in action.fields:
        try:
            values[asked.name] = _read(asked, sent.get(asked.name, "").strip())
        except Unreadable as problem:
            problems.append(error(asked.name, problem.code, **problem.params))
        except NotFound:
            problems.append(FieldError(asked.name, "not_offered", NOT_OFFERED))
        except ValueError:
            problems.append(FieldError(asked.name, "required", REQUIRED))
    if problems:
        raise Invalid(problems)
    return values


def row_ids(spec: ListSpec, texts: Iterable[str]) -> list[uuid.UUID]:
    """The ids of the rows that were ticked, each once; raises NotFound for what is no id of this list."""
    return list(dict.fromkeys(from_public(spec.id_prefix, text) for text in texts))


def matching_ids(
    actor: Actor, query: ListQuery, *, timezone: str, after: uuid.UUID | None, most: int
) -> list[uuid.UUID]:
    """The next ids that `query` asks for, in their own order: changing a row moves no other one past this place."""
    statement = pages.matching(query.spec, actor, query, timezone=timezone)
    key = statement.selected_columns[query.spec.key]
    wanted = statement.with_only_columns(key, maintain_column_froms=True).order_by(None).order_by(key).limit(most)
    if after is not None:
        wanted = wanted.where(key > after)
    return list(db.session.scalars(wanted))


def change_rows(actor: Actor, action: BulkAction, ids: Collection[uuid.UUID], values: Mapping[str, Any]) -> Outcome:
    """Do `action` to each row by its own operation, which asks for the actor's right over it; others go on."""
    if action.apply is None:
        raise LookupError(f"nobody said how {action.key} is done")
    outcome = Outcome()
    for row_id in ids:
        try:
            with undo.collected() as offers, db.session.begin_nested():
                action.apply(actor, row_id, values)
        except DomainError as problem:
            outcome.skipped.append(_skipped(row_id, problem))
        else:
            outcome.changed += 1
            outcome.offers += offers
    return outcome


def _skipped(row_id: uuid.UUID, problem: DomainError) -> Skipped:
    first: Sequence[FieldError] = problem.field_errors()
    message, params = (first[0].message, first[0].params) if first else (problem.message, problem.params)
    return Skipped(row_id, message, {name: str(value) for name, value in params.items()})


def _read(asked: BulkField, text: str) -> Any:
    if not text:
        if asked.required:
            raise ValueError(asked.name)
        return None
    if asked.kind == "choice":
        if text not in {key for key, _ in asked.choices}:
            raise NotFound
        return text
    if asked.kind == "id":
        return from_public(asked.prefix, text)
    if asked.kind in ("money", "number"):
        return Decimal(read_number(text.replace(",", ""), 2 if asked.kind == "money" else 0))
    return read_date(text) if asked.kind == "date" else text
