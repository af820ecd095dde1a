"""What the operator says to everybody, for a time; every process hears of it with its next look at the directory."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, insert, update

from app.core.db import db
from app.core.db.columns import new_id
from app.core.db.platform import directory_state
from app.core.errors import NotFound
from app.operators.errors import EndsBeforeItBegins
from app.operators.models import announcements
from app.operators.operations import auditing
from app.operators.operations.actor import OperatorActor


def announce(
    actor: OperatorActor, *, texts: Mapping[str, str], tone: str, starts_at: datetime, ends_at: datetime
) -> uuid.UUID:
    """Say something from `starts_at` to `ends_at`; raises EndsBeforeItBegins."""
    if ends_at <= starts_at:
        raise EndsBeforeItBegins(field="ends_at")
    announcement_id = new_id()
    said = {"id": announcement_id, "texts": dict(texts), "tone": tone, "starts_at": starts_at, "ends_at": ends_at}
    db.session.execute(insert(announcements).values(said))
    _tell()
    auditing.record(actor, "announcement.add", details={"text": texts["en"][:200]})
    return announcement_id


def change(
    actor: OperatorActor,
    announcement_id: uuid.UUID,
    *,
    texts: Mapping[str, str],
    tone: str,
    starts_at: datetime,
    ends_at: datetime,
) -> None:
    """Say something else, or at another time; whoever put it away does not see it again.

    Raises EndsBeforeItBegins, and NotFound for one that is over.
    """
    if ends_at <= starts_at:
        raise EndsBeforeItBegins(field="ends_at")
    said = announcements.c
    changed = update(announcements).where(said.id == announcement_id, said.ends_at > func.now())
    values = {"texts": dict(texts), "tone": tone, "starts_at": starts_at, "ends_at": ends_at}
    if db.session.scalar(changed.values(values).returning(said.id)) is None:
        raise NotFound
    _tell()
    auditing.record(actor, "announcement.change", details={"text": texts["en"][:200]})


def withdraw(actor: OperatorActor, announcement_id: uuid.UUID) -> None:
    """End an announcement now; raises NotFound for one that is over."""
    said = announcements.c
    ended = update(announcements).where(said.id == announcement_id, said.ends_at > func.now())
    if db.session.scalar(ended.values(ends_at=func.now()).returning(said.id)) is None:
        raise NotFound
    _tell()
    auditing.record(actor, "announcement.withdraw")


def _tell() -> None:
    """Let every process read the announcements anew."""
    db.session.execute(update(directory_state).values(version=directory_state.c.version + 1))
