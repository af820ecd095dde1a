"""What one request asks of a list: conditions, order, page; read from arguments and written back to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.errors import FieldError, Invalid
from app.core.lists.relative import Word
from app.core.lists.spec import OWN_ARGUMENTS, Filter, ListSpec, Policy, Sort
from app.core.lists.values import Unreadable, error, one_value, read_filter

SMALLEST_PAGE, DEFAULT_PAGE, LARGEST_PAGE = 10, 50, 200
LIST, BOARD = "list", "board"
TIGHT, ROOMY = "tight", "comfortable"
Arguments = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class ListQuery:
    """A readable question to one list; `typed` keeps what people wrote, by argument name, for the form.

    `view` names the view it began with and `base` what that view asks, so that an address says only what differs.
    `filter_id` is "" where the personal conditions of a view were dropped.
    """

    spec: ListSpec
    sort: str
    values: Mapping[str, Any] = field(default_factory=dict)
    typed: Arguments = field(default_factory=dict)
    limit: int = DEFAULT_PAGE
    cursor: str | None = None
    filter_id: str | None = None
    errors: tuple[FieldError, ...] = ()
    view: str | None = None
    base: Arguments = field(default_factory=dict)
    cols: tuple[str, ...] | None = None
    density: str | None = None
    layout: str = LIST
    peek: str | None = None

    @property
    def descending(self) -> bool:
        """Whether the chosen sort is turned round."""
        return self.sort.startswith("-")

    @property
    def order(self) -> Sort:
        """The chosen sort."""
        return next(sort for sort in self.spec.sorts if sort.key == self.sort.removeprefix("-"))

    @property
    def conditions(self) -> list[tuple[Filter, Any]]:
        """The filters in use with their values, in the order of the spec."""
        return [(item, self.values[item.key]) for item in self.spec.filters if item.key in self.values]

    def personal_arguments(self) -> dict[str, list[str]]:
        """What was typed into personal filters: it goes into a saved filter and never into an address."""
        return self._typed_of(item for item in self.spec.filters if item.personal)

    def to_args(self, **changes: str | None) -> dict[str, list[str]]:
        """The arguments of the address of this question; `changes` set or (None) drop the list's own ones.

        A change of anything but the cursor leads to the first page, and one of anything else closes the preview.
        """
        args = self._typed_of(item for item in self.spec.filters if not item.personal)
        given = {name for item in self.spec.filters for name in item.arguments}
        if self.view:
            # What the view asks and this question does not is said, or the view would ask it again.
            args.update({name: [""] for name in self.base if name in given and name not in args})
            args = {name: texts for name, texts in args.items() if list(self.base.get(name, ())) != texts}
        else:
            # Said, or the address of "all" would ask for what an address without conditions asks.
            args.update({name: [""] for name in self.spec.default_args if name not in args})
        own: dict[str, str | None] = {"view": self.view, **self._own(), "filter": self.filter_id}
        own.update(changes)
        args.update({name: [text] for name, text in own.items() if text})
        if self.view and own["filter"] == "":
            args["filter"] = [""]
        return args

    def to_view(self) -> dict[str, list[str]]:
        """What a view keeps of this question: conditions, order and looks; no page, and nothing personal."""
        args = self._typed_of(item for item in self.spec.filters if not item.personal)
        return {**args, **{name: [text] for name, text in self._looks().items() if text}}

    def _looks(self) -> dict[str, str | None]:
        """Order and looks, those said that differ from the list's own."""
        return {
            "sort": self.sort if self.sort != self.spec.default_sort else None,
            "limit": str(self.limit) if self.limit != DEFAULT_PAGE else None,
            "cols": ",".join(self.cols) if self.cols is not None else None,
            "density": self.density,
            "layout": self.layout if self.layout != LIST else None,
        }

    def _own(self) -> dict[str, str | None]:
        """As `_looks`, but against the view: its own are left out, and said where they were turned back."""
        plain = {"sort": self.spec.default_sort, "limit": str(DEFAULT_PAGE), "layout": LIST}
        said: dict[str, str | None] = {}
        for name, text in self._looks().items():
            kept = "".join(self.base.get(name, ())[:1]) if self.view else ""
            said[name] = None if (text or "") == kept else (text or plain.get(name))
        return said

    def fingerprint(self) -> bytes:
        """A hash of order and conditions: pages of one question share it, other questions have another."""
        asked = [self.spec.name, self.sort, {item.key: repr(value) for item, value in self.conditions}]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()

    def checked(self) -> ListQuery:
        """This query; raises Invalid with every error when something in it could not be read."""
        if self.errors:
            raise Invalid(self.errors)
        return self

    def _typed_of(self, filters: Iterable[Filter]) -> dict[str, list[str]]:
        names = [name for item in filters for name in item.arguments]
        return {name: texts for name in names if (texts := [text for text in self.typed.get(name, ()) if text.strip()])}


def read_query(
    spec: ListSpec,
    args: Arguments,
    policy: Policy,
    *,
    saved: Arguments | None = None,
    view: str | None = None,
    base: Arguments | None = None,
) -> ListQuery:
    """The question in `args`, with what is wrong in `errors`; `saved` are the arguments behind `filter=<id>`.

    A filter, sort or column hidden from the actor is as unknown as one that does not exist. Personal conditions count
    only when they come in `saved`. What `args` do not name is asked as `base` has it, the arguments of the view `view`.
    """
    saved, base = saved or {}, base or {}
    args = {**base, **args}
    filters = spec.usable_filters(policy)
    personal = {name for item in filters.values() if item.personal for name in item.arguments}
    known = {name for item in filters.values() for name in item.arguments} | OWN_ARGUMENTS
    errors = [error(name, "unknown_argument", name=name[:40]) for name in args if name not in known]
    # A link may carry an empty field of a form, which asks for nothing.
    in_address = [name for name in args if name in personal and any(text.strip() for text in args[name])]
    errors += [error(name, "personal_in_address") for name in in_address]
    typed = {name: list(args[name]) for name in args if name in known and name not in OWN_ARGUMENTS | personal}
    typed.update({name: list(saved[name]) for name in saved if name in personal})
    values: dict[str, Any] = {}
    for item in filters.values():
        value, problems = read_filter(item, typed)
        errors += problems
        if isinstance(value, Word) and item.kind == "date_range":
            typed = {name: texts for name, texts in typed.items() if name not in item.arguments[:2]}
        if value is not None:
            values[item.key] = value
    own, problems = _read_own(spec, args, policy)
    return ListQuery(spec, values=values, typed=typed, errors=tuple(errors + problems), view=view, base=base, **own)


def readable(spec: ListSpec, args: Arguments, policy: Policy, saved: Arguments) -> tuple[Arguments, Arguments]:
    """What of a view's arguments this actor may ask, and of its personal ones.

    A view may come from somebody with more rights, or from a time when the list had another filter: what cannot be
    asked any more is dropped without a word, because nobody typed it just now.
    """
    query = read_query(spec, args, policy, saved=saved)
    wrong = {problem.field for problem in query.errors}
    filters = spec.usable_filters(policy).values()
    for item in filters:
        if wrong.intersection(item.arguments):
            wrong.update(item.arguments)
    asked = {name: list(texts) for name, texts in args.items() if name not in wrong}
    if query.cols is not None:
        asked["cols"] = [",".join(query.cols)]
    names = {name for item in filters if item.personal for name in item.arguments}
    return asked, {name: texts for name, texts in saved.items() if name in names - wrong}


def with_defaults(spec: ListSpec, args: Arguments) -> Arguments:
    """`args`, with what the list asks by default when they hold no condition at all."""
    conditions = {"filter", "view"}.union(*(item.arguments for item in spec.filters))
    return {**args, **spec.default_args} if conditions.isdisjoint(args) else args


def parse(spec: ListSpec, args: Arguments, policy: Policy, *, saved: Arguments | None = None) -> ListQuery:
    """As `read_query`, but raises Invalid naming every argument that is unknown or cannot be read."""
    return read_query(spec, args, policy, saved=saved).checked()


def without_errors(query: ListQuery) -> ListQuery:
    """The readable part of `query`."""
    return replace(query, errors=())


def _read_own(spec: ListSpec, args: Arguments, policy: Policy) -> tuple[dict[str, Any], list[FieldError]]:
    """Sort, limit, cursor and saved filter."""
    errors: list[FieldError] = []
    texts: dict[str, str] = {}
    for name in ("sort", "limit", "filter", "cursor", "density", "layout", "peek"):
        try:
            given = args.get(name, ())
            # A cursor carries sealed key values and may be longer than what people type.
            texts[name] = (given[0] if len(given) == 1 else "") if name == "cursor" else one_value(given)
        except Unreadable as problem:
            errors.append(error(name, problem.code, **problem.params))
            texts[name] = ""
    sort = texts["sort"] or spec.default_sort
    if sort.removeprefix("-") not in spec.usable_sorts(policy):
        if texts["sort"]:
            errors.append(error("sort", "unknown_sort", name=sort[:40]))
        sort = _first_sort(spec, policy)
    limit = DEFAULT_PAGE
    if texts["limit"]:
        digits = texts["limit"]
        readable = digits.isascii() and digits.isdecimal() and len(digits) <= 4
        if readable and SMALLEST_PAGE <= int(digits) <= LARGEST_PAGE:
            limit = int(digits)
        else:
            errors.append(error("limit", "bad_limit", low=SMALLEST_PAGE, high=LARGEST_PAGE))
    looks = {"density": (TIGHT, ROOMY), "layout": (LIST, BOARD) if spec.board else (LIST,)}
    for name, known in looks.items():
        if texts[name] and texts[name] not in known:
            errors.append(error(name, "unknown_look", value=texts[name][:40]))
            texts[name] = ""
    cols, problems = _read_columns(spec, args.get("cols", ()), policy)
    own = {
        "sort": sort,
        "limit": limit,
        "cursor": texts["cursor"] or None,
        "filter_id": texts["filter"] or ("" if "filter" in args else None),
        "cols": cols,
        "density": texts["density"] or None,
        "layout": texts["layout"] or LIST,
        "peek": texts["peek"] or None,
    }
    return own, errors + problems


def _read_columns(
    spec: ListSpec, texts: Sequence[str], policy: Policy
) -> tuple[tuple[str, ...] | None, list[FieldError]]:
    """The columns asked for, in that order; None when none were, or when they are the list's own."""
    seen = spec.visible_columns(policy)
    keys = {column.key for column in seen}
    wanted = list(dict.fromkeys(part.strip() for text in texts for part in text.split(",") if part.strip()))
    errors = [error("cols", "unknown_column", name=name[:40]) for name in wanted if name not in keys]
    # The first column says which record a row is, so it always stands there.
    chosen = tuple(dict.fromkeys([seen[0].key, *(name for name in wanted if name in keys)])) if seen else ()
    if not wanted or chosen == tuple(column.key for column in seen if column.shown):
        return None, errors
    return chosen, errors


def _first_sort(spec: ListSpec, policy: Policy) -> str:
    """The default sort, or the first other one the actor may use."""
    usable = spec.usable_sorts(policy)
    if spec.default_sort.removeprefix("-") in usable:
        return spec.default_sort
    if not usable:
        raise LookupError(f"list {spec.name} has no sort that this actor may use")
    return next(iter(usable))
