"""Tasks of the tests: each leaves rows that can be counted."""

from __future__ import annotations

from app.core.db import db
from app.core.jobs import registry
from app.core.jobs.models import Job


class Refused(Exception):
    """What a failing task of these tests raises."""


def leave_effect(label: str) -> None:
    """One countable row in the current tenant."""
    db.session.add(Job(kind="effect", task="tests.effect", queue="default", params={"label": label}))


@registry.task("tests.effect", queue="default")
def effect(payload: registry.Payload) -> None:
    """Leave one row."""
    leave_effect(payload["label"])


@registry.task("tests.effect_then_fail", queue="default")
def effect_then_fail(payload: registry.Payload) -> None:
    """Leave one row and fail."""
    leave_effect(payload["label"])
    db.session.flush()
    raise Refused("Jane Roe, jane@example.com")


@registry.task("tests.one_at_a_time", queue="imports")
def one_at_a_time(payload: registry.Payload) -> None:
    """Leave one row, on the queue of which a tenant holds one slot."""
    leave_effect(payload["label"])
