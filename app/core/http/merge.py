"""Two changes of one record: what each of them changed, and where they contradict each other. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass(frozen=True)
class Merge(Generic[Key]):
    """The fields by whose change counts; of a clash, both changed it and not to the same."""

    mine: frozenset[Key]
    theirs: frozenset[Key]
    clashes: frozenset[Key]


def merge(base: Mapping[Key, object] | None, mine: Mapping[Key, object], theirs: Mapping[Key, object]) -> Merge[Key]:
    """What became of `base` in two hands. A key that is absent has no value, which is a value like any other.

    Without a base nobody knows who changed what: every difference is a clash.
    """
    found: dict[str, set[Key]] = {"mine": set(), "theirs": set(), "clashes": set()}
    for key in {*mine, *theirs}:
        left, right = mine.get(key), theirs.get(key)
        if left == right:
            continue
        before = base.get(key) if base is not None else None
        if base is None or before not in (left, right):
            found["clashes"].add(key)
        else:
            found["theirs" if before == left else "mine"].add(key)
    return Merge(*(frozenset(found[name]) for name in ("mine", "theirs", "clashes")))


def apply(
    merged: Merge[Key],
    mine: Mapping[Key, Value],
    theirs: Mapping[Key, Value],
    choose: Callable[[Key], bool] = lambda _key: True,
) -> dict[Key, Value]:
    """The values of both changes together; `choose` says of a clash whether mine stands."""
    result = dict(mine)
    for key in [*merged.theirs, *(key for key in merged.clashes if not choose(key))]:
        if key in theirs:
            result[key] = theirs[key]
        else:
            result.pop(key, None)
    return result
