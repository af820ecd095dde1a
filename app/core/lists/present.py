"""What the template shows of a list: headings, cells, filters with what was typed, and the ways to other pages.

Words and addresses come from two callables of the edge, so that this room needs no Flask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.db.ids import to_public
from app.core.guard.permissions import Actor, allows
from app.core.lists.boards import CARDS, BoardColumn
from app.core.lists.pages import Page
from app.core.lists.parts import Board
from app.core.lists.query import BOARD, LARGEST_PAGE, LIST, ROOMY, TIGHT, ListQuery
from app.core.lists.relative import EMPTY, PEOPLE, SPANS
from app.core.lists.shown import (
    ShownBoard,
    ShownChoice,
    ShownColumn,
    ShownFilter,
    ShownList,
    ShownMove,
    ShownPage,
    ShownPeek,
    ShownQuery,
    ShownRow,
    ShownSort,
    ShownState,
    ShownTab,
)
from app.core.lists.spec import RANGES, Column, Filter, Policy, Target, visibility

__all__ = [
    "Edge", "ShownChoice", "ShownColumn", "ShownFilter", "ShownList", "ShownPage", "ShownPeek", "ShownQuery",
    "ShownRow", "ShownSort", "ShownTab", "present",
]  # fmt: skip

Translate = Callable[[str], str]
Address = Callable[[Target], str]
Choices = Mapping[str, Sequence[tuple[str, str]]]


@dataclass(frozen=True)
class Edge:
    """What only the edge knows: language, addresses, who looks, and what was kept for this visitor."""

    policy: Policy
    translate: Translate
    address: Address
    view_args: Mapping[str, Any] = field(default_factory=dict)
    choices: Choices = field(default_factory=dict)
    actor: Actor | None = None
    tabs: Sequence[ShownTab] = ()
    density: str = ROOMY
    peek: ShownPeek | None = None
    board: Sequence[BoardColumn] | None = None
    gathered: Mapping[Any, Any] = field(default_factory=dict)


def present(
    query: ListQuery, page: Page, edge: Edge, errors: Mapping[str, Sequence[str]]
) -> tuple[ShownPage, ShownList, ShownQuery]:
    """The page, the list and the question as the template wants them; `errors` are translated, by argument name."""
    spec = query.spec

    def address(**changes: str | None) -> str:
        return edge.address(Target(spec.endpoint, {**edge.view_args, **query.to_args(**changes)}))

    seen = spec.visible_columns(edge.policy)
    columns = spec.chosen_columns(edge.policy, query.cols)
    filters = _filters(query, edge, errors)
    start = page.start
    if page.next_cursor is None and page.total is not None and not page.total_capped:
        # The last page ends where the list ends, whatever was counted on the way.
        start = max(page.total - len(page.rows), 0)
    shown_page = ShownPage(
        rows=[_row(query, columns, row, edge, address) for row in page.rows],
        total=page.total,
        total_capped=page.total_capped,
        first_url=address(),
        next_url=address(cursor=page.next_cursor) if page.next_cursor else None,
        prev_url=address(cursor=page.prev_cursor) if page.prev_cursor else None,
        first=start + 1 if page.rows else 0,
        last=start + len(page.rows),
        limit=query.limit,
        peek=edge.peek,
        board=_board(query, columns, edge, address),
    )
    shown_list = ShownList(
        name=spec.name,
        label=edge.translate(spec.label),
        columns=[_heading(column, query, edge, address) for column in columns],
        filters=filters,
        sorts=_sorts(query, edge, address),
        url=edge.address(Target(spec.endpoint, edge.view_args)),
        filter_url=edge.address(Target(spec.filter_endpoint, edge.view_args)) if spec.filter_endpoint else None,
        tabs=edge.tabs,
        choosable=_choosable(seen, columns, edge),
        density=query.density or edge.density,
        densities={name: address(density=name) for name in (ROOMY, TIGHT)},
        layouts={name: address(layout=name) for name in (LIST, BOARD)} if spec.board else {},
        bulk=[action for action in spec.bulk if edge.actor and allows(edge.actor, action.permission)],
        choices=edge.choices,
        import_kind=spec.import_kind,
        export_permission=spec.export_permission,
        peeks=spec.peek is not None,
    )
    return shown_page, shown_list, _query(query, edge, filters, errors)


def _query(
    query: ListQuery, edge: Edge, filters: Sequence[ShownFilter], errors: Mapping[str, Sequence[str]]
) -> ShownQuery:
    beside = {name for item in filters for name in item.errors}
    arguments = query.to_args()
    reset: dict[str, Any] = {"view": query.view} if query.view else {}
    asked = {name: tuple(texts) for name, texts in arguments.items() if name != "view"}
    kept = {} if query.view else dict(query.spec.default_args)
    base = frozenset(query.base) | (query.spec.default_args.keys() if not query.view else frozenset())
    return ShownQuery(
        sort=query.sort,
        limit=query.limit,
        filter_id=query.filter_id or None,
        filters={item.key: item.value for item in filters if item.is_asked},
        errors=[text for name, texts in errors.items() if name not in beside for text in texts],
        arguments=arguments,
        defaults=query.spec.default_args,
        base=base,
        layout=query.layout,
        changed=asked != kept,
        reset_url=edge.address(Target(query.spec.endpoint, {**edge.view_args, **reset})),
    )


def _choosable(seen: Sequence[Column], chosen: Sequence[Column], edge: Edge) -> list[ShownChoice]:
    """The chosen ones first, in their order: the form sends them as they stand."""
    rest = [column for column in seen if column not in chosen]
    return [
        ShownChoice(column.key, edge.translate(column.label), column in chosen, at == 0)
        for at, column in enumerate([*chosen, *rest])
    ]


def _row(query: ListQuery, columns: Sequence[Column], row: Any, edge: Edge, address: Callable[..., str]) -> ShownRow:
    cells: dict[str, Any] = {}
    urls: dict[str, str] = {}
    currencies: dict[str, str] = {}
    unders = {}
    spec = query.spec
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
        under = column.under(row) if column.under is not None else None
        if under is not None and (under.text or under.strong):
            unders[column.key] = under
    own = spec.row_url(row) if spec.row_url is not None else None
    key = row._mapping[spec.key]
    public_id = to_public(spec.id_prefix, key)
    return ShownRow(
        key,
        cells,
        urls,
        edge.address(own) if own else None,
        currencies,
        unders,
        public_id,
        address(peek=public_id, cursor=query.cursor) if spec.peek is not None else None,
        query.peek == public_id,
        edge.gathered.get(key),
    )


def _board(query: ListQuery, columns: Sequence[Column], edge: Edge, address: Callable[..., str]) -> ShownBoard | None:
    board = query.spec.board
    if board is None or edge.board is None:
        return None
    shown = []
    for state in edge.board:
        rows = [_row(query, columns, row, edge, address) for row in state.rows]
        moves = {card.public_id: move for row, card in zip(state.rows, rows, strict=True)
                 if (move := _move(board, row, edge)) is not None}  # fmt: skip
        args = {**query.to_args(layout=None), board.filter: state.state}
        more = min(query.limit + 2 * CARDS, LARGEST_PAGE)
        currency = next((row.currencies[board.sum_of] for row in rows if board.sum_of in row.currencies), None)
        shown.append(
            ShownState(
                key=state.state,
                label=edge.translate(state.label),
                rows=rows,
                count=state.count,
                url=edge.address(Target(query.spec.endpoint, args)),
                total=state.total,
                currency=currency,
                moves=moves,
                more_url=address(limit=str(more)) if len(rows) < state.count and more > query.limit else None,
            )
        )
    title = board.title or columns[0].key
    return ShownBoard(shown, board.argument, title, board.facts)


def _move(board: Board, row: Any, edge: Edge) -> ShownMove | None:
    """Where `row` may be moved by whoever looks; None where nowhere."""
    allowed = edge.actor is not None and (not board.permission or allows(edge.actor, board.permission))
    target = board.move(row) if board.move is not None and allowed else None
    if target is None:
        return None
    labels = dict(board.states)
    to = [(key, edge.translate(labels[key])) for key in (board.may(row) if board.may else labels) if key in labels]
    leave = board.leave(row) if board.leave is not None else None
    return ShownMove(edge.address(target), row.version, to, edge.address(leave) if leave else None)


def _heading(column: Column, query: ListQuery, edge: Edge, address: Callable[..., str]) -> ShownColumn:
    masked = visibility(edge.policy, column.field) == "masked"
    sort_url = direction = None
    if column.sort in query.spec.usable_sorts(edge.policy):
        here = query.sort.removeprefix("-") == column.sort
        direction = ("descending" if query.descending else "ascending") if here else None
        sort_url = address(**_by(query, f"-{column.sort}" if query.sort == column.sort else column.sort))
    return ShownColumn(
        key=column.key,
        label=edge.translate(column.label),
        kind="masked" if masked else column.kind,
        sort_url=sort_url,
        sorted=direction,
        labels={value: edge.translate(text) for value, text in (column.labels or {}).items()},
    )


def _by(query: ListQuery, sort: str | None) -> dict[str, str | None]:
    """The change that sorts so: unsaid where the list or its view sorts so by itself."""
    own = "".join(query.base.get("sort", ())[:1]) if query.view else ""
    return {"sort": None if sort == (own or query.spec.default_sort) else sort}


def _filters(query: ListQuery, edge: Edge, errors: Mapping[str, Sequence[str]]) -> list[ShownFilter]:
    shown = []
    for item in query.spec.usable_filters(edge.policy).values():
        typed = [list(query.typed.get(name, ())) for name in item.arguments]
        value: Any = typed[0] if item.kind == "choices" else "".join(typed[0][:1])
        if item.kind in RANGES:
            value = tuple("".join(texts[:1]) for texts in typed)
        problems = {name: errors[name] for name in item.arguments if name in errors}
        shown.append(
            ShownFilter(
                item.key,
                edge.translate(item.label),
                item.kind,
                item.personal,
                _options(item, edge),
                value,
                problems,
                edge.translate(item.group) if item.group else "",
                _spans(item, edge),
            )
        )
    return shown


def _options(item: Filter, edge: Edge) -> Sequence[tuple[str, str]]:
    given = edge.choices.get(item.key)
    options = list(given) if given is not None else [(key, edge.translate(text)) for key, text in item.choices]
    if item.kind == "id":
        options = [*((word, edge.translate(PEOPLE[word])) for word in item.words), *options]
    return options


def _spans(item: Filter, edge: Edge) -> Sequence[tuple[str, str]]:
    if item.kind != "date_range":
        return ()
    words = {**SPANS, **({"none": EMPTY} if "none" in item.words else {})}
    return [(name, edge.translate(label)) for name, label in words.items()]


def _sorts(query: ListQuery, edge: Edge, address: Callable[..., str]) -> list[ShownSort]:
    shown = []
    for sort in query.spec.usable_sorts(edge.policy).values():
        label = edge.translate(sort.label)
        words = [edge.translate(text) for text in sort.words] if sort.words else [f"{label} ↑", f"{label} ↓"]
        for key, text in zip((sort.key, f"-{sort.key}"), words, strict=True):
            shown.append(ShownSort(key, text, address(**_by(query, key)), key == query.sort))
    return shown
