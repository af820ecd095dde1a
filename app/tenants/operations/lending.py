"""Nobody gives more than she holds: the comparison behind every role given and every grant added."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from app.core.guard.permissions import Actor, scope_at
from app.tenants.errors import GrantExceedsOwn, SightExceedsOwn
from app.tenants.rules import roles


def require_own(
    actor: Actor, wanted: Mapping[str, str], store_id: uuid.UUID | None = None, *, field: str | None = None
) -> None:
    """Raise GrantExceedsOwn when `wanted` reaches further at the store than the actor; without a store, anywhere.

    Rights come from roles at stores: who manages one store gives nobody, himself included, the same at another.
    """
    if actor.system:
        return
    held = actor.grants if store_id is None else {name: _at(actor, name, store_id) for name in actor.grants}
    exceeding = roles.first_exceeding(wanted, held)
    if exceeding is not None:
        raise GrantExceedsOwn(field=field, permission=exceeding)


def require_own_sights(actor: Actor, wanted: Mapping[str, str], *, field: str | None = None) -> None:
    """Raise SightExceedsOwn when `wanted` shows more of a group of fields than the actor sees."""
    if actor.system:
        return
    clearer = roles.first_clearer(wanted, actor.sights)
    if clearer is not None:
        raise SightExceedsOwn(field=field, group=clearer)


def _at(actor: Actor, permission: str, store_id: uuid.UUID) -> str:
    # Whoever holds a right at all holds it for his own records, wherever they are.
    return scope_at(actor, permission, store_id) or roles.OWN
