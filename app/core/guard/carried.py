"""An actor put away as plain values, for work that goes on with the rights of whoever began it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from app.core.guard.permissions import Actor


def to_plain(actor: Actor) -> dict[str, Any]:
    """`actor` as plain values, for a job that goes on with the rights of whoever began it; see `from_plain`."""
    reach = (
        None
        if actor.reach is None
        else {
            name: {str(store_id): scope for store_id, scope in stores.items()} for name, stores in actor.reach.items()
        }
    )
    return {
        "name": actor.name,
        "system": actor.system,
        "grants": dict(actor.grants),
        "stores": sorted(map(str, actor.store_ids)),
        "team": sorted(map(str, actor.team_user_ids)),
        "reach": reach,
        "teams": {str(store_id): sorted(map(str, users)) for store_id, users in actor.teams.items()},
        "sights": dict(actor.sights),
        "behind": actor.behind,
        "key": str(actor.key_id) if actor.key_id else None,
    }


def from_plain(caller_id: uuid.UUID | None, kept: Mapping[str, Any]) -> Actor:
    """The actor that `to_plain` put away; `caller_id` is his."""
    reach = (
        None
        if kept["reach"] is None
        else {
            name: {uuid.UUID(store_id): scope for store_id, scope in stores.items()}
            for name, stores in kept["reach"].items()
        }
    )
    return Actor(
        user_id=None if kept["key"] else caller_id,
        name=kept["name"],
        grants=kept["grants"],
        store_ids=frozenset(map(uuid.UUID, kept["stores"])),
        team_user_ids=frozenset(map(uuid.UUID, kept["team"])),
        system=kept["system"],
        reach=reach,
        teams={uuid.UUID(store_id): frozenset(map(uuid.UUID, users)) for store_id, users in kept["teams"].items()},
        sights=kept["sights"],
        behind=kept["behind"],
        key_id=uuid.UUID(kept["key"]) if kept["key"] else None,
    )
