"""What can be found: each module declares its kinds of record, how an entry of one is made and who may see it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from sqlalchemy import ColumnElement, Uuid, and_, func, literal, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from app.core.guard.permissions import Actor, scope_clause
from app.core.lists.search.asking import Meaning
from app.core.lists.search.models import SearchEntry
from app.core.lists.spec import Guarded


class Word(str):
    """Text of ours, to be translated where it is shown; other text is data."""

    __slots__ = ()


@dataclass(frozen=True)
class Entry:
    """How one record is found.

    `names` and `code` (a VIN, a number of a document) stay text; `secrets` are (kind, value) of phones, e-mails, ID
    numbers and plates, of which tokens alone are kept. `shown_id` is the record a hit opens, when it is another one.
    """

    title: str
    names: str = ""
    code: str = ""
    secrets: Sequence[tuple[str, str]] = ()
    store_id: uuid.UUID | None = None
    owner_id: uuid.UUID | None = None
    shown_id: uuid.UUID | None = None


Loader = Callable[[Sequence[uuid.UUID]], Mapping[uuid.UUID, Entry]]
Follower = Callable[[Sequence[uuid.UUID]], Sequence[uuid.UUID]]
Describer = Callable[[Actor, Sequence[uuid.UUID]], Mapping[uuid.UUID, Sequence[str]]]


@dataclass(frozen=True)
class SearchKind:
    """One kind of record the box finds.

    `key` is the id column of its table; `load(ids)` reads entries, for rows that are locked already, and leaves out
    what is not to be found. `group` names the kind under whose heading hits are shown when they open its records.
    `beside` names the kind whose records it also keeps entries of: a narrow kind is asked by an index of its own.
    `follows` names kinds whose records its entries tell of, and says which of its own records hang on some of theirs:
    they are written anew with those, and stand behind them. Records that are `fixed` never change and are not locked.
    `codes` says what the codes of its entries are, `has_names` whether it is found by name.
    `secrets` puts each kind of secret under the field policy; `describe` reads a second line for the hits shown.
    """

    name: str
    label: str
    permission: str
    prefix: str
    endpoint: str
    argument: str
    icon: str
    key: InstrumentedAttribute[uuid.UUID]
    load: Loader
    group: str = ""
    beside: str = ""
    follows: Mapping[str, Follower] = field(default_factory=dict)
    fixed: bool = False
    has_names: bool = False
    codes: Meaning | None = None
    secrets: Mapping[str, Guarded] = field(default_factory=dict)
    scope: Callable[[Actor], ColumnElement[bool]] | None = None
    describe: Describer | None = None

    @property
    def shown_as(self) -> str:
        """The kind whose records its hits open."""
        return self.group or self.name

    def visible(self, actor: Actor) -> ColumnElement[bool]:
        """The condition that leaves the entries of this kind that `actor` may see."""
        scope = scope_clause(actor, self.permission, owner=SearchEntry.owner_id, store=SearchEntry.store_id)
        if self.scope is not None:
            scope = self.scope(actor)
        of_kind: ColumnElement[bool] = SearchEntry.kind == self.name
        return of_kind if scope is true() else and_(of_kind, scope)


def among(
    column: ColumnElement[uuid.UUID] | InstrumentedAttribute[uuid.UUID], ids: Sequence[uuid.UUID]
) -> ColumnElement[bool]:
    """`column` is one of `ids`, sent as one array: a parameter for each of thousands costs more than the look-up."""
    return column == func.any(literal(list(ids), ARRAY(Uuid)))


_REGISTRY: dict[str, SearchKind] = {}
KINDS: Mapping[str, SearchKind] = MappingProxyType(_REGISTRY)


def declare_search(kind: SearchKind) -> SearchKind:
    """Enter `kind` in the registry of what can be found and hand it back."""
    if _REGISTRY.get(kind.name, kind) is not kind:
        raise ValueError(f"what is found as {kind.name} is declared twice")
    _REGISTRY[kind.name] = kind
    return kind


def heading(kind: SearchKind) -> SearchKind:
    """The kind under whose heading hits of `kind` stand."""
    return _REGISTRY[kind.shown_as]


def ordered() -> Sequence[SearchKind]:
    """All kinds, in the order in which their groups are shown when nothing else decides."""
    return tuple(_REGISTRY.values())
