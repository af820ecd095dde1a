"""What can be imported: the registry the modules fill, one kind for each thing a table may hold."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from app.core.errors import FieldError
from app.core.guard.permissions import Actor
from app.core.guard.policy import policy_for
from app.core.jobs.imports import parsing
from app.core.jobs.imports.models import Outcome

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Choice:
    """One value a field may take: `aliases` are the words files use for it, in any case.

    A word that two choices share means neither of them: somebody has to say which.
    """

    value: str
    label: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImportField:
    """A field of a kind: `aliases` are headers in zh and en that mean it; `label` is marked English."""

    key: str
    label: str
    parse: parsing.Parser = parsing.text
    aliases: tuple[str, ...] = ()
    required: bool = False
    # Asked within the tenant, for whoever imports: stores, users, statuses. Each value is then mapped to one of them.
    choices: Callable[[Actor], Sequence[Choice]] | None = None
    # The words that mean an empty cell; fewer for names, because people are called Na, Null and 无.
    nothing: frozenset[str] = parsing.NOTHING
    # The field of a record it fills: offered only to whoever sees that in full, such as the cost of a unit.
    guarded: tuple[str, str] | None = None


@dataclass(frozen=True)
class ParsedRow:
    """One readable row: `values` holds every field of the kind, None where the file says nothing."""

    row_no: int
    values: Values


@dataclass(frozen=True)
class RowResult:
    """What became of a row; `made` names the records by type, in the order they were made."""

    outcome: Outcome
    made: Mapping[str, uuid.UUID] = field(default_factory=dict)
    errors: Sequence[FieldError] = ()


@dataclass(frozen=True)
class ImportKind:
    """A kind of table. `apply` and `undo` run in the caller's transaction and take rows by the hundred.

    `identity` are the parts that make a row the same as another whatever file it comes by, None when nothing does;
    `claim` are the parts only one row of a file may have, such as a VIN among open listings. `apply` answers for every
    row, and its answer must not depend on rows of the same file, so that a dry run counts what the run will.
    """

    key: str
    label: str
    permissions: tuple[str, ...]
    fields: tuple[ImportField, ...]
    identity: Callable[[Values], tuple[Any, ...] | None]
    apply: Callable[[Actor, Sequence[ParsedRow]], Mapping[int, RowResult]]
    undo: Callable[[Actor, Sequence[Mapping[str, uuid.UUID]]], Sequence[bool]]
    claim: Callable[[Values], tuple[Any, ...] | None] = lambda values: None
    claim_error: FieldError | None = None

    def offered(self, actor: Actor) -> tuple[ImportField, ...]:
        """The fields `actor` may fill."""
        policy = policy_for(actor)
        return tuple(item for item in self.fields if item.guarded is None or policy.may_query(*item.guarded))


def whole_row(values: Values) -> tuple[Any, ...]:
    """The identity of a row that nothing else tells apart: all it says."""
    return tuple(part for key in sorted(values) if values[key] is not None for part in (key, values[key]))


_KINDS: dict[str, ImportKind] = {}


def register(kind: ImportKind) -> ImportKind:
    """Offer `kind`; called by a module's `imports.py` when it is imported."""
    _KINDS[kind.key] = kind
    return kind


def find_kind(key: str) -> ImportKind | None:
    """The kind `key`, if any module offers it."""
    return _KINDS.get(key)


def kinds() -> Mapping[str, ImportKind]:
    """Every kind by key."""
    return MappingProxyType(_KINDS)
