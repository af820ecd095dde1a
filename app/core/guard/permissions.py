"""Who may do what: the registry of permission names, the actor with his grants, and the three questions asked."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, and_, false, or_, true

from app.core.errors import PermissionDenied

T = TypeVar("T")


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
    """One declared right: `matrix` says that it stands in the matrix, `whole` that its records have no store."""

    resource: str
    verb: str
    matrix: bool
    whole: bool = False

    @property
    def name(self) -> str:
        """The name that grants, `@require` and API keys use."""
        return f"{self.resource}.{self.verb}"


_REGISTRY: dict[str, Permission] = {}


def declare(resource: str, verbs: Iterable[str] = MATRIX_VERBS, extra: Iterable[str] = (), whole: bool = False) -> None:
    """Register `<resource>.<verb>` for each verb; `extra` are rights outside the matrix of verbs.

    `whole` marks records that belong to no store; others must say that they are the store's for which a right is held.
    Called once per resource when `app.<module>.permissions` is imported; raises ValueError on a bad or taken name.
    """
    wanted = [Permission(resource, verb, True, whole) for verb in verbs]
    wanted += [Permission(resource, verb, False, whole) for verb in extra]
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
    """Somebody who acts: a user with the widest scope of each of his grants, or a named part of the system.

    `reach` says where those grants come from: permission -> store -> widest scope of the roles held there; `teams`
    whom he works with: store -> users of his teams there. Without `reach` a grant holds alike at all `store_ids` and
    for all `team_user_ids`, as for somebody with one role. `sights` says how much he sees of each group of fields,
    `behind` names the operator who acts as him, `key_id` is the API key that acts for him.
    """

    user_id: uuid.UUID | None
    name: str
    grants: Mapping[str, str] = field(default_factory=dict, hash=False)
    store_ids: frozenset[uuid.UUID] = frozenset()
    team_user_ids: frozenset[uuid.UUID] = frozenset()
    system: bool = False
    reach: Mapping[str, Mapping[uuid.UUID, str]] | None = field(default=None, hash=False)
    teams: Mapping[uuid.UUID, frozenset[uuid.UUID]] = field(default_factory=dict, hash=False)
    sights: Mapping[str, str] = field(default_factory=dict, hash=False)
    behind: str | None = None
    key_id: uuid.UUID | None = None
    # What was worked out for exactly these rights and may be used again, as statements: it goes with the actor.
    worked_out: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def caller_id(self) -> uuid.UUID | None:
        """Whose the work is that he begins (jobs, imports, exports, uploads): the user's, or else the key's.

        Records a key makes are nobody's own; but a program has to find its own work again, and others' must not.
        """
        return self.user_id or self.key_id

    def __post_init__(self) -> None:
        # Frozen all the way down: nobody widens an actor on its way through the operations.
        object.__setattr__(self, "grants", MappingProxyType(dict(self.grants)))
        object.__setattr__(self, "store_ids", frozenset(self.store_ids))
        object.__setattr__(self, "team_user_ids", frozenset(self.team_user_ids))
        teams = {store_id: frozenset(users) for store_id, users in self.teams.items()}
        object.__setattr__(self, "teams", MappingProxyType(teams))
        object.__setattr__(self, "sights", MappingProxyType(dict(self.sights)))
        if self.reach is not None:
            reach = {name: MappingProxyType(dict(stores)) for name, stores in self.reach.items()}
            object.__setattr__(self, "reach", MappingProxyType(reach))


def worked_out(actor: Actor, what: Hashable, make: Callable[[], T]) -> T:
    """What `make` makes of nothing but the rights of `actor`, made once for as long as he is.

    `what` names it; there must be few such names, for what is kept is never dropped.
    """
    if what not in actor.worked_out:
        actor.worked_out[what] = make()
    found: T = actor.worked_out[what]
    return found


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


def scope_at(actor: Actor, permission: str, store_id: uuid.UUID) -> Scope | None:
    """How far `actor` may use `permission` by his roles at this store; `all` from anywhere is `all` here too."""
    scope = scope_of(actor, permission)
    if scope is Scope.ALL or scope is None:
        return scope
    if actor.reach is None:
        return scope if store_id in actor.store_ids else None
    held = actor.reach.get(permission, {}).get(store_id)
    return Scope(held) if held in SCOPES else None


def stores_of(actor: Actor, permission: str) -> frozenset[uuid.UUID]:
    """The stores of which a grant narrower than `all` opens every record."""
    places = actor.store_ids if actor.reach is None else actor.reach.get(permission, ())
    return frozenset(store_id for store_id in places if _at_least(scope_at(actor, permission, store_id), Scope.STORE))


def _at_least(scope: Scope | None, wanted: Scope) -> bool:
    return scope is not None and SCOPES.index(scope) >= SCOPES.index(wanted)


def _teams_of(actor: Actor, permission: str) -> dict[uuid.UUID, frozenset[uuid.UUID]]:
    """Store -> colleagues whose records there a grant opens."""
    return {
        store_id: users
        for store_id, users in actor.teams.items()
        if users and _at_least(scope_at(actor, permission, store_id), Scope.TEAM)
    }


def covers(actor: Actor, permission: str, *, owner_id: uuid.UUID | None, store_id: uuid.UUID | None) -> bool:
    """Whether a record of this owner and store lies inside the scope in which `actor` holds `permission`.

    The same rule as `scope_clause`, in Python: a wider scope adds to the narrower ones and never takes away; one's
    own records are one's own at any store, a colleague's and a store's only where a role of that store says so.
    """
    scope = scope_of(actor, permission)
    if scope is None or scope is Scope.ALL:
        return scope is Scope.ALL
    if owner_id is not None and owner_id == actor.user_id:
        return True
    if store_id is not None and store_id in stores_of(actor, permission):
        return True
    if owner_id is None:
        return False
    if actor.reach is None:
        return _at_least(scope, Scope.TEAM) and owner_id in actor.team_user_ids
    teams = _teams_of(actor, permission)
    # A record of no store is a colleague's wherever the team is.
    return owner_id in (frozenset().union(*teams.values()) if store_id is None else teams.get(store_id, ()))


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
    ways: list[ColumnElement[bool]] = []
    teams = {} if actor.reach is None else _teams_of(actor, permission)
    if owner is not None:
        anywhere = set() if actor.user_id is None else {actor.user_id}
        if actor.reach is None and _at_least(scope, Scope.TEAM):
            anywhere |= actor.team_user_ids
        colleagues = frozenset().union(*teams.values())
        if store is None:
            anywhere |= colleagues
        elif colleagues:
            ways += [and_(store == place, owner.in_(sorted(teams[place]))) for place in sorted(teams)]
            ways.append(and_(store.is_(None), owner.in_(sorted(colleagues))))
        if anywhere:
            ways.append(owner.in_(sorted(anywhere)))
    if store is not None and (stores := stores_of(actor, permission)):
        ways.append(store.in_(sorted(stores)))
    return or_(*ways) if ways else false()
