"""What the template gets of a list: plain words, values and addresses, nothing to work out any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.lists.parts import BulkAction, Under


@dataclass(frozen=True)
class ShownRow:
    """One row: cells and addresses by column key; `id` is the record's own key, `public_id` as addresses name it."""

    id: Any
    cells: Mapping[str, Any]
    urls: Mapping[str, str]
    url: str | None = None
    currencies: Mapping[str, str] = field(default_factory=dict)
    unders: Mapping[str, Under] = field(default_factory=dict)
    public_id: str = ""
    peek_url: str | None = None
    current: bool = False
    # What the list's `gather` found for it.
    more: Any = None


@dataclass(frozen=True)
class ShownColumn:
    """One heading; `sort_url` turns the order round when the list is sorted by it already."""

    key: str
    label: str
    kind: str
    sort_url: str | None = None
    sorted: str | None = None
    labels: Mapping[Any, str] = field(default_factory=dict)

    def url(self, row: ShownRow) -> str | None:
        """Where this cell of `row` leads."""
        return row.urls.get(self.key)

    def label_of(self, value: Any) -> str:
        """The word for a state."""
        return self.labels.get(value, str(value))


@dataclass(frozen=True)
class ShownFilter:
    """One field of the form. `value` is what was typed: text, a list of choices, or both ends of a range.

    Days have a third: the name of a span, one of `spans`.
    """

    key: str
    label: str
    kind: str
    personal: bool
    options: Sequence[tuple[str, str]]
    value: Any
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    group: str = ""
    spans: Sequence[tuple[str, str]] = ()

    @property
    def is_asked(self) -> bool:
        """Whether anything was typed."""
        return any(self.value)


@dataclass(frozen=True)
class ShownSort:
    """One entry of the sort menu."""

    key: str
    label: str
    url: str = ""
    current: bool = False


@dataclass(frozen=True)
class ShownTab:
    """A view among the tabs; `key` is how the address names it. `kept` ones were saved by people."""

    key: str
    label: str
    url: str
    current: bool = False
    kept: bool = False
    shared: bool = False
    counted: bool = True


@dataclass(frozen=True)
class ShownChoice:
    """A column people may choose; the first of a list always stands there."""

    key: str
    label: str
    chosen: bool
    fixed: bool = False


@dataclass(frozen=True)
class ShownPeek:
    """The preview: the template with what it needs, or neither where the record is not there for this visitor."""

    id: str
    close_url: str
    template: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    url: str | None = None


@dataclass(frozen=True)
class ShownList:
    """`spec` for the template."""

    name: str
    label: str
    columns: Sequence[ShownColumn]
    filters: Sequence[ShownFilter]
    sorts: Sequence[ShownSort]
    url: str
    filter_url: str | None
    tabs: Sequence[ShownTab] = ()
    choosable: Sequence[ShownChoice] = ()
    density: str = "comfortable"
    densities: Mapping[str, str] = field(default_factory=dict)
    layouts: Mapping[str, str] = field(default_factory=dict)
    bulk: Sequence[BulkAction] = ()
    choices: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    import_kind: str = ""
    export_permission: str | None = None
    peeks: bool = False

    @property
    def view(self) -> ShownTab | None:
        """The tab that is open."""
        return next((tab for tab in self.tabs if tab.current), None)


@dataclass(frozen=True)
class ShownQuery:
    """`query` for the template.

    `base` holds the names that the view or the list's own defaults ask: what one of them is not to ask any more has
    to be said. `reset_url` leads back to the view as it was kept.
    """

    sort: str
    limit: int
    filter_id: str | None
    filters: Mapping[str, Any]
    errors: Sequence[str]
    arguments: Mapping[str, Sequence[str]]
    defaults: Mapping[str, Sequence[str]] = field(default_factory=dict)
    base: frozenset[str] = frozenset()
    layout: str = "list"
    changed: bool = False
    reset_url: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether nothing is asked but what the list asks by itself."""
        return not self.filter_id and {name: tuple(texts) for name, texts in self.arguments.items()} == self.defaults

    def url_args(self, *without: str) -> list[tuple[str, str]]:
        """The address's arguments as hidden fields of a form, save those named."""
        return [(name, text) for name, texts in self.arguments.items() if name not in without for text in texts]


@dataclass(frozen=True)
class ShownMove:
    """Where a card is posted, the version its mover saw, the states it may go to, and the page for leaving them all."""

    url: str
    version: int
    to: Sequence[tuple[str, str]]
    leave_url: str | None = None


@dataclass(frozen=True)
class ShownState:
    """One column of the board. `url` leads to all its rows, `more_url` shows more of them; `moves` are by card's id."""

    key: str
    label: str
    rows: Sequence[ShownRow]
    count: int
    url: str
    total: Any = None
    currency: str | None = None
    moves: Mapping[str, ShownMove] = field(default_factory=dict)
    more_url: str | None = None


@dataclass(frozen=True)
class ShownBoard:
    """The list as a board; `argument` is the name of the state in the form that moves a card."""

    states: Sequence[ShownState]
    argument: str
    title: str
    facts: Sequence[str]


@dataclass(frozen=True)
class ShownPage:
    """`page` for the template; `first` and `last` are the places of its rows in the whole list."""

    rows: Sequence[ShownRow]
    total: int | None
    total_capped: bool
    first_url: str
    next_url: str | None = None
    prev_url: str | None = None
    first: int = 0
    last: int = 0
    limit: int = 50
    peek: ShownPeek | None = None
    board: ShownBoard | None = None
