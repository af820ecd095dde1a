"""Entering a context by name: `tenant(id)` and `platform()` push an app context, and so a session, of their own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import TracebackType
from typing import Generic, ParamSpec, TypeVar

from flask import current_app

from app.core.config import Settings
from app.core.db import directory, scopes
from app.core.errors import NotFound

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


def current_settings() -> Settings:
    """The settings this process was started with."""
    settings: Settings = current_app.extensions["forecourt_settings"]
    return settings


def for_thread(function: Callable[P, R]) -> Callable[P, R]:
    """`function`, to be run in another thread: it finds this application there, and no tenant."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with scopes.entered(None), app.app_context():
            return function(*args, **kwargs)

    return run


class Entered(Generic[T]):
    """A scope with an app context of its own; the session is closed while the scope still stands.

    Every request passes here, and a class costs a third of the generators it stands for.
    """

    __slots__ = ("_context", "_scope", "_value")

    def __init__(self, scope: scopes.Scope, value: T) -> None:
        self._scope = scopes.entered(scope)
        self._value = value

    def __enter__(self) -> T:
        self._context = current_app.app_context()
        self._scope.__enter__()
        try:
            self._context.push()
        except BaseException:
            self._scope.__exit__()
            raise
        return self._value

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._context.pop(error)
        finally:
            self._scope.__exit__()


def tenant(tenant_id: str) -> Entered[scopes.Tenant]:
    """Run the body as the tenant `tenant_id`; raises NotFound for one the directory does not know."""
    found = directory.get(tenant_id)
    if found is None:
        raise NotFound
    return Entered(found.scope, found)


def entering(found: scopes.Tenant) -> Entered[None]:
    """Run the body as a tenant the caller has just read or made itself, whatever the directory's copy says yet."""
    return Entered(found.scope, None)


def platform() -> Entered[None]:
    """Run the body as the platform's own role, which sees the directory and no tenant's rows."""
    return Entered(scopes.PLATFORM, None)


def operators() -> Entered[None]:
    """Run the body as the console's own role, which sees operators and directory and no tenant's rows."""
    return Entered(scopes.OPERATOR, None)
