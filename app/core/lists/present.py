"""What the template shows of a list: headings, cells, filters with what was typed, and the ways to other pages.

Words and addresses come from two callables of the edge, so that this room needs no Flask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.lists.pages import Page
from app.core.lists.query import ListQuery
from app.core.lists.spec import RANGES, Column, ListSpec, Policy, Target, visibility

Translate = Callable[[str], str]
Address = Callable[[Target], str]
Choices = Mapping[str, Sequence[tuple[str, str]]]


@dataclass(frozen=True)
class ShownRow:
    """One row: cells and addresses by column key; `id` is the record's own key."""

    id: Any
    cells: Mapping[str, Any]
    urls: Mapping[str, str]
    url: str | None = None
    currencies: Mapping[str, str] = field(default_factory=dict)


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
    """One field of the form. `value` is what was typed: text, a list of choices, or both ends of a range."""

    key: str
    label: str
    kind: str
    personal: bool
    options: Sequence[tuple[str, str]]
    value: Any
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class ShownSort:
    """One entry of the sort menu."""

    key: str
    label: str


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


@dataclass(frozen=True)
class ShownQuery:
    """`query` for the template."""

    sort: str
    limit: int
    filter_id: str | None
    filters: Mapping[str, Any]
    errors: Sequence[str]
    arguments: Mapping[str, Sequence[str]]
    defaults: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def is_plain(self) -> bool:
        """Whether nothing is asked but what the list asks by itself."""
        return not self.filter_id and {name: tuple(texts) for name, texts in self.arguments.items()} == self.defaults

    def url_args(self, *without: str) -> list[tuple[str, str]]:
        """The address's arguments as hidden fields of a form, save those named."""
        return [(name, text) for name, texts in self.arguments.items() if name not in without for text in texts]


@dataclass(frozen=True)
class ShownPage:
    """`page` for the template."""

    rows: Sequence[ShownRow]
    total: int | None
    total_capped: bool
    first_url: str
    next_url: str | None = None
    prev_url: str | None = None


@dataclass(frozen=True)
class Edge:
    """What only the edge knows: language, addresses, and the actor's field policy."""

    policy: Policy
    translate: Translate
    address: Address
    view_args: Mapping[str, Any] = field(default_factory=dict)
    choices: Choices = field(default_factory=dict)


def present(
    query: ListQuery, page: Page, edge: Edge, errors: Mapping[str, Sequence[str]]
) -> tuple[ShownPage, ShownList, ShownQuery]:
    """Page, list and question as the template takes them; `errors` are sentences by argument."""
    spec = query.spec

    def address(**changes: str | None) -> str:
        return edge.address(Target(spec.endpoint, {**edge.view_args, **query.to_args(**changes)}))

    columns = spec.visible_columns(edge.policy)
    filters = _filters(query, edge, errors)
    shown_page = ShownPage(
        rows=[_row(spec, columns, row, edge) for row in page.rows],
        total=page.total,
        total_capped=page.total_capped,
        first_url=address(),
        next_url=address(cursor=page.next_cursor) if page.next_cursor else None,
        prev_url=address(cursor=page.prev_cursor) if page.prev_cursor else None,
    )
    shown_list = ShownList(
        name=spec.name,
        label=edge.translate(spec.label),
        columns=[_heading(column, query, edge, address) for column in columns],
        filters=filters,
        sorts=_sorts(spec, edge),
        url=edge.address(Target(spec.endpoint, edge.view_args)),
        filter_url=edge.address(Target(spec.filter_endpoint, edge.view_args)) if spec.filter_endpoint else None,
    )
    beside = {name for item in filters for name in item.errors}
    shown_query = ShownQuery(
        sort=query.sort,
        limit=query.limit,
        filter_id=query.filter_id,
        filters={item.key: item.value for item in filters if any(item.value)},
        errors=[text for name, texts in errors.items() if name not in beside for text in texts],
        arguments=query.to_args(),
        defaults=spec.default_args,
    )
    return shown_page, shown_list, shown_query


def _row(spec: ListSpec, columns: Sequence[Column], row: Any, edge: Edge) -> ShownRow:
    cells: dict[str, Any] = {}
    urls: dict[str, str] = {}
    currencies: dict[str, str] = {}
    for column in columns:
        value = column.read(row)
        if visibility(edge.policy, column.field) == "masked":
            value = column.mask(value) if column.mask is not None and value is not None else None
        cells[column.key] = value
        target = column.url(row) if column.url is not None else None
        if target is not None:
            urls[column.key] = edge.address(target)
        currency = column.currency(row) if column.currency is not None else None
        if currency:
            currencies[column.key] = currency
    own = spec.row_url(row) if spec.row_url is not None else None
    return ShownRow(row._mapping[spec.key], cells, urls, edge.address(own) if own else None, currencies)


def _heading(column: Column, query: ListQuery, edge: Edge, address: Callable[..., str]) -> ShownColumn:
    masked = visibility(edge.policy, column.field) == "masked"
    sort_url = direction = None
    if column.sort in query.spec.usable_sorts(edge.policy):
        here = query.sort.removeprefix("-") == column.sort
        direction = ("descending" if query.descending else "ascending") if here else None
        sort_url = address(sort=f"-{column.sort}" if query.sort == column.sort else column.sort)
    return ShownColumn(
        key=column.key,
        label=edge.translate(column.label),
        kind="masked" if masked else column.kind,
        sort_url=sort_url,
        sorted=direction,
        labels={value: edge.translate(text) for value, text in (column.labels or {}).items()},
    )


def _filters(query: ListQuery, edge: Edge, errors: Mapping[str, Sequence[str]]) -> list[ShownFilter]:
    shown = []
    for item in query.spec.usable_filters(edge.policy).values():
        typed = [list(query.typed.get(name, ())) for name in item.arguments]
        value: Any = typed[0] if item.kind == "choices" else "".join(typed[0][:1])
        if item.kind in RANGES:
            value = tuple("".join(texts[:1]) for texts in typed)
        given = edge.choices.get(item.key)
        options = given if given is not None else [(key, edge.translate(text)) for key, text in item.choices]
        problems = {name: errors[name] for name in item.arguments if name in errors}
        kind = item.kind
        shown.append(ShownFilter(item.key, edge.translate(item.label), kind, item.personal, options, value, problems))
    return shown


def _sorts(spec: ListSpec, edge: Edge) -> list[ShownSort]:
    return [
        ShownSort(f"{sign}{sort.key}", f"{edge.translate(sort.label)} {arrow}")
        for sort in spec.usable_sorts(edge.policy).values()
        for sign, arrow in (("", "↑"), ("-", "↓"))
    ]
