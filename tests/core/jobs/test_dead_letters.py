"""Dead letters, as the operator meets them: seen, replayed, counted, and only his own commands touch them."""

from __future__ import annotations

import pytest

from app.core.db import platform, tenant, transaction
from app.core.jobs import dead_letters, runner
from app.core.jobs.outbox import enqueue_platform
from worker import tasks


@pytest.fixture
def dead(app, alpha, enqueued, hurry) -> str:
    outbox_id = enqueued(alpha.id, "tests.of_tomorrow", max_attempts=1)
    with app.app_context():
        assert runner.run(alpha.id, outbox_id) == "dead"
    return outbox_id


def command(app, *arguments: str) -> str:
    ran = app.test_cli_runner().invoke(args=arguments)
    assert ran.exit_code == 0, ran.output
    return ran.output


def test_a_dead_row_is_listed_with_its_error(app, alpha, dead):
    output = command(app, "outbox", "dead", "--tenant", alpha.slug)
    assert dead in output
    assert "UnknownTask" in output
    assert dead in command(app, "outbox", "dead")


def test_a_replay_runs_it_from_its_first_attempt(app, alpha, dead, row, root):
    root.execute("DELETE FROM platform.outbox_hint")
    root.execute(f"UPDATE {alpha.schema}.core_outbox SET task = 'tests.effect', payload = '{{\"label\": \"again\"}}'")
    assert "1 given another try" in command(app, "outbox", "replay", "--tenant", alpha.slug, dead)
    found = row(alpha.id, dead)
    assert (found["attempts"], found["dead_at"]) == (0, None)
    hints = root.execute("SELECT count(*) FROM platform.outbox_hint WHERE tenant_id = %s", [alpha.schema])
    assert hints.fetchone() == (1,)
    with app.app_context():
        assert runner.run(alpha.id, dead) == "done"
    assert app.test_cli_runner().invoke(args=["outbox", "replay", "--tenant", alpha.slug, dead]).exit_code == 1


def test_replay_all_takes_every_dead_row_of_that_tenant_alone(app, alpha, beta, dead, enqueued, row):
    other = enqueued(beta.id, "tests.of_tomorrow", max_attempts=1)
    with app.app_context():
        runner.run(beta.id, other)
    command(app, "outbox", "replay", "--tenant", alpha.slug, "--all")
    assert row(alpha.id, dead)["dead_at"] is None
    assert row(beta.id, other)["dead_at"] is not None


def test_status_counts(app, beta, enqueued):
    with app.app_context(), tenant(beta.id):
        before = dead_letters.outbox_status()
    enqueued(beta.id)
    with app.app_context(), tenant(beta.id):
        after = dead_letters.outbox_status()
    assert (after.waiting - before.waiting, after.running, after.dead) == (1, 0, before.dead)
    assert beta.slug in command(app, "outbox", "status")


def test_pruning_keeps_what_is_young_dead_or_waiting(app, alpha, dead, enqueued, row, root):
    waiting, old, young = (enqueued(alpha.id) for _ in range(3))
    done = f"UPDATE {alpha.schema}.core_outbox SET done_at = now() - %s::interval WHERE id = %s"
    root.execute(done, ["8 days", old])
    root.execute(done, ["6 days", young])
    with app.app_context(), tenant(alpha.id), transaction():
        assert dead_letters.prune() == 1
    assert row(alpha.id, old) == {}
    assert all(row(alpha.id, kept) for kept in (waiting, young, dead))


def test_cleaning_up_goes_on_until_all_is_gone_and_takes_old_ticks(app, alpha, enqueued, row, root, monkeypatch):
    tasks.load()
    monkeypatch.setattr(dead_letters, "PRUNED_AT_ONCE", 2)
    old = [enqueued(alpha.id) for _ in range(5)]
    root.execute(f"UPDATE {alpha.schema}.core_outbox SET done_at = now() - interval '8 days' WHERE done_at IS NULL")
    ticks = "INSERT INTO {} (job, slot, {}) VALUES ('x', 'old', now() - interval '31 days'), ('x', 'young', now())"
    root.execute(ticks.format(f"{alpha.schema}.core_ticks", "created_at"))
    root.execute(ticks.format("platform.ticks", "closed_at"))
    outbox_id = enqueued(alpha.id, task="jobs.clean_up")
    with app.app_context():
        assert runner.run(alpha.id, outbox_id) is runner.Outcome.DONE
        with platform(), transaction():
            own = str(enqueue_platform("jobs.clean_up", queue="default"))
        assert runner.run("platform", own) is runner.Outcome.DONE
    assert [row(alpha.id, done) for done in old] == [{}] * 5
    for table in (f"{alpha.schema}.core_ticks", "platform.ticks"):
        assert root.execute(f"SELECT slot FROM {table} WHERE job = 'x'").fetchall() == [("young",)]


def test_jobs_are_listed_retried_and_canceled_from_the_shell(app, alpha, root):
    root.execute(
        f"INSERT INTO {alpha.schema}.core_jobs (id, kind, task, queue, state) "
        "VALUES ('018f0000-0000-7000-8000-000000000001', 'import', 'tests.effect', 'imports', 'failed')"
    )
    job_id = "018f0000-0000-7000-8000-000000000001"
    assert "failed" in command(app, "jobs", "list", "--tenant", alpha.slug)
    assert "queued" in command(app, "jobs", "retry", "--tenant", alpha.slug, job_id)
    assert "will stop" in command(app, "jobs", "cancel", "--tenant", alpha.slug, job_id)
    refused = app.test_cli_runner().invoke(args=["jobs", "retry", "--tenant", alpha.slug, job_id])
    assert refused.exit_code == 1
    assert "under way" in refused.output
