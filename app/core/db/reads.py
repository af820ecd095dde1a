"""Reads that many parts of one page ask for, kept while the page is drawn.

A page is put together by parts that know nothing of each other, and several need the same facts. While it is drawn
nothing changes, so what one has read serves the next. Outside of `drawing()` every read goes to the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from app.core.db.scopes import current_scope

P = ParamSpec("P")
T = TypeVar("T")

_drawn: ContextVar[dict[Any, Any] | None] = ContextVar("forecourt_drawn", default=None)


@contextmanager
def drawing() -> Iterator[None]:
    """Draw a page in the body, which writes nothing: what `kept` functions find is found once and then forgotten."""
    token = _drawn.set({})
    try:
        yield
    finally:
        _drawn.reset(token)


def kept(read: Callable[P, T]) -> Callable[P, T]:
    """Decorate a read whose arguments can be hashed: while a page is drawn, the same question is asked once.

    Kept apart by scope, so that a page which looked at two dealerships would ask each for itself.
    """

    @wraps(read)
    def asked(*args: P.args, **kwargs: P.kwargs) -> T:
        found = _drawn.get()
        if found is None:
            return read(*args, **kwargs)
        question = (current_scope().key, read, args, tuple(sorted(kwargs.items())))
        if question not in found:
            found[question] = read(*args, **kwargs)
        answer: T = found[question]
        return answer

    return asked
