"""Entering a context by name: `tenant(id)` and `platform()` push an app context, and so a session, of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import current_app

from app.core.config import Settings
from app.core.db import directory, scopes
from app.core.errors import NotFound

P = ParamSpec("P")
R = TypeVar("R")


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


@contextmanager
def tenant(tenant_id: str) -> Iterator[scopes.Tenant]:
    """Run the body as the tenant `tenant_id`; raises NotFound for one the directory does not know."""
    found = directory.get(tenant_id)
    if found is None:
        raise NotFound
    with entering(found):
        yield found


@contextmanager
def entering(found: scopes.Tenant) -> Iterator[None]:
    """Run the body as a tenant the caller has just read or made itself, whatever the directory's copy says yet."""
    with _entered(found.scope):
        yield


@contextmanager
def platform() -> Iterator[None]:
    """Run the body as the platform's own role, which sees the directory and no tenant's rows."""
    with _entered(scopes.PLATFORM):
        yield


@contextmanager
def _entered(scope: scopes.Scope) -> Iterator[None]:
    """`scope` with an app context of its own; the session is closed while the scope still stands."""
    with scopes.entered(scope), current_app.app_context():
        yield
