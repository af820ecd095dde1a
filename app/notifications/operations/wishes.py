"""Choosing what one wants to be told, and how."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.dialects.postgresql import insert

from app.core.db import db
from app.core.errors import NotFound
from app.core.guard import audit
from app.core.guard.permissions import Actor
from app.core.jobs.topics import CHANNELS, declared_topics
from app.notifications import queries
from app.notifications.models import Preference


def choose(actor: Actor, wanted: Collection[tuple[str, str]]) -> None:
    """Set the actor's own wishes: the (topic, channel) pairs he wants; all others he does not.

    What a topic always does is not asked. Raises NotFound for an actor who is no user.
    """
    if actor.user_id is None:
        raise NotFound
    before = queries.list_wishes(actor.user_id)
    rows = [
        {"user_id": actor.user_id, "topic": key, "channel": channel, "wanted": (key, channel) in wanted}
        for key, topic in declared_topics().items()
        for channel in CHANNELS
        if channel not in topic.always
    ]
    written = insert(Preference.__table__).values(rows)
    said = written.on_conflict_do_update(
        index_elements=["user_id", "topic", "channel"], set_={"wanted": written.excluded.wanted}
    )
    db.session.execute(said)
    after = queries.list_wishes(actor.user_id)
    changes = {key: (sorted(before[key]), sorted(after[key])) for key in after}
    audit.record(actor, "notifications.choose", "user", actor.user_id, changes=changes)
