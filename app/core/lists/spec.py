"""What a list is: its columns, filters and sorts, declared once per module and kept in a registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol

from sqlalchemy import Column as TableColumn
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import InstrumentedAttribute

from app.core.errors import N_
from app.core.guard.permissions import Actor, check, declared, worked_out
from app.core.lists.matching import fold_text
from app.core.lists.parts import Board, BulkAction, BulkField, Outgoing, Peek, Target, Under, View
from app.core.lists.relative import Range

__all__ = [
    "OWN_ARGUMENTS", "RANGES", "REGISTRY", "Board", "BulkAction", "BulkField", "By", "CellKind", "Column", "Expression",
    "Filter", "FilterKind", "Guarded", "ListSpec", "Outgoing", "Peek", "Policy", "Range", "Sort", "Target", "Under",
    "View", "Visibility", "declare_list", "visibility",
]  # fmt: skip

FilterKind = Literal["text", "choice", "choices", "date_range", "number_range", "money_range", "id", "flag", "token"]
RANGES: tuple[FilterKind, ...] = ("date_range", "number_range", "money_range")
CellKind = Literal[
    "text", "number", "measure", "money", "date", "instant", "status", "plate", "vin", "phone", "days", "bar", "flag",
    "words",
]  # fmt: skip
Expression = str | ColumnElement[Any] | InstrumentedAttribute[Any]
Visibility = Literal["hidden", "masked", "visible"]
# These names of the query string belong to the list itself, so that no filter may take them.
OWN_ARGUMENTS = frozenset(
    {"sort", "limit", "cursor", "filter", "csrf_token", "view", "cols", "density", "layout", "peek"}
)


# What the field policy is asked about: (record type, field name), or a column that declares its class.
Guarded = tuple[str, str] | TableColumn[Any] | InstrumentedAttribute[Any]


class Policy(Protocol):
    """The part of the field policy that lists ask; answers are hidden, masked or visible."""

    def field(self, record_type: str, column: Any) -> str:
        """How the actor may see a field of a type of record."""

    def column(self, column: Any) -> str:
        """How the actor may see a table column."""


@dataclass(frozen=True)
class Column:
    """One column of the table; `field` puts it under the field policy, `mask` says what a masked value leaves.

    `under` is the small line below the cell's text; of a column with `shown=False` people have to ask. `currency`
    names the unit of a measure as well. `out` and `under_out` say what cell and line hold when they leave as a file.
    """

    key: str
    label: str
    kind: CellKind = "text"
    value: Callable[[Any], Any] | None = None
    url: Callable[[Any], Target | None] | None = None
    sort: str | None = None
    field: Guarded | None = None
    mask: Callable[[Any], str] | None = None
    labels: Mapping[Any, str] | None = None
    currency: Callable[[Any], str | None] | None = None
    under: Callable[[Any], Under | None] | None = None
    shown: bool = True
    out: Outgoing | None = None
    under_out: Outgoing | None = None

    def read(self, row: Any) -> Any:
        """The value of this column in `row`."""
        return self.value(row) if self.value is not None else getattr(row, self.key)


@dataclass(frozen=True)
class Filter:
    """One condition people may set.

    It compares `column` (a name in the source's select list, or an expression; the key when absent), or asks
    `apply(value)` for the clause. Values are str, list[str], UUID, bool, bytes (tokens), `Range`, or a `Word` for what
    is said by name: a span of days, and where `words` allow it "me" and "none". `group` is its heading in the panel.
    """

    key: str
    label: str
    kind: FilterKind = "text"
    column: Expression | None = None
    apply: Callable[[Any], ColumnElement[bool]] | None = None
    choices: Sequence[tuple[str, str]] = ()
    personal: bool = False
    field: Guarded | None = None
    prefix: str = ""
    token: str = ""
    normalise: Callable[[str], str | None] = fold_text
    match: Literal["contains", "prefix", "suffix", "exact"] = "contains"
    places: int = 0
    instants: bool = False
    words: Sequence[Literal["me", "none"]] = ()
    group: str = ""

    def __post_init__(self) -> None:
        if self.kind == "id" and not self.prefix:
            raise ValueError(f"filter {self.key}: an id needs its prefix")
        if self.kind == "token" and not (self.token and self.personal):
            raise ValueError(f"filter {self.key}: a token needs its kind and is personal")
        if self.kind in ("choice", "choices") and not self.choices:
            raise ValueError(f"filter {self.key}: which choices?")
        if self.words and (self.apply is not None or self.kind not in ("id", "date_range")):
            raise ValueError(f"filter {self.key}: words are for ids and dates of a column")

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names this filter takes in a form or query string."""
        if self.kind not in RANGES:
            return (self.key,)
        # A span of days may be named instead of its ends.
        named = (self.key,) if self.kind == "date_range" else ()
        return (f"{self.key}_from", f"{self.key}_to", *named)


@dataclass(frozen=True)
class By:
    """One column of an order. `nullable` must be said for outer joins; else the table column knows."""

    column: Expression
    descending: bool = False
    nullable: bool | None = None

    def may_be_null(self, expression: ColumnElement[Any]) -> bool:
        """Whether NULL is possible; unknown counts as yes, because a wrong no would lose rows."""
        if self.nullable is not None:
            return self.nullable
        element = getattr(expression, "element", expression)
        return bool(element.nullable) if isinstance(element, TableColumn) else True


@dataclass(frozen=True)
class Sort:
    """An order people may choose, backed by an index over its columns and the id; `-key` turns it round."""

    key: str
    label: str
    columns: tuple[By | Expression, ...]
    field: Guarded | None = None
    # What the order and its reverse are called; the label with an arrow when nothing better is known.
    words: tuple[str, str] | None = None

    def parts(self, *, reverse: bool) -> tuple[By, ...]:
        """The columns with their directions; NULLs come last either way."""
        parts = (part if isinstance(part, By) else By(part) for part in self.columns)
        return tuple(By(part.column, part.descending != reverse, part.nullable) for part in parts)


@dataclass(frozen=True)
class ListSpec:
    """A list: who may see it, where rows come from, and what may be shown, asked and sorted.

    `source(actor)` gives a Select of columns (not entities), already narrowed by `scope_clause`, with one row per
    `key` column and no order or limit of its own. Where `permission` is empty everybody has rows of his own, and
    `source` shows nobody else's without a right.
    """

    name: str
    label: str
    permission: str
    source: Callable[[Actor], Select[Any]]
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...]
    sorts: tuple[Sort, ...]
    default_sort: str
    id_prefix: str
    endpoint: str = ""
    filter_endpoint: str = ""
    key: str = "id"
    row_url: Callable[[Any], Target | None] | None = None
    # What the page asks when its address asks nothing; `name=` with nothing behind it asks for all after all.
    default_args: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    views: tuple[View, ...] = ()
    peek: Peek | None = None
    board: Board | None = None
    # What rows show besides their cells, by key, found for all rows of a page together.
    gather: Callable[[Actor, Sequence[Any]], Mapping[Any, Any]] | None = None
    bulk: tuple[BulkAction, ...] = ()
    # The kind of import that fills this list, and whether its rows may leave as a file (with `<resource>.export`).
    import_kind: str = ""
    exports: bool = True
    # What `source` gives depends on the actor alone, neither on the day nor on the dealership: made once, it is kept
    # for as long as the actor is.
    steady: bool = False

    def __post_init__(self) -> None:
        names = [name for item in self.filters for name in item.arguments]
        if not set(self.default_args) <= {n for item in self.filters if not item.personal for n in item.arguments}:
            raise ValueError(f"list {self.name}: a default is of no plain filter")
        if len(names) != len(set(names)) or OWN_ARGUMENTS.intersection(names):
            raise ValueError(f"list {self.name}: a filter's name is taken")
        sorts = {sort.key for sort in self.sorts}
        wanted = {self.default_sort.removeprefix("-"), *(c.sort for c in self.columns if c.sort)}
        if len(sorts) != len(self.sorts) or not wanted <= sorts:
            raise ValueError(f"list {self.name}: sorts {sorted(wanted - sorts)} are not declared")
        tabs = [view.key for view in self.views]
        if len(tabs) != len(set(tabs)) or any(key.startswith("view_") for key in tabs):
            raise ValueError(f"list {self.name}: a view's key is taken")

    def statement(self, actor: Actor) -> Select[Any]:
        """What `source` gives for `actor`, made once where the list is steady."""
        if not self.steady:
            return self.source(actor)
        return worked_out(actor, self.source, lambda: self.source(actor))

    def check(self, actor: Actor) -> None:
        """Raise PermissionDenied unless `actor` may see this list at all."""
        if self.permission:
            check(actor, self.permission)

    @property
    def export_permission(self) -> str | None:
        """The right to take these rows away as a file; None where nobody may."""
        name = f"{self.permission.partition('.')[0]}.export"
        return name if self.exports and self.permission and name in declared() else None

    @property
    def tabs(self) -> tuple[View, ...]:
        """The views every visitor has; a list that declares none has one that shows all."""
        return self.views or (View("all", N_("All"), self.default_args),)

    @property
    def first_view(self) -> View:
        """The view that the list's own address shows: the one that asks what the list asks by itself."""
        return next((view for view in self.tabs if dict(view.args) == dict(self.default_args)), self.tabs[0])

    def visible_columns(self, policy: Policy) -> list[Column]:
        """The columns this actor's policy does not hide."""
        return [column for column in self.columns if visibility(policy, column.field) != "hidden"]

    def chosen_columns(self, policy: Policy, keys: Sequence[str] | None) -> list[Column]:
        """The columns of `keys` in that order, as far as the policy shows them; the list's own when None."""
        seen = {column.key: column for column in self.visible_columns(policy)}
        if keys is None:
            return [column for column in seen.values() if column.shown]
        return [seen[key] for key in keys if key in seen]

    def usable_filters(self, policy: Policy) -> dict[str, Filter]:
        """The filters by values the actor may see in the clear: a hit tells what a mask hides."""
        return {item.key: item for item in self.filters if visibility(policy, item.field) == "visible"}

    def usable_sorts(self, policy: Policy) -> dict[str, Sort]:
        """The sorts by values the actor may see in the clear, since an order gives values away."""
        return {sort.key: sort for sort in self.sorts if visibility(policy, sort.field) == "visible"}


def visibility(policy: Policy, field: Guarded | None) -> Visibility:
    """What the policy says of `field`; anything but a known word counts as hidden."""
    if field is None:
        return "visible"
    answer = str(policy.field(*field) if isinstance(field, tuple) else policy.column(field))
    return answer if answer in ("masked", "visible") else "hidden"  # type: ignore[return-value]


_REGISTRY: dict[str, ListSpec] = {}
REGISTRY: Mapping[str, ListSpec] = MappingProxyType(_REGISTRY)


def declare_list(spec: ListSpec) -> ListSpec:
    """Enter `spec` in the registry of lists and hand it back."""
    if _REGISTRY.get(spec.name, spec) is not spec:
        raise ValueError(f"list {spec.name} is declared twice")
    _REGISTRY[spec.name] = spec
    return spec
