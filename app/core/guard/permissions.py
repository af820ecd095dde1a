"""Who may do what: the registry of permission names, the actor with his grants, and the three questions asked."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, false, or_, true

from app.core.errors import PermissionDenied


class Scope(StrEnum):
    """How far a grant reaches; each scope holds everything the narrower ones hold."""

    OWN = "own"
    TEAM = "team"
    STORE = "store"
    ALL = "all"


# Narrow to wide; the position is the width.
SCOPES: Final = tuple(Scope)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
MATRIX_VERBS: Final = ("see", "create", "edit", "delete", "export", "approve")


@dataclass(frozen=True)
class Permission:
    """One declared right; `matrix` says whether it stands in the matrix of verbs or in the list below it."""

    resource: str
    verb: str
    matrix: bool

    @property
    def name(self) -> str:
        """The name that grants, `@require` and API keys use."""
        return f"{self.resource}.{self.verb}"


_REGISTRY: dict[str, Permission] = {}


def declare(resource: str, verbs: Iterable[str] = MATRIX_VERBS, extra: Iterable[str] = ()) -> None:
    """Register `<resource>.<verb>` for each verb; `extra` are rights outside the matrix of verbs.

    Called once per resource when `app.<module>.permissions` is imported; raises ValueError on a bad or taken name.
    """
    wanted = [Permission(resource, verb, True) for verb in verbs]
    wanted += [Permission(resource, verb, False) for verb in extra]
    for permission in wanted:
        if permission.matrix and permission.verb not in MATRIX_VERBS:
            raise ValueError(f"{permission.name}: {permission.verb} is no verb of the matrix; declare it as extra")
        if not _NAME.fullmatch(permission.name):
            raise ValueError(f"{permission.name}: names are small letters, digits and underscores")
        if _REGISTRY.setdefault(permission.name, permission) != permission:
            raise ValueError(f"{permission.name} is declared twice, differently")


def declared() -> Mapping[str, Permission]:
    """Every declared permission by name, in the order of declaration."""
    return MappingProxyType(_REGISTRY)


@dataclass(frozen=True)
class Actor:
    """Somebody who acts: a user with the widest scope of each of his grants, or a named part of the system."""

    user_id: uuid.UUID | None
    name: str
    grants: Mapping[str, str] = field(default_factory=dict, hash=False)
    store_ids: frozenset[uuid.UUID] = frozenset()
    team_user_ids: frozenset[uuid.UUID] = frozenset()
    system: bool = False

    def __post_init__(self) -> None:
        # Frozen all the way down: nobody widens an actor on its way through the operations.
        object.__setattr__(self, "grants", MappingProxyType(dict(self.grants)))
        object.__setattr__(self, "store_ids", frozenset(self.store_ids))
        object.__setattr__(self, "team_user_ids", frozenset(self.team_user_ids))


def system_actor(name: str) -> Actor:
    """The actor of a job or a command; `name` says which in the audit. It may do everything in its tenant."""
    return Actor(user_id=None, name=name, system=True)


def widest(scopes: Iterable[str]) -> str | None:
    """The widest of `scopes`, as several roles of one user add up; unknown words count for nothing."""
    known = [Scope(scope) for scope in scopes if scope in SCOPES]
    return max(known, key=SCOPES.index).value if known else None


def scope_of(actor: Actor, permission: str) -> Scope | None:
    """How far `actor` may use `permission`; None when not at all.

    Raises LookupError for a name that nobody declared: a misspelt permission must not quietly deny, or allow, all.
    """
    if permission not in _REGISTRY:
        raise LookupError(f"permission {permission!r} is not declared by any module")
    if actor.system:
        return Scope.ALL
    granted = actor.grants.get(permission)
    return Scope(granted) if granted in SCOPES else None


def allows(actor: Actor, permission: str) -> bool:
    """Whether `actor` holds `permission` for anything at all."""
    return scope_of(actor, permission) is not None


class _NotGiven:
    """Tells a record without an owner (None) from a question that is about no record."""


_NOT_GIVEN: Final = _NotGiven()


def covers(actor: Actor, permission: str, *, owner_id: uuid.UUID | None, store_id: uuid.UUID | None) -> bool:
    """Whether a record of this owner and store lies inside the scope in which `actor` holds `permission`.

    The same rule as `scope_clause`, in Python: a wider scope adds to the narrower ones and never takes away.
    """
    scope = scope_of(actor, permission)
    if scope is None:
        return False
    if scope is Scope.ALL:
        return True
    width = SCOPES.index(scope)
    if owner_id is not None and owner_id == actor.user_id:
        return True
    if width >= SCOPES.index(Scope.TEAM) and owner_id is not None and owner_id in actor.team_user_ids:
        return True
    return width >= SCOPES.index(Scope.STORE) and store_id is not None and store_id in actor.store_ids


def check(
    actor: Actor,
    permission: str,
    *,
    owner_id: uuid.UUID | _NotGiven | None = _NOT_GIVEN,
    store_id: uuid.UUID | _NotGiven | None = _NOT_GIVEN,
) -> None:
    """Raise PermissionDenied unless `actor` holds `permission`.

    When the owner or the store of a record is given (None counts: the record has none), the record must lie inside
    the scope of the grant as well.
    """
    if isinstance(owner_id, _NotGiven) and isinstance(store_id, _NotGiven):
        allowed = allows(actor, permission)
    else:
        allowed = covers(
            actor,
            permission,
            owner_id=None if isinstance(owner_id, _NotGiven) else owner_id,
            store_id=None if isinstance(store_id, _NotGiven) else store_id,
        )
    if not allowed:
        raise PermissionDenied(permission)


def scope_clause(
    actor: Actor, permission: str, *, owner: Any | None = None, store: Any | None = None
) -> ColumnElement[bool]:
    """The WHERE condition that leaves the rows `actor` may reach with `permission`; no grant leaves none.

    `owner` and `store` are the columns holding the record's user and store. A record type that has neither is
    reached with the scope `all` only: a narrower grant says nothing about it.
    """
    scope = scope_of(actor, permission)
    if scope is None:
        return false()
    if scope is Scope.ALL:
        return true()
    width = SCOPES.index(scope)
    ways: list[ColumnElement[bool]] = []
    owners = set(actor.team_user_ids) if width >= SCOPES.index(Scope.TEAM) else set()
    if actor.user_id is not None:
        owners.add(actor.user_id)
    if owner is not None and owners:
        ways.append(owner.in_(sorted(owners)))
    if store is not None and width >= SCOPES.index(Scope.STORE) and actor.store_ids:
        ways.append(store.in_(sorted(actor.store_ids)))
    return or_(*ways) if ways else false()
