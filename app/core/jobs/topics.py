"""What people can be told about: topics, and how the records they are about are named. Modules fill the registries."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from app.core.guard.permissions import Actor

INBOX, MAIL = "inbox", "mail"
CHANNELS: Final = (INBOX, MAIL)
_KEY: Final = re.compile(r"[a-z]+\.[a-z_]{1,33}")


@dataclass(frozen=True)
class Phrase:
    """Marked English and what fills its placeholders (a further phrase, too): words are made of it at the edge."""

    message: str
    params: Mapping[str, Any] = field(default_factory=dict)


def verbatim(text: str) -> Phrase:
    """A phrase that is `text` in every language: a name, a number people know."""
    return Phrase("{text}", {"text": text})


@dataclass(frozen=True)
class Subject:
    """The record something happened to."""

    kind: str
    id: uuid.UUID


@dataclass(frozen=True)
class Deed:
    """What a reader can do about a record in one click: a button that sends these fields."""

    label: str
    endpoint: str
    args: Mapping[str, str]
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Named:
    """A record as its reader may see it: how it is called, what else is to say, the page that shows it, and what he can
    do about it at once. `mailed` are arguments of the page's address in a mail alone."""

    title: Phrase
    detail: Phrase | None = None
    endpoint: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    mailed: Mapping[str, str] = field(default_factory=dict)
    deeds: tuple[Deed, ...] = ()


# Names those of the records that this actor may see now, in one statement or two; the others are left out.
NameOf = Callable[[Actor, Collection[uuid.UUID]], Mapping[uuid.UUID, Named]]


@dataclass(frozen=True)
class Topic:
    """A thing people can be told, or not, as they wish.

    `sentence` names the record as `{subject}`; `general` is for readers who may no longer see it, and for places that
    many may look at, such as the subject of a mail. `defaults` are the channels of somebody who has chosen nothing,
    `always` those nobody can switch off; `lockable` says whether a dealership may decide for its people.
    """

    key: str
    label: str
    sentence: str
    general: str
    group: str
    icon: str = "bell"
    tone: str = ""
    advice: str | None = None
    defaults: frozenset[str] = frozenset({INBOX})
    always: frozenset[str] = frozenset()
    lockable: bool = True
    # What the reader has to do, as the label of a button: such items stand on the Today page.
    action: str | None = None

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise ValueError(f"topic {self.key}: a key is <subject>.<event>")
        if not self.always <= self.defaults <= set(CHANNELS):
            raise ValueError(f"topic {self.key}: unknown channels")


_TOPICS: dict[str, Topic] = {}
_NAMES: dict[str, NameOf] = {}


def declare_topic(topic: Topic) -> Topic:
    """Register a topic; raises ValueError when its key is taken."""
    if _TOPICS.setdefault(topic.key, topic) != topic:
        raise ValueError(f"the topic {topic.key} is declared twice")
    return topic


def declare_subject(kind: str, name_of: NameOf) -> None:
    """Register how records of `kind` are named; raises ValueError when the kind is taken."""
    if _NAMES.setdefault(kind, name_of) is not name_of:
        raise ValueError(f"the subject {kind} is declared twice")


def declared_topics() -> Mapping[str, Topic]:
    """Every topic by key, in the order of declaration."""
    return MappingProxyType(_TOPICS)


def name_subjects(actor: Actor, subjects: Collection[Subject]) -> dict[Subject, Named]:
    """How the records are named for `actor`; what he may not see, and what is gone, is left out."""
    found: dict[Subject, Named] = {}
    for kind in {subject.kind for subject in subjects}:
        name_of = _NAMES.get(kind)
        if name_of is not None:
            wanted = {subject.id for subject in subjects if subject.kind == kind}
            found.update({Subject(kind, key): named for key, named in name_of(actor, wanted).items()})
    return found
