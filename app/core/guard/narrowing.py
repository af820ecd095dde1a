"""A right cut to another right, for what is done with what one may see."""

from __future__ import annotations

from dataclasses import replace

from app.core.guard.permissions import SCOPES, Actor, Scope, scope_at


def limited(actor: Actor, permission: str, by: str) -> Actor:
    """`actor` with `permission` only as far as he holds `by` too: what he sees, where he may export less than that."""
    if actor.system:
        return actor
    grants = {**actor.grants, permission: _narrower(actor.grants.get(permission), actor.grants.get(by))}
    reach = actor.reach
    if reach is not None:
        stores = {*reach.get(permission, ()), *reach.get(by, ())}
        both = {at: _narrower(scope_at(actor, permission, at), scope_at(actor, by, at)) for at in stores}
        reach = {**reach, permission: {at: scope for at, scope in both.items() if scope}}
    return replace(actor, grants={name: scope for name, scope in grants.items() if scope}, reach=reach)


def _narrower(one: str | None, other: str | None) -> str | None:
    if one not in SCOPES or other not in SCOPES:
        return None
    return min(Scope(one), Scope(other), key=SCOPES.index).value
