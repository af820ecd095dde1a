"""Running a row: once, fenced, in its own tenant, whatever the messages say."""

from __future__ import annotations

import threading
import uuid

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.core.db import current_tenant, db, directory, tenant, transaction
from app.core.jobs import claims, registry, runner
from app.core.jobs.runner import Outcome
from tests.core.jobs.effects import leave_effect


def run(app, tenant_id: str, outbox_id: str, came_by: str | None = None) -> Outcome:
    with app.app_context():
        return runner.run(tenant_id, outbox_id, came_by)


def test_repeated_messages_have_one_effect(app, alpha, enqueued, effects):
    outbox_id = enqueued(alpha.id, payload={"label": "repeat"})
    assert [run(app, alpha.id, outbox_id) for _ in range(5)] == [Outcome.DONE] + [Outcome.SKIPPED] * 4
    assert effects(alpha.id, "repeat") == 1


def test_messages_out_of_order_have_one_effect_each(app, alpha, enqueued, effects):
    ids = [enqueued(alpha.id, payload={"label": "order"}) for _ in range(4)]
    for outbox_id in [*reversed(ids), *ids]:
        run(app, alpha.id, outbox_id)
    assert effects(alpha.id, "order") == 4


def test_two_runners_at_once_have_one_effect(app, alpha, enqueued, effects):
    outbox_id = enqueued(alpha.id, payload={"label": "race"})
    outcomes: list[Outcome] = []
    threads = [threading.Thread(target=lambda: outcomes.append(run(app, alpha.id, outbox_id))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [Outcome.DONE, Outcome.SKIPPED, Outcome.SKIPPED, Outcome.SKIPPED]
    assert effects(alpha.id, "race") == 1


@pytest.mark.parametrize(
    "tenant_id",
    ["", "zzzzzzzzzzzz", "t_platform", "platform; DROP", "../../etc", "PLATFORM", "x" * 300],
)
def test_messages_of_invented_tenants_change_nothing(app, alpha, enqueued, row, tenant_id):
    outbox_id = enqueued(alpha.id)
    assert run(app, tenant_id, outbox_id) == Outcome.SKIPPED
    assert row(alpha.id, outbox_id)["attempts"] == 0


@pytest.mark.parametrize("outbox_id", ["", "nonsense", "0", "' OR 1=1 --", "0190a000-0000-7000-8000-00000000dead"])
def test_messages_of_invented_rows_change_nothing(app, alpha, outbox_id):
    assert run(app, alpha.id, outbox_id) == Outcome.SKIPPED
    assert run(app, "platform", outbox_id) == Outcome.SKIPPED


def test_a_message_with_a_forged_tenant_changes_nothing(app, alpha, beta, enqueued, effects, row):
    outbox_id = enqueued(alpha.id, payload={"label": "forged"})
    assert run(app, beta.id, outbox_id) == Outcome.SKIPPED
    assert (effects(alpha.id, "forged"), effects(beta.id, "forged")) == (0, 0)
    assert row(alpha.id, outbox_id)["attempts"] == 0


def test_a_message_that_came_by_another_queue_is_not_believed(app, alpha, enqueued, row):
    outbox_id = enqueued(alpha.id)
    assert run(app, alpha.id, outbox_id, came_by="ops") == Outcome.SKIPPED
    assert row(alpha.id, outbox_id)["attempts"] == 0
    assert run(app, alpha.id, outbox_id, came_by="default") == Outcome.DONE


def test_a_failure_rolls_the_effect_back_and_waits_longer_each_time(app, alpha, enqueued, effects, row, hurry):
    outbox_id = enqueued(alpha.id, "tests.effect_then_fail", payload={"label": "fails"})
    waits = []
    for _ in range(3):
        assert run(app, alpha.id, outbox_id) == Outcome.FAILED
        found = row(alpha.id, outbox_id)
        waits.append(found["available_at"] - found["clock"])
        assert run(app, alpha.id, outbox_id) == Outcome.SKIPPED
        hurry(alpha.id)
    assert effects(alpha.id, "fails") == 0
    assert waits == sorted(waits)
    assert waits[0].total_seconds() > 5


def test_a_row_dies_after_its_last_attempt_and_its_error_names_nobody(app, alpha, enqueued, effects, row, hurry):
    outbox_id = enqueued(alpha.id, "tests.effect_then_fail", payload={"label": "dies"}, max_attempts=3)
    outcomes = []
    for _ in range(5):
        outcomes.append(run(app, alpha.id, outbox_id))
        hurry(alpha.id)
    assert outcomes == [Outcome.FAILED, Outcome.FAILED, Outcome.DEAD, Outcome.SKIPPED, Outcome.SKIPPED]
    found = row(alpha.id, outbox_id)
    assert found["dead_at"] is not None
    assert found["last_error"] == "Refused"
    assert effects(alpha.id, "dies") == 0


def test_a_row_that_kills_its_worker_every_time_dies_too(app, alpha, enqueued, row, hurry):
    outbox_id = enqueued(alpha.id, max_attempts=2)
    for _ in range(2):
        with app.app_context(), tenant(alpha.id), transaction():
            assert isinstance(claims.claim(uuid.UUID(outbox_id), None), claims.Claim)
        hurry(alpha.id)
    assert run(app, alpha.id, outbox_id) == Outcome.DEAD
    assert row(alpha.id, outbox_id)["last_error"] == "WorkerLost"


def test_a_slow_runner_whose_lease_has_passed_on_cannot_finish(app, alpha, enqueued, effects, row, hurry):
    @registry.task("tests.slow", queue="default")
    def slow(payload: registry.Payload) -> None:
        leave_effect("slow")
        if registry.current_run().attempt == 1:
            hurry(alpha.id)  # The lease runs out, and a second runner takes the row and finishes it.
            thread = threading.Thread(target=lambda: second.append(run(app, alpha.id, outbox_id)))
            thread.start()
            thread.join()

    second: list[Outcome] = []
    outbox_id = enqueued(alpha.id, "tests.slow")
    first = run(app, alpha.id, outbox_id)
    assert (first, second) == (Outcome.LOST, [Outcome.DONE])
    assert effects(alpha.id, "slow") == 1
    assert row(alpha.id, outbox_id)["attempts"] == 2


def test_a_leased_row_is_left_alone(app, alpha, enqueued, row):
    outbox_id = enqueued(alpha.id)
    with app.app_context(), tenant(alpha.id), transaction():
        assert claims.claim(uuid.UUID(outbox_id), None) is not None
    found = row(alpha.id, outbox_id)
    assert found["next_dispatch_at"] == found["lease_until"]
    assert run(app, alpha.id, outbox_id) == Outcome.SKIPPED


def test_an_unknown_task_waits_for_a_release_that_knows_it(app, alpha, enqueued, row):
    outbox_id = enqueued(alpha.id, "tests.of_tomorrow")
    assert run(app, alpha.id, outbox_id) == Outcome.FAILED
    assert row(alpha.id, outbox_id)["last_error"] == "UnknownTask"


def test_database_errors_are_told_by_their_code(app, alpha, enqueued, row):
    @registry.task("tests.divides", queue="default")
    def divides(payload: registry.Payload) -> None:
        db.session.execute(text("SELECT 1/0"))

    outbox_id = enqueued(alpha.id, "tests.divides")
    assert run(app, alpha.id, outbox_id) == Outcome.FAILED
    assert row(alpha.id, outbox_id)["last_error"] == "DataError:22012"


def test_a_suspended_tenants_rows_stay_and_run_when_it_is_back(app, alpha, enqueued, effects, root):
    outbox_id = enqueued(alpha.id, payload={"label": "suspended"})
    set_state(app, root, alpha.id, "suspended")
    assert run(app, alpha.id, outbox_id) == Outcome.SKIPPED
    set_state(app, root, alpha.id, "active")
    assert effects(alpha.id, "suspended") == 0
    assert run(app, alpha.id, outbox_id) == Outcome.DONE


def set_state(app, root, tenant_id: str, state: str) -> None:
    version = root.execute("UPDATE platform.directory_state SET version = version + 1 RETURNING version").fetchone()[0]
    root.execute(
        "UPDATE platform.tenants SET state = %s, directory_version = %s WHERE id = %s", [state, version, tenant_id]
    )
    with app.app_context():
        directory.refresh()


def test_one_process_runs_a_then_b_then_failing_a_and_b_sees_only_b(app, alpha, beta, enqueued, effects):
    seen = []

    @registry.task("tests.look_round", queue="default")
    def look_round(payload: registry.Payload) -> None:
        who = db.session.execute(text("SELECT current_user::text, current_schema()::text")).one()
        seen.append((current_tenant().id, *who))
        leave_effect(f"of {current_tenant().id}")

    for known in (alpha, beta):
        assert run(app, known.id, enqueued(known.id, "tests.look_round")) == Outcome.DONE
    assert run(app, alpha.id, enqueued(alpha.id, "tests.effect_then_fail")) == Outcome.FAILED
    assert run(app, beta.id, enqueued(beta.id, "tests.look_round")) == Outcome.DONE
    assert seen == [(t.id, t.schema, t.schema) for t in (alpha, beta, beta)]
    assert (effects(beta.id, f"of {alpha.id}"), effects(beta.id, f"of {beta.id}")) == (0, 2)


def test_a_task_with_its_own_transactions_is_closed_after_it(app, alpha, enqueued, effects, row):
    @registry.task("tests.outside", queue="default", own_transactions=True)
    def outside(payload: registry.Payload) -> None:
        with transaction():
            leave_effect("outside")

    outbox_id = enqueued(alpha.id, "tests.outside")
    assert run(app, alpha.id, outbox_id) == Outcome.DONE
    assert effects(alpha.id, "outside") == 1
    assert row(alpha.id, outbox_id)["done_at"] is not None


def test_a_database_that_is_away_leaves_the_row_to_the_relay(app, alpha, enqueued, row, monkeypatch):
    outbox_id = enqueued(alpha.id)

    def away(*_: object) -> None:
        raise OperationalError("SELECT 'Jane Roe'", {}, psycopg.OperationalError("server closed the connection"))

    monkeypatch.setattr(claims, "claim", away)
    assert run(app, alpha.id, outbox_id) == Outcome.AWAY
    assert row(alpha.id, outbox_id)["attempts"] == 0
