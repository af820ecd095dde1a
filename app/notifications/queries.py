"""What stands in an inbox, how much of it is open, what waits for its owner, and what he wants to be told."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, func, literal, select, true

from app.core.db import db
from app.core.errors import NotFound
from app.core.guard.facts import declare_fact
from app.core.guard.permissions import Actor
from app.core.jobs.topics import Named, Phrase, Subject, Topic, declared_topics, name_subjects
from app.core.lists.cursors import Cursor, CursorCodec
from app.core.lists.keyset import Key, key_values, page_statement
from app.notifications.models import Item, Preference
from app.notifications.rules import MOST_COUNTED, Tab, channels

OPEN_FACT = "inbox_open"
PAGE_SIZE = 25
_LIST = "inbox"
_COLUMNS: tuple[Any, ...] = (
    Item.id, Item.topic, Item.subject_kind, Item.subject_id, Item.times, Item.last_at, Item.read_at, Item.done_at,
)  # fmt: skip
_NEWEST_FIRST = (Key(Item.__table__.c.last_at, True, False), Key(Item.__table__.c.id, True, False))
_IN_TAB: Mapping[Tab, ColumnElement[bool]] = {
    Tab.OPEN: Item.done_at.is_(None),
    Tab.DONE: Item.done_at.is_not(None),
    Tab.ALL: true(),
}


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


@dataclass(frozen=True)
class InboxPage:
    """Lines, newest first, and the ways on; `newest_at` bounds what "all of these" means."""

    lines: Sequence[Line] = ()
    next_cursor: str | None = None
    prev_cursor: str | None = None
    newest_at: datetime | None = None


def list_inbox(actor: Actor, tab: Tab, *, cursors: CursorCodec, cursor: str | None = None) -> InboxPage:
    """A page of the actor's own inbox; raises Invalid for a cursor of another one."""
    print_of = f"{actor.user_id}:{tab}".encode()
    at = cursors.unseal(_LIST, cursor, print_of) if cursor else None
    keys = [key.turned() for key in _NEWEST_FIRST] if at and at.backward else list(_NEWEST_FIRST)
    wanted = page_statement(_own(actor).where(_IN_TAB[tab]), keys, PAGE_SIZE + 1, after=at.keys if at else None)
    found = db.session.execute(wanted).all()
    rows, more = list(found[:PAGE_SIZE]), len(found) > PAGE_SIZE
    backward = bool(at and at.backward)
    if backward:
        rows.reverse()

    def sealed(row: object, *, back: bool) -> str:
        return cursors.seal(_LIST, Cursor(key_values(row, len(keys)), back), print_of)

    return InboxPage(
        lines=_lines(actor, rows),
        next_cursor=sealed(rows[-1], back=False) if rows and (more or backward) else None,
        prev_cursor=sealed(rows[0], back=True) if rows and at and (more or not backward) else None,
        newest_at=rows[0].last_at if rows else None,
    )


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
    asking = [key for key, topic in declared_topics().items() if topic.action]
    within = _own(actor).where(Item.done_at.is_(None), Item.topic.in_(asking))
    rows = db.session.execute(within.order_by(Item.last_at.desc(), Item.id.desc()).limit(limit + 1)).all()
    total = len(rows)
    if total > limit:
        counted = within.with_only_columns(Item.id).limit(MOST_COUNTED).subquery("counted")
        total = db.session.scalar(select(func.count()).select_from(counted)) or 0
    return Waiting(_lines(actor, rows[:limit]), total)


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


def _own(actor: Actor) -> Select[Any]:
    # Notifications of a topic that is gone have no words any more.
    return select(*_COLUMNS).where(Item.user_id == actor.user_id, Item.topic.in_(list(declared_topics())))


def _lines(actor: Actor, rows: Sequence[Row[Any]]) -> list[Line]:
    """The rows in words, all their records looked at together."""
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
