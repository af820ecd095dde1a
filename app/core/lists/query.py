"""What one request asks of a list: conditions, order, page; read from arguments and written back to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.errors import FieldError, Invalid
from app.core.lists.spec import OWN_ARGUMENTS, Filter, ListSpec, Policy, Sort
from app.core.lists.values import Unreadable, error, one_value, read_filter

SMALLEST_PAGE, DEFAULT_PAGE, LARGEST_PAGE = 10, 50, 200
Arguments = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class ListQuery:
    """A readable question to one list; `typed` keeps what people wrote, by argument name, for the form."""

    spec: ListSpec
    sort: str
    values: Mapping[str, Any] = field(default_factory=dict)
    typed: Arguments = field(default_factory=dict)
    limit: int = DEFAULT_PAGE
    cursor: str | None = None
    filter_id: str | None = None
    errors: tuple[FieldError, ...] = ()

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

        A change of anything but the cursor leads to the first page.
        """
        args = self._typed_of(item for item in self.spec.filters if not item.personal)
        # Said, or the address of "all" would ask for what an address without conditions asks.
        args.update({name: [""] for name in self.spec.default_args if name not in args})
        own: dict[str, str | None] = {
            "sort": self.sort if self.sort != self.spec.default_sort else None,
            "limit": str(self.limit) if self.limit != DEFAULT_PAGE else None,
            "filter": self.filter_id,
        }
        own.update(changes)
        args.update({name: [text] for name, text in own.items() if text})
        return args

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


def read_query(spec: ListSpec, args: Arguments, policy: Policy, *, saved: Arguments | None = None) -> ListQuery:
    """The question in `args`, with what is wrong in `errors`; `saved` are the arguments behind `filter=<id>`.

    A filter or sort hidden from the actor is as unknown as one that does not exist. Personal conditions count only
    when they come in `saved`.
    """
    saved = saved or {}
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
        if value is not None:
            values[item.key] = value
    own, problems = _read_own(spec, args, policy)
    return ListQuery(spec, values=values, typed=typed, errors=tuple(errors + problems), **own)


def with_defaults(spec: ListSpec, args: Arguments) -> Arguments:
    """`args`, with what the list asks by default when they hold no condition at all."""
    conditions = {"filter"}.union(*(item.arguments for item in spec.filters))
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
    for name in ("sort", "limit", "filter", "cursor"):
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
    own = {"sort": sort, "limit": limit, "cursor": texts["cursor"] or None, "filter_id": texts["filter"] or None}
    return own, errors


def _first_sort(spec: ListSpec, policy: Policy) -> str:
    """The default sort, or the first other one the actor may use."""
    usable = spec.usable_sorts(policy)
    if spec.default_sort.removeprefix("-") in usable:
        return spec.default_sort
    if not usable:
        raise LookupError(f"list {spec.name} has no sort that this actor may use")
    return next(iter(usable))
