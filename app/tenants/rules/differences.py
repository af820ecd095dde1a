"""What a change of a role adds and takes, and whom of those who have it that touches; several roles add up."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.tenants.rules.roles import ALL

# Where somebody has a role: (store, role).
Place = tuple[uuid.UUID, uuid.UUID]
Width = Callable[[str | None], int]


@dataclass(frozen=True)
class Difference:
    """One right or group of fields before and after; `people` feel it, whatever their other roles give them."""

    name: str
    before: str | None
    after: str | None
    grows: bool
    people: frozenset[uuid.UUID]


def differences(
    names: Iterable[str],
    role_id: uuid.UUID,
    before: Mapping[uuid.UUID, Mapping[str, str]],
    after: Mapping[str, str],
    holders: Mapping[uuid.UUID, Sequence[Place]],
    width: Width,
) -> list[Difference]:
    """What becomes of `names` when the role has `after` instead of what `before` says of every role, in their order.

    `holders` are the people who have the role, with all their places.
    """
    own = before.get(role_id, {})
    found = []
    for name in names:
        was, will = own.get(name), after.get(name)
        if width(was) == width(will):
            continue
        old = {key: grants.get(name) for key, grants in before.items()}
        new = {**old, role_id: will}
        people = (who for who, held in holders.items() if _felt(held, old, width) != _felt(held, new, width))
        found.append(Difference(name, was, will, width(will) > width(was), frozenset(people)))
    return found


def _felt(places: Sequence[Place], given: Mapping[uuid.UUID, str | None], width: Width) -> dict[uuid.UUID | None, int]:
    """Where somebody with these places may do it, and how far; the whole dealership swallows every place."""
    found: dict[uuid.UUID | None, int] = {}
    for store_id, role_id in places:
        scope = given.get(role_id)
        where = None if scope == ALL else store_id
        if width(scope) > found.get(where, 0):
            found[where] = width(scope)
    return {None: found[None]} if None in found else found
