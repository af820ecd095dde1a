"""Rights cut to other rights: for what is done with what one may see, and for looking as somebody else does."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from app.core.guard.permissions import SCOPES, Actor, Scope, scope_at
from app.core.guard.policy import SIGHTS, Sight, policy_for


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


def without(actor: Actor, withheld: Collection[str], verbs: Collection[str]) -> Actor:
    """`actor` less the permissions `withheld`, and less those of certain `verbs`."""

    def stays(name: str) -> bool:
        return name not in withheld and name.rpartition(".")[2] not in verbs

    reach = actor.reach
    return replace(
        actor,
        grants={name: scope for name, scope in actor.grants.items() if stays(name)},
        reach=None if reach is None else {name: stores for name, stores in reach.items() if stays(name)},
    )


def as_role(actor: Actor, grants: Mapping[str, str], sights: Mapping[str, str]) -> Actor:
    """`actor` with no more than these grants and sights, each as far as he has it himself, at each of his stores."""
    held = {name: _narrower(actor.grants.get(name), scope) for name, scope in grants.items()}
    reach = actor.reach
    if reach is not None:
        there = {name: {at: _narrower(scope_at(actor, name, at), scope) for at in actor.store_ids}
                 for name, scope in grants.items() if held[name]}  # fmt: skip
        reach = {name: {at: scope for at, scope in stores.items() if scope} for name, stores in there.items()}
    policy = policy_for(actor)
    seen = {group: min(policy.group(group), Sight(sight), key=SIGHTS.index) for group, sight in sights.items()}
    return replace(
        actor,
        grants={name: scope for name, scope in held.items() if scope},
        reach=reach,
        sights={group: sight.value for group, sight in seen.items()},
        system=False,
    )


def _narrower(one: str | None, other: str | None) -> str | None:
    if one not in SCOPES or other not in SCOPES:
        return None
    return min(Scope(one), Scope(other), key=SCOPES.index).value
