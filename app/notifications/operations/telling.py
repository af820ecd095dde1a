"""Telling people: rows in the transaction of what happened, mails through the outbox, many people by a task."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable

from sqlalchemy import delete, func, text, update
from sqlalchemy.dialects.postgresql import insert

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id
from app.core.errors import NotFound
from app.core.guard.vault import every_index
from app.core.jobs.outbox import enqueue
from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, current_run
from app.core.jobs.topics import INBOX, MAIL, Subject, Topic, declared_topics
from app.notifications import ports, queries
from app.notifications.models import OPEN, Item
from app.notifications.rules import AT_ONCE, DEVICES_KEPT, KEPT, mail_key, same_key
from app.tenants.events import NEW_DEVICE
from app.tenants.operations.mailing import send_mail
from app.tenants.queries.recipients import Audience, active_ids, list_audience, locale_of
from app.tenants.queries.sessions import get_actor

FAN_OUT = "notifications.fan_out"
SEND = "notifications.send_mail"


def notify(user_ids: Iterable[uuid.UUID], topic: Topic, subject: Subject, *, key: str | None = None) -> None:
    """Tell these users about `subject`, each on the channels he wants; who may not sign in is told nothing.

    What stands open in an inbox with the same `key` (topic and subject, when none is given) comes up again instead of
    standing there twice. Raises ValueError for more people than one transaction should tell: name an audience then.
    """
    wanted = set(user_ids)
    if len(wanted) > AT_ONCE:
        raise ValueError("so many people are an audience: notify_audience")
    reached = active_ids(wanted)
    if reached:
        _tell(reached, topic, subject, key)


def notify_audience(audience: Audience, topic: Topic, subject: Subject, *, but: uuid.UUID | None = None) -> None:
    """Tell everybody in `audience` but one, by a task that goes through them some at a time."""
    payload: dict[str, str | int] = {"topic": topic.key, "kind": subject.kind, "subject": str(subject.id)}
    said = ("role", audience.role_id), ("permission", audience.permission), ("store", audience.store_id), ("but", but)
    for name, value in said:
        if value is not None:
            payload[name] = str(value)
    enqueue(FAN_OUT, queue=QueueName.NOTIFY, payload=payload)


def fan_out(payload: Payload) -> None:
    """One step of `notify_audience`: the next users in the order of their ids, and the step after it."""
    topic = declared_topics().get(payload["topic"])
    if topic is None:
        return
    role, store = payload.get("role"), payload.get("store")
    audience = Audience(
        uuid.UUID(role) if role else None, payload.get("permission"), uuid.UUID(store) if store else None
    )
    after = payload.get("after")
    found = list_audience(audience, after=uuid.UUID(after) if after else None, limit=AT_ONCE)
    told = [user_id for user_id in found if str(user_id) != payload.get("but")]
    if told:
        _tell(told, topic, Subject(payload["kind"], uuid.UUID(payload["subject"])), None)
    if len(found) == AT_ONCE:
        enqueue(FAN_OUT, queue=QueueName.NOTIFY, payload={**payload, "after": str(found[-1])})


def settle(topics: Collection[Topic], subject: Subject) -> None:
    """Take what has become pointless off every inbox: the job went on after all, the import was gone on with."""
    moot = Item.subject_id == subject.id, Item.subject_kind == subject.kind, Item.done_at.is_(None)
    keys = [topic.key for topic in topics]
    db.session.execute(update(Item).where(*moot, Item.topic.in_(keys)).values(done_at=func.now()))


def remember(user_id: uuid.UUID, topic: Topic, subject: Subject, *, key: str) -> None:
    """Keep that this happened without telling anybody: it stands in the inbox as done."""
    now = clock.now()
    row = _row(user_id, topic, subject, key)
    db.session.execute(insert(Item.__table__).values(**row, read_at=now, done_at=now))


def send_notification(payload: Payload) -> None:
    """Mail one notification to one person, if he still wants it and may sign in: in his language, under his rights."""
    user_id, topic = uuid.UUID(payload["user"]), declared_topics().get(payload["topic"])
    if topic is None or MAIL not in queries.channels_of(topic, [user_id])[user_id]:
        return
    try:
        reader = get_actor(user_id)
    except NotFound:
        return
    subject = Subject(payload["kind"], uuid.UUID(payload["subject"]))
    sentence, named = queries.describe(reader, topic, subject)
    words = ports.write(locale_of(user_id), reader.name, topic, sentence, named)
    send_mail(user_id, subject=words.subject, body=words.body, message_id=current_run().outbox_id)


def device_keys(device: str) -> list[str]:
    """By what a device may be recognised: keyed fingerprints of its name, the one that is written first."""
    return [f"{NEW_DEVICE.key}:{mark.hex()}" for mark in every_index("device", device)]


def forget_old() -> None:
    """Delete what was done long ago; devices are remembered longer."""
    now = clock.now()
    old = Item.done_at < now - KEPT, Item.topic != NEW_DEVICE.key
    db.session.execute(delete(Item).where(*old))
    db.session.execute(delete(Item).where(Item.done_at < now - DEVICES_KEPT))


def _tell(user_ids: Collection[uuid.UUID], topic: Topic, subject: Subject, key: str | None) -> None:
    channels = queries.channels_of(topic, user_ids)
    rows = [_row(user_id, topic, subject, key) for user_id in sorted(user_ids) if INBOX in channels[user_id]]
    if rows:
        table = Item.__table__
        written = insert(table).values(rows)
        again = {
            "times": table.c.times + 1,
            "last_at": func.now(),
            "read_at": None,
            "subject_kind": written.excluded.subject_kind,
            "subject_id": written.excluded.subject_id,
        }
        same = written.on_conflict_do_update(index_elements=["user_id", "same_key"], index_where=text(OPEN), set_=again)
        db.session.execute(same)
    for user_id in sorted(user_ids):
        if MAIL in channels[user_id]:
            about: dict[str, str | int] = {"topic": topic.key, "kind": subject.kind, "subject": str(subject.id)}
            enqueue(
                SEND,
                queue=QueueName.NOTIFY,
                payload={"user": str(user_id), **about},
                dedupe=mail_key(topic.key, subject.id, user_id),
            )


def _row(user_id: uuid.UUID, topic: Topic, subject: Subject, key: str | None) -> dict[str, object]:
    return {
        "id": new_id(),
        "user_id": user_id,
        "topic": topic.key,
        "subject_kind": subject.kind,
        "subject_id": subject.id,
        "same_key": key or same_key(topic.key, subject.kind, subject.id),
    }
