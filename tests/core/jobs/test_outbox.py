"""enqueue(): the row lives and dies with the change, and whose hint it is nobody can invent."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.core.db import db, platform, tenant, transaction
from app.core.jobs import claims, runner
from app.core.jobs.outbox import enqueue, enqueue_platform
from app.core.jobs.sender import Sender
from app.core.jobs.wire import PLATFORM


def count_rows(root, tenant_id: str) -> int:
    return root.execute(f"SELECT count(*) FROM t_{tenant_id}.core_outbox").fetchone()[0]


def count_hints(root, tenant_id: str) -> int:
    query = "SELECT count(*) FROM platform.outbox_hint WHERE tenant_id = %s"
    return root.execute(query, [f"t_{tenant_id}"]).fetchone()[0]


class Recorder(Sender):
    """Notes what would be sent."""

    def __init__(self) -> None:
        super().__init__("redis://127.0.0.1:1/0")
        self.sent = []

    def send(self, messages) -> int:
        self.sent += messages
        return len(messages)


@pytest.fixture
def recorder(app):
    app.extensions["forecourt_sender"] = Recorder()
    return app.extensions["forecourt_sender"]


def test_rollback_leaves_no_row_no_hint_and_no_message(app, alpha, root, recorder):
    rows, hints = count_rows(root, alpha.id), count_hints(root, alpha.id)
    with app.app_context(), tenant(alpha.id):
        with pytest.raises(ZeroDivisionError), transaction():
            enqueue("tests.effect", queue="default", payload={"label": "x"})
            raise ZeroDivisionError
        with transaction():
            db.session.execute(text("SELECT 1"))
    assert (count_rows(root, alpha.id), count_hints(root, alpha.id)) == (rows, hints)
    assert recorder.sent == []


def test_commit_writes_row_and_hint_and_then_sends_two_ids(app, alpha, root, recorder, row):
    hints = count_hints(root, alpha.id)
    with app.app_context(), tenant(alpha.id), transaction():
        outbox_id = enqueue("tests.effect", queue="default", payload={"label": "x"})
        assert recorder.sent == []
    assert row(alpha.id, str(outbox_id))["task"] == "tests.effect"
    assert count_hints(root, alpha.id) == hints + 1
    assert [(m.tenant_id, m.outbox_id, m.queue) for m in recorder.sent] == [(alpha.id, str(outbox_id), "default")]


def test_one_hint_serves_all_rows_of_a_transaction_but_not_beyond_a_savepoint(app, alpha, root):
    hints = count_hints(root, alpha.id)
    with app.app_context(), tenant(alpha.id), transaction():
        with pytest.raises(ZeroDivisionError), db.session.begin_nested():
            enqueue("tests.effect", queue="default")
            raise ZeroDivisionError
        for _ in range(5):
            enqueue("tests.effect", queue="default")
    assert count_hints(root, alpha.id) == hints + 1


def test_the_relay_is_told_after_a_grace_in_which_the_sender_may_win(app, alpha, root):
    with app.app_context(), tenant(alpha.id), transaction():
        enqueue("tests.effect", queue="default")
        grace = db.session.execute(text("SELECT now() + interval '400 ms'")).scalar_one()
    query = "SELECT max(due_at) FROM platform.outbox_hint WHERE tenant_id = %s"
    assert root.execute(query, [alpha.schema]).fetchone()[0] == grace


def test_future_rows_are_hinted_for_their_time_and_not_sent(app, alpha, root, recorder, row):
    at = datetime.now(UTC) + timedelta(days=3)
    with app.app_context(), tenant(alpha.id), transaction():
        outbox_id = enqueue("tests.effect", queue="default", payload={"label": "x"}, at=at)
    assert recorder.sent == []
    assert row(alpha.id, str(outbox_id))["next_dispatch_at"] == at
    assert runner_outcome(app, alpha.id, outbox_id) == "skipped"


def runner_outcome(app, tenant_id: str, outbox_id: uuid.UUID) -> str:
    with app.app_context():
        return runner.run(tenant_id, str(outbox_id))


def test_enqueue_outside_a_transaction_is_refused(app, alpha):
    with app.app_context(), tenant(alpha.id), pytest.raises(RuntimeError):
        enqueue("tests.effect", queue="default")


@pytest.mark.parametrize("value", [object(), {"a": 1}, None, 1.5])
def test_payload_takes_plain_values_only(app, alpha, value):
    with app.app_context(), tenant(alpha.id), pytest.raises(ValueError), transaction():
        enqueue("tests.effect", queue="default", payload={"customer": value})


def test_unknown_queue_is_refused(app, alpha):
    with app.app_context(), tenant(alpha.id), pytest.raises(ValueError), transaction():
        enqueue("tests.effect", queue="defualt")


def test_dedupe_returns_the_standing_row_until_it_starts(app, alpha, enqueued, effects):
    first = enqueued(alpha.id, dedupe="one", payload={"label": "dedupe"})
    assert enqueued(alpha.id, dedupe="one", payload={"label": "dedupe"}) == first
    assert enqueued(alpha.id, dedupe="another", payload={"label": "other"}) != first
    with app.app_context(), tenant(alpha.id), transaction():
        claims.claim(uuid.UUID(first), None)
    # It has started: it may have read the data before this change.
    assert enqueued(alpha.id, dedupe="one", payload={"label": "dedupe"}) != first


def test_a_standing_row_cannot_start_before_the_change_that_counts_on_it_is_visible(app, alpha, enqueued):
    standing = enqueued(alpha.id, dedupe="hold")
    with app.app_context(), tenant(alpha.id), transaction():
        assert str(enqueue("tests.effect", queue="default", payload={"label": "x"}, dedupe="hold")) == standing
        with app.app_context():
            assert runner.run(alpha.id, standing) == runner.Outcome.SKIPPED
    assert runner_outcome(app, alpha.id, uuid.UUID(standing)) == "done"


def test_a_thousand_changes_of_one_transaction_owe_one_task_and_send_one_message(app, alpha, root, recorder):
    rows = count_rows(root, alpha.id)
    with app.app_context(), tenant(alpha.id), transaction():
        with pytest.raises(ZeroDivisionError), db.session.begin_nested():
            enqueue("tests.effect", queue="default", payload={"label": "lost"}, dedupe="busy")
            raise ZeroDivisionError
        owed = {enqueue("tests.effect", queue="default", payload={"label": "x"}, dedupe="busy") for _ in range(1000)}
    assert len(owed) == 1
    assert count_rows(root, alpha.id) == rows + 1
    # The message of a savepoint that was rolled back may go out: it finds no row.
    assert [m.outbox_id for m in recorder.sent].count(str(owed.pop())) == 1
    assert len(recorder.sent) <= 2


def test_a_standing_row_serves_new_callers_for_a_while_only(app, alpha, enqueued, root):
    first = enqueued(alpha.id, dedupe="old")
    root.execute(f"UPDATE {alpha.schema}.core_outbox SET created_at = now() - interval '31 s' WHERE id = %s", [first])
    assert enqueued(alpha.id, dedupe="old") != first


def test_two_transactions_with_one_key_do_not_wait_for_each_other(app, alpha):
    with app.app_context(), tenant(alpha.id), transaction():
        db.session.execute(text("SET LOCAL lock_timeout = 2000"))
        first = enqueue("tests.effect", queue="default", payload={"label": "x"}, dedupe="both")
        with tenant(alpha.id), transaction():
            second = enqueue("tests.effect", queue="default", payload={"label": "x"}, dedupe="both")
    assert first != second


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO platform.outbox_hint (tenant_id, due_at) VALUES ('{other}', now())",
        "INSERT INTO platform.outbox_hint (id, due_at) VALUES (1, now())",
        "SELECT tenant_id FROM platform.outbox_hint",
        "UPDATE platform.outbox_hint SET due_at = now()",
        "DELETE FROM platform.outbox_hint",
    ],
)
def test_a_tenant_can_leave_hints_of_its_own_and_nothing_else(app, alpha, beta, statement):
    with app.app_context(), tenant(alpha.id), pytest.raises(ProgrammingError) as refused:
        db.session.execute(text(statement.format(other=beta.schema)))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


def test_platform_rows_are_sent_under_the_platforms_name(app, recorder, root):
    with app.app_context(), platform(), transaction():
        outbox_id = enqueue_platform("tests.effect", queue="ops", payload={"tenant_id": "x"})
    assert [(m.tenant_id, m.outbox_id) for m in recorder.sent] == [(PLATFORM, str(outbox_id))]
    assert root.execute("SELECT queue FROM platform.outbox WHERE id = %s", [outbox_id]).fetchone() == ("ops",)
    root.execute("DELETE FROM platform.outbox WHERE task = 'tests.effect'")
