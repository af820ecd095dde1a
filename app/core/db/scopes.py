"""The contexts of a statement: a tenant's, the platform's, its operators', and none, in which everything fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property

# Role and schema names become part of the BEGIN message, so their shape is checked before they are.
SCHEMA_SHAPE = re.compile(r"^t_[a-z0-9]{12}$")


class NoScope(RuntimeError):
    """A statement was about to run without a tenant or the platform chosen."""


class WrongScope(RuntimeError):
    """A session that belongs to one scope was used in another."""


@dataclass(frozen=True)
class Tenant:
    """One dealership business as the directory knows it."""

    id: str
    slug: str
    name: str
    state: str
    dsn_name: str
    login: int
    schema_version: str | None
    locale: str
    currency: str
    country: str
    timezone: str
    hosts: tuple[str, ...] = ()

    @property
    def schema(self) -> str:
        """Name of the tenant's schema and, the same, of its role."""
        return f"t_{self.id}"

    @cached_property
    def scope(self) -> Scope:
        """The scope of this tenant; raises ValueError on a name that could not have come from the directory."""
        return tenant_scope(self)


@dataclass(frozen=True)
class Scope:
    """Who a statement runs as: `role` on `path`, on the server `dsn_name` through login bucket `login`."""

    role: str
    path: str
    dsn_name: str = "main"
    login: int = 1
    tenant: Tenant | None = None

    @cached_property
    def key(self) -> tuple[str, str]:
        """What tells scopes apart: a session pinned to one key refuses another."""
        return self.dsn_name, self.role

    @cached_property
    def begin(self) -> bytes:
        """BEGIN with role and path: rendered once per scope, out of constants and directory names only."""
        return f"BEGIN; SET LOCAL ROLE {self.role}; SET LOCAL search_path = {self.path}; ".encode("ascii")


@dataclass(frozen=True)
class TimeLimits:
    """Time-outs of one class of work, in milliseconds, set at every BEGIN."""

    statement: int
    lock: int
    idle: int

    @cached_property
    def settings(self) -> bytes:
        """The part of the BEGIN message that sets them."""
        return (
            f"SET LOCAL statement_timeout = {self.statement}; SET LOCAL lock_timeout = {self.lock}; "
            f"SET LOCAL idle_in_transaction_session_timeout = {self.idle}"
        ).encode("ascii")


WEB = TimeLimits(statement=10_000, lock=5_000, idle=30_000)
WORKER = TimeLimits(statement=300_000, lock=10_000, idle=60_000)
COPY = TimeLimits(statement=1_800_000, lock=10_000, idle=300_000)

PLATFORM = Scope(role="r_platform", path="platform, shared, ext, pg_temp")
# The console's own: what runs as the platform, in every process, reads no operator's account.
OPERATOR = Scope(role="r_operator", path="platform, shared, ext, pg_temp")

_scope: ContextVar[Scope | None] = ContextVar("forecourt_scope", default=None)
_limits: ContextVar[TimeLimits] = ContextVar("forecourt_limits", default=WEB)


def tenant_scope(tenant: Tenant) -> Scope:
    """The scope of `tenant`; raises ValueError on a name that could not have come from the directory."""
    if not SCHEMA_SHAPE.match(tenant.schema):
        raise ValueError(f"not a tenant schema: {tenant.schema!r}")
    return Scope(
        role=tenant.schema,
        path=f"{tenant.schema}, shared, ext, pg_temp",
        dsn_name=tenant.dsn_name,
        login=tenant.login,
        tenant=tenant,
    )


def current_scope() -> Scope:
    """The scope of this context; raises NoScope where none is chosen."""
    scope = _scope.get()
    if scope is None:
        raise NoScope("no tenant is chosen here: open one with tenant(...) or platform()")
    return scope


def current_tenant() -> Tenant:
    """The tenant of this context; raises NoScope outside a tenant's."""
    tenant = current_scope().tenant
    if tenant is None:
        raise NoScope("this is the platform's context, not a tenant's")
    return tenant


def find_tenant() -> Tenant | None:
    """The tenant of this context, or None outside a tenant's."""
    scope = _scope.get()
    return scope.tenant if scope else None


class entered:
    """Run the body in `scope`; the scope before it is back afterwards, whatever happened."""

    __slots__ = ("_scope", "_token")

    def __init__(self, scope: Scope | None) -> None:
        self._scope = scope

    def __enter__(self) -> None:
        self._token = _scope.set(self._scope)

    def __exit__(self, *_: object) -> None:
        _scope.reset(self._token)


@contextmanager
def time_limits(limits: TimeLimits) -> Iterator[None]:
    """Run the transactions begun in the body with `limits`."""
    token = _limits.set(limits)
    try:
        yield
    finally:
        _limits.reset(token)


def begin_message() -> bytes:
    """The BEGIN message of the current scope: constants and directory names only, never input."""
    return current_scope().begin + _limits.get().settings
