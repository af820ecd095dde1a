"""Entering a context by name: `tenant(id)` and `platform()` push an app context, and so a session, of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app

from app.core.db import directory, scopes
from app.core.errors import NotFound


@contextmanager
def tenant(tenant_id: str) -> Iterator[scopes.Tenant]:
    """Run the body as the tenant `tenant_id`; raises NotFound for one the directory does not know."""
    found = directory.get(tenant_id)
    if found is None:
        raise NotFound
    with _entered(scopes.tenant_scope(found)):
        yield found


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
