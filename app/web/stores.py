"""The store people work in: which pages follow it, and their addresses with it, which say it in plain sight."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import current_app, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from app.core.lists.spec import REGISTRY, ListSpec

ARGUMENT = "store"
# Pages that are no list and can be about one store all the same.
FOLLOWING = ("web.home", "insights.list_metrics", "insights.show_activity", "insights.show_price")
# Where a page stood in another store's rows.
PLACES = ("cursor", "peek")


def list_at(endpoint: str) -> ListSpec | None:
    """The list that is shown at `endpoint`, if any."""
    return next((spec for spec in REGISTRY.values() if spec.endpoint == endpoint), None)


def follows_store(endpoint: str) -> bool:
    """Whether the page at `endpoint` can be about one store."""
    spec = list_at(endpoint)
    return endpoint in FOLLOWING or (spec is not None and any(item.key == ARGUMENT for item in spec.filters))


def url_in_store(endpoint: str, store: str) -> str:
    """The address of the page at `endpoint`; about `store` (a public id) where the page can be."""
    if not store or not follows_store(endpoint):
        return url_for(endpoint)
    spec = list_at(endpoint)
    # An address with any condition of its own no longer asks the list's usual ones.
    usual: dict[str, Any] = {name: list(texts) for name, texts in spec.default_args.items()} if spec else {}
    return url_for(endpoint, **{**usual, ARGUMENT: store})


def same_page_in_store(path: str, store: str) -> str:
    """`path` of this host about `store` instead (nothing: about all), where its page can be; else as it is."""
    address, _, query = path.partition("?")
    endpoint = _endpoint_of(address)
    if endpoint is None or not follows_store(endpoint):
        return path
    kept = [(name, text) for name, text in parse_qsl(query, True) if name not in (ARGUMENT, *PLACES)]
    if store and not query:
        return url_in_store(endpoint, store)
    pairs = [*kept, (ARGUMENT, store)] if store else kept
    return f"{address}?{urlencode(pairs)}" if pairs else address


def _endpoint_of(path: str) -> str | None:
    try:
        return str(current_app.url_map.bind("").match(path, method="GET")[0])
    except (HTTPException, RequestRedirect):
        return None
