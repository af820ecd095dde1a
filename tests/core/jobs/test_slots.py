"""Slots: one tenant cannot hold a queue, and whoever finishes hands its slot on."""

from __future__ import annotations

import uuid

import pytest

from app.core.db import tenant, transaction
from app.core.jobs import claims, runner
from app.core.jobs.runner import Outcome
from app.core.jobs.sender import Sender


class Recorder(Sender):
    """Notes what would be sent."""

    def __init__(self) -> None:
        super().__init__("redis://127.0.0.1:1/0")
        self.sent: list[str] = []

    def send(self, messages) -> int:
        self.sent += [message.outbox_id for message in messages]
        return len(messages)


@pytest.fixture
def recorder(app):
    app.extensions["forecourt_sender"] = Recorder()
    return app.extensions["forecourt_sender"]


def take(app, tenant_id: str, outbox_id: str):
    with app.app_context(), tenant(tenant_id), transaction():
        return claims.claim(uuid.UUID(outbox_id), None)


def give_back(app, tenant_id: str, claimed) -> None:
    with app.app_context(), tenant(tenant_id), transaction():
        claims.finish(claimed)


def test_a_full_queue_defers_the_row_and_a_finish_hands_the_slot_on(app, alpha, enqueued, row, recorder):
    first, second, third = (enqueued(alpha.id, "tests.one_at_a_time", queue="imports") for _ in range(3))
    recorder.sent.clear()
    claimed = take(app, alpha.id, first)
    assert take(app, alpha.id, second) is None
    assert take(app, alpha.id, third) is None
    assert row(alpha.id, second)["deferred"]
    assert row(alpha.id, second)["attempts"] == 0
    give_back(app, alpha.id, claimed)
    assert recorder.sent == [second]
    assert not row(alpha.id, second)["deferred"]
    claimed = take(app, alpha.id, second)
    assert isinstance(claimed, claims.Claim)
    give_back(app, alpha.id, claimed)
    assert recorder.sent == [second, third]


def test_a_failure_hands_its_slot_on_too(app, beta, enqueued, recorder, hurry):
    first = enqueued(beta.id, "tests.of_tomorrow", queue="imports")
    second = enqueued(beta.id, "tests.one_at_a_time", queue="imports")
    recorder.sent.clear()
    claimed = take(app, beta.id, first)
    assert take(app, beta.id, second) is None
    with app.app_context(), tenant(beta.id), transaction():
        claims.fail(claimed, "UnknownTask")
    assert recorder.sent == [second]
    with app.app_context():
        assert runner.run(beta.id, second) == Outcome.DONE


def test_one_tenants_slots_are_not_anothers(app, alpha, beta, enqueued):
    mine, other = (enqueued(known.id, "tests.one_at_a_time", queue="imports") for known in (alpha, beta))
    claimed = take(app, alpha.id, mine)
    assert isinstance(claimed, claims.Claim)
    taken = take(app, beta.id, other)
    assert isinstance(taken, claims.Claim)
    give_back(app, alpha.id, claimed)
    give_back(app, beta.id, taken)


def test_a_vanished_runners_slot_comes_free_with_its_lease(app, alpha, enqueued, hurry):
    first, second = (enqueued(alpha.id, "tests.one_at_a_time", queue="imports") for _ in range(2))
    assert take(app, alpha.id, first) is not None
    assert take(app, alpha.id, second) is None
    hurry(alpha.id)
    claimed = take(app, alpha.id, second)
    assert isinstance(claimed, claims.Claim)
    give_back(app, alpha.id, claimed)
