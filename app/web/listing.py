"""What the list macros ask of Python: words of a condition, and addresses with one condition less."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from flask_babel import gettext

from app.core.lists.present import ShownFilter, ShownList, ShownQuery
from app.core.lists.spec import RANGES


def arguments_of(item: ShownFilter) -> tuple[str, ...]:
    """The names `item` takes in an address."""
    return (f"{item.key}_from", f"{item.key}_to") if item.kind in RANGES else (item.key,)


def plain_arguments(filters: Iterable[ShownFilter]) -> list[str]:
    """The names of all `filters`, which their form sends itself."""
    return [name for item in filters for name in arguments_of(item)]


def list_url_without(spec: ShownList, query: ShownQuery, item: ShownFilter) -> str:
    """The list's address without the condition `item`; personal ones go together, as they are kept together."""
    dropped = ("filter",) if item.personal else arguments_of(item)
    pairs = query.url_args(*dropped)
    names = {name for name, _ in pairs}
    # A default that is dropped is dropped by saying so.
    left = urlencode([*pairs, *((name, "") for name in query.defaults if name not in names)])
    return f"{spec.url}?{left}" if left else spec.url


def asked_words(item: ShownFilter) -> str:
    """What `item` asks, in words."""
    if item.kind in RANGES:
        low, high = str(item.value[0] or ""), str(item.value[1] or "")
        if low and high:
            return low if low == high else f"{low} – {high}"
        return f"≥ {low}" if low else f"≤ {high}"
    if item.kind == "flag":
        return gettext("Yes") if item.value == "yes" else gettext("No")
    labels = {str(key): text for key, text in item.options}
    values = item.value if isinstance(item.value, list) else [item.value]
    return ", ".join(labels.get(str(value), str(value)) for value in values)


def groupby_order(items: Iterable[Any], path: str) -> list[tuple[Any, list[Any]]]:
    """`items` in runs of one value of the dotted attribute `path`, in the order they stand (Jinja's own sorts)."""

    def key(item: Any) -> Any:
        for name in path.split("."):
            item = getattr(item, name)
        return item

    return [(value, list(members)) for value, members in groupby(items, key)]


def init_listing(app: Flask) -> None:
    """Give templates these."""
    app.jinja_env.globals.update(plain_arguments=plain_arguments, list_url_without=list_url_without)
    app.jinja_env.filters.update(asked_words=asked_words, groupby_order=groupby_order)
