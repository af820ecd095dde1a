"""By what devices are recognised, under a new index key: their names are few, and each is tried."""

from __future__ import annotations

import uuid

from sqlalchemy import delete, select, update

from app.core.db import db
from app.core.guard import vault
from app.core.guard.reindexing import AT_ONCE, Batch, Renewal, on_new_index_key
from app.notifications.models import Item
from app.notifications.operations.telling import device_keys
from app.tenants.events import NEW_DEVICE
from app.tenants.rules.signing import agent_labels


@on_new_index_key("notifications_items.same_key")
def renew_devices(_renewal: Renewal, after: str | None) -> Batch:
    """The next notifications of devices. One whose device has no name of today's is forgotten."""
    known: dict[str, str] = {}
    for label in agent_labels():
        now, *older = device_keys(label)
        known |= {now: now, **dict.fromkeys(older, now)}
    place = uuid.UUID(after) if after else vault.NOBODY
    wanted = select(Item.id, Item.user_id, Item.same_key).where(Item.topic == NEW_DEVICE.key, Item.id > place)
    rows = db.session.execute(wanted.order_by(Item.id).limit(AT_ONCE)).all()
    changed = [row for row in rows if known.get(row.same_key) not in (None, row.same_key)]
    gone = [row.id for row in rows if row.same_key not in known]
    for row in changed:
        # The same device under both keys: two sign-ins in the moment in which the new one came into use.
        twin = Item.user_id == row.user_id, Item.same_key == known[row.same_key], Item.done_at.is_(None)
        if db.session.scalar(select(Item.id).where(*twin)) is not None:
            gone.append(row.id)
        else:
            db.session.execute(update(Item).where(Item.id == row.id).values(same_key=known[row.same_key]))
    if gone:
        db.session.execute(delete(Item).where(Item.id.in_(gone)))
    return Batch(len(changed), len(gone), str(rows[-1].id) if len(rows) == AT_ONCE else None)
