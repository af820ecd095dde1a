"""What the list macros ask of Python: words of a condition, and the addresses of everything around a list."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from flask import Flask, current_app, url_for
from flask_babel import gettext
from werkzeug.exceptions import HTTPException

from app.core.guard.permissions import declared
from app.core.http.access import may
from app.core.http.sessions import current_visitor
from app.core.lists.parts import BulkAction
from app.core.lists.present import ShownFilter, ShownList, ShownQuery
from app.core.lists.spec import RANGES, REGISTRY


def arguments_of(item: ShownFilter) -> tuple[str, ...]:
    """The names `item` takes in an address."""
    if item.kind not in RANGES:
        return (item.key,)
    return (f"{item.key}_from", f"{item.key}_to", *((item.key,) if item.kind == "date_range" else ()))


def plain_arguments(filters: Iterable[ShownFilter]) -> list[str]:
    """The names of all `filters`, which their form sends itself."""
    return [name for item in filters for name in arguments_of(item)]


def list_url_without(spec: ShownList, query: ShownQuery, item: ShownFilter) -> str:
    """The list's address without the condition `item`; personal ones go together, as they are kept together."""
    return _url_without(spec, query, ("filter",) if item.personal else arguments_of(item))


def list_clear_url(spec: ShownList, query: ShownQuery) -> str:
    """The list's address without any condition; of a list that asks something by itself, as it asks."""
    if not any(name == "view" for name, _ in query.url_args()):
        return spec.url
    return _url_without(spec, query, ("filter", *plain_arguments(item for item in spec.filters if not item.personal)))


def _url_without(spec: ShownList, query: ShownQuery, dropped: Iterable[str]) -> str:
    dropped = list(dropped)
    # What a view or the list itself asks is dropped by saying so.
    said = [(name, "") for name in dropped if name in query.base or name in query.defaults]
    left = urlencode([*query.url_args(*dropped), *said])
    return f"{spec.url}?{left}" if left else spec.url


def list_save_url(spec: ShownList, query: ShownQuery) -> str | None:
    """The form that keeps this view; None for a list that is not registered, or nobody to keep it for."""
    if spec.name not in REGISTRY or current_visitor() is None:
        return None
    return url_for("views.new_view", list_name=spec.name) + "?" + urlencode(query.url_args())


def list_edit_view_url(spec: ShownList, query: ShownQuery) -> str | None:
    """The form that changes the open view, if people keep it."""
    if spec.view is None or not spec.view.kept:
        return None
    return url_for("views.edit_view", view_id=spec.view.key) + "?" + urlencode(query.url_args())


def list_counts_url(spec: ShownList) -> str | None:
    """Where the numbers on the tabs come from."""
    known = spec.name in REGISTRY and current_visitor() is not None and len(spec.tabs) > 0
    return url_for("views.count_tabs_of", list_name=spec.name) if known else None


def list_bulk_url(spec: ShownList, action: BulkAction) -> str:
    """Where a change of many rows is posted."""
    return f"/lists/{spec.name}/bulk/{action.key}"


def list_export_url(spec: ShownList, query: ShownQuery) -> str | None:
    """The form by which this view leaves as a file, for those who may take it away."""
    allowed = spec.export_permission is not None and may(spec.export_permission)
    path = f"/lists/{spec.name}/export"
    return f"{path}?{urlencode(query.url_args())}" if allowed and _answers(path) else None


def list_import_url(spec: ShownList) -> str | None:
    """The import that fills this list, for those who may."""
    endpoint = "imports.new_import"
    if not spec.import_kind or endpoint not in current_app.view_functions or "import.create" not in declared():
        return None
    return url_for(endpoint, kind=spec.import_kind) if may("import.create") else None


def _answers(path: str) -> bool:
    """Whether this application takes a POST at `path`."""
    try:
        current_app.url_map.bind("localhost").match(path, method="POST")
    except HTTPException:
        return False
    return True


def asked_words(item: ShownFilter) -> str:
    """What `item` asks, in words."""
    if item.kind in RANGES:
        if len(item.value) > 2 and item.value[2]:
            return dict(item.spans).get(item.value[2], item.value[2])
        low, high = str(item.value[0] or ""), str(item.value[1] or "")
        if low and high:
            return low if low == high else f"{low} – {high}"
        return f"≥ {low}" if low else f"≤ {high}"
    if item.kind == "flag":
        return gettext("Yes") if item.value == "yes" else gettext("No")
    labels = {str(key): text for key, text in item.options}
    values = item.value if isinstance(item.value, list) else [item.value]
    return ", ".join(labels.get(str(value), str(value)) for value in values if value)


def groupby_order(items: Iterable[Any], path: str) -> list[tuple[Any, list[Any]]]:
    """`items` in runs of one value of the dotted attribute `path`, in the order they stand (Jinja's own sorts)."""

    def key(item: Any) -> Any:
        for name in path.split("."):
            item = getattr(item, name)
        return item

    return [(value, list(members)) for value, members in groupby(items, key)]


def init_listing(app: Flask) -> None:
    """Give templates these."""
    app.jinja_env.globals.update(
        plain_arguments=plain_arguments, list_url_without=list_url_without, list_clear_url=list_clear_url,
        list_save_url=list_save_url, list_edit_view_url=list_edit_view_url, list_counts_url=list_counts_url,
        list_bulk_url=list_bulk_url, list_export_url=list_export_url, list_import_url=list_import_url,
    )  # fmt: skip
    app.jinja_env.filters.update(asked_words=asked_words, groupby_order=groupby_order)
