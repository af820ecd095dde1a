"""Which channels a topic takes to somebody, what counts as the same notification, and how long it is kept."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Set
from datetime import timedelta
from enum import StrEnum

# Counting stops here, so that a full inbox costs a page no more than a tidy one.
MOST_COUNTED = 100
KEPT = timedelta(days=90)
# Devices are recognised by their notifications, which therefore stay longer.
DEVICES_KEPT = timedelta(days=400)
# Whom one transaction tells; more are told by a task, some at a time.
AT_ONCE = 200
# How long an uploaded import may lie before its owner is reminded.
PATIENCE = timedelta(minutes=15)


class Tab(StrEnum):
    """The parts of an inbox."""

    OPEN = "open"
    DONE = "done"


def channels(defaults: Set[str], always: Set[str], chosen: Mapping[str, bool]) -> frozenset[str]:
    """The channels a topic takes to somebody who has chosen these; what he left unsaid is as the topic has it."""
    wanted = {name for name, is_wanted in chosen.items() if is_wanted}
    return frozenset(wanted | (defaults - chosen.keys()) | always)


def same_key(topic: str, subject_kind: str, subject_id: uuid.UUID) -> str:
    """What two notifications about the same thing have in common."""
    return f"{topic}:{subject_kind}:{subject_id}"


def mail_key(topic: str, subject_id: uuid.UUID, user_id: uuid.UUID) -> str:
    """What two mails to one person about the same thing have in common."""
    return f"{user_id}:{subject_id}:{topic}"
