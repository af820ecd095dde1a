"""What can be imported: the registry the modules fill, one kind for each thing a table may hold."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from app.core.errors import FieldError
from app.core.guard.permissions import Actor
from app.core.jobs.imports import parsing
from app.core.jobs.imports.models import Outcome

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Choice:
    """One value a field may take: `aliases` are the words files use for it, in any case."""

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
    # Asked within the tenant: stores, users, statuses. Each value of the file is then mapped to one of them.
    choices: Callable[[], Sequence[Choice]] | None = None


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
    `claim` are the parts only one row of a file may have, such as a VIN among open listings.
    """

    key: str
    label: str
    permission: str
    fields: tuple[ImportField, ...]
    identity: Callable[[Values], tuple[Any, ...] | None]
    apply: Callable[[Actor, Sequence[ParsedRow]], Mapping[int, RowResult]]
    undo: Callable[[Actor, Sequence[Mapping[str, uuid.UUID]]], Sequence[bool]]
    claim: Callable[[Values], tuple[Any, ...] | None] = lambda values: None
    claim_error: FieldError | None = None

    def field(self, key: str) -> ImportField | None:
        """The field `key`, if the kind has it."""
        return next((item for item in self.fields if item.key == key), None)


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
