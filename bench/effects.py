"""The task of the outbox drill: it leaves a row that can be counted."""

from __future__ import annotations

import time
from typing import Final

from app.core.db import db
from app.core.jobs import registry
from app.core.jobs.models import Job

EFFECT_TASK: Final = "bench.leave_effect"
EFFECT_SECONDS: Final = 0.02


@registry.task(EFFECT_TASK, queue="default")
def leave_effect(payload: registry.Payload) -> None:
    """One row that says which effect it is; nothing in the table would stop a second one."""
    db.session.add(Job(kind="drill", task=EFFECT_TASK, queue="default", params={"number": payload["number"]}))
    db.session.flush()
    time.sleep(EFFECT_SECONDS)
