"""Events: past-tense dataclasses whose handlers run at once, in the transaction of whoever raised them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Handlers = Mapping[type, tuple[Callable[[Any], None], ...]]

_handlers: Handlers | None = None


def install(handlers: Handlers) -> None:
    """Take the table of `app.wiring`; core itself knows no event and no module."""
    global _handlers
    _handlers = dict(handlers)


def publish(event: object) -> None:
    """Call every handler of the event's type, in the order of the table.

    A handler's error is the publisher's error: they stand and fall in one transaction. Raises LookupError when the
    table was never installed, because a silently dropped event is a missing ledger entry.
    """
    if _handlers is None:
        raise LookupError("events.install() has not been called: the wiring is missing")
    for handler in _handlers.get(type(event), ()):
        handler(event)
