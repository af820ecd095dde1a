"""What stands in an inbox, how much of it is open, what waits for its owner, and what he wants to be told."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, func, literal, select

from app.core.db import db
from app.core.errors import NotFound
from app.core.guard.facts import declare_fact
from app.core.guard.permissions import Actor
from app.core.jobs.topics import Named, Phrase, Subject, Topic, declared_topics, name_subjects
from app.notifications.models import Item, Preference
from app.notifications.rules import MOST_COUNTED, Tab, channels

OPEN_FACT = "inbox_open"
_COLUMNS: tuple[Any, ...] = (
    Item.id, Item.topic, Item.subject_kind, Item.subject_id, Item.times, Item.last_at, Item.read_at, Item.done_at,
)  # fmt: skip


def count_open_of(user_id: ColumnElement[uuid.UUID]) -> ScalarSelect[int]:
    """How much is open in the inbox of the user in this column, counting no further than MOST_COUNTED."""
    some = select(literal(1).label("one")).where(Item.user_id == user_id, Item.done_at.is_(None))
    limited = some.limit(MOST_COUNTED).correlate(user_id.table).subquery("inbox_open")
    return select(func.count()).select_from(limited).scalar_subquery()


declare_fact(OPEN_FACT, count_open_of)


@dataclass(frozen=True)
class Line:
    """One notification as its reader may see it now; `subject` is None when the record is not his to see any more."""

    id: uuid.UUID
    topic: Topic
    sentence: Phrase
    subject: Named | None
    at: datetime
    times: int
    is_read: bool
    is_done: bool

    @property
    def detail(self) -> Phrase | None:
        """What else is to say about the record."""
        return self.subject.detail if self.subject else None


def own_items(actor: Actor) -> Select[Any]:
    """The actor's own notifications, for a list; of a topic that is gone there are no words any more."""
    return select(*_COLUMNS).where(Item.user_id == actor.user_id, Item.topic.in_(list(declared_topics())))


def in_tab(tab: str) -> ColumnElement[bool]:
    """The condition that leaves one part of an inbox."""
    return Item.done_at.is_(None) if Tab(tab) is Tab.OPEN else Item.done_at.is_not(None)


def is_unread(unread: bool) -> ColumnElement[bool]:
    """The condition that leaves what nobody has looked at, or what somebody has."""
    return Item.read_at.is_(None) if unread else Item.read_at.is_not(None)


def asks_something(asking: bool) -> ColumnElement[bool]:
    """The condition that leaves what asks its reader to do something, or what only tells."""
    topics = [key for key, topic in declared_topics().items() if topic.action]
    return Item.topic.in_(topics) if asking else Item.topic.not_in(topics)


def get_item(actor: Actor, item_id: uuid.UUID) -> Item:
    """A notification of the actor's own; raises NotFound for everybody else's."""
    item = db.session.get(Item, item_id)
    if item is None or item.user_id != actor.user_id:
        raise NotFound
    return item


def describe(actor: Actor, topic: Topic, subject: Subject) -> tuple[Phrase, Named | None]:
    """The sentence of a topic about a record, and the record as `actor` may see it now."""
    named = name_subjects(actor, [subject]).get(subject)
    return _sentence(topic, named), named


@dataclass(frozen=True)
class Waiting:
    """What waits for somebody: the newest lines, and how many there are in all."""

    lines: Sequence[Line]
    total: int


def needs_me(actor: Actor, limit: int = 5) -> Waiting:
    """The open notifications that ask the actor to do something; the topic's `action` is what the button says."""
    within = own_items(actor).where(in_tab(Tab.OPEN), asks_something(True))
    rows = db.session.execute(within.order_by(Item.last_at.desc(), Item.id.desc()).limit(limit + 1)).all()
    total = len(rows)
    if total > limit:
        counted = within.with_only_columns(Item.id).limit(MOST_COUNTED).subquery("counted")
        total = db.session.scalar(select(func.count()).select_from(counted)) or 0
    return Waiting(lines_of(actor, rows[:limit]), total)


def channels_of(topic: Topic, user_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, frozenset[str]]:
    """The channels `topic` takes to each of the users."""
    query = select(Preference.user_id, Preference.channel, Preference.wanted)
    chosen: dict[uuid.UUID, dict[str, bool]] = {user_id: {} for user_id in user_ids}
    for row in db.session.execute(query.where(Preference.topic == topic.key, Preference.user_id.in_(user_ids))):
        chosen[row.user_id][row.channel] = row.wanted
    return {user_id: channels(topic.defaults, topic.always, said) for user_id, said in chosen.items()}


def list_wishes(user_id: uuid.UUID | None) -> dict[str, frozenset[str]]:
    """Topic -> the channels it takes to this user, for every topic there is."""
    query = select(Preference.topic, Preference.channel, Preference.wanted).where(Preference.user_id == user_id)
    chosen: dict[str, dict[str, bool]] = {}
    for row in db.session.execute(query):
        chosen.setdefault(row.topic, {})[row.channel] = row.wanted
    return {
        key: channels(topic.defaults, topic.always, chosen.get(key, {})) for key, topic in declared_topics().items()
    }


def lines_of(actor: Actor, rows: Sequence[Row[Any]]) -> list[Line]:
    """Rows of `own_items` in words, all their records looked at together."""
    topics = declared_topics()
    subjects = [Subject(row.subject_kind, row.subject_id) for row in rows]
    named = name_subjects(actor, subjects)
    return [
        Line(
            id=row.id,
            topic=topics[row.topic],
            sentence=_sentence(topics[row.topic], named.get(subject)),
            subject=named.get(subject),
            at=row.last_at,
            times=row.times,
            is_read=row.read_at is not None,
            is_done=row.done_at is not None,
        )
        for row, subject in zip(rows, subjects, strict=True)
    ]


def _sentence(topic: Topic, named: Named | None) -> Phrase:
    return Phrase(topic.sentence, {"subject": named.title}) if named else Phrase(topic.general)
