"""Ticks: however many beats there are, each slot of each job fires once per tenant, and none is missed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from app.core.jobs import ticks
from app.core.jobs.queues import QueueName
from app.core.jobs.ticks import Entry
from tests.core.jobs.test_runner import set_state

HOUR = timedelta(hours=1)


@pytest.fixture
def nightly(root, request):
    """An entry of its own for each test; no other test's slots are in its way."""
    return Entry(request.node.name[:50], "tests.effect", QueueName.DEFAULT, every=24 * HOUR, payload={"label": "t"})


def runs(root, entry: Entry, tenant_id: str) -> int:
    """How many runs of the entry's job the tenant has been given, told by its ticks and by its outbox."""
    ticked = root.execute(f"SELECT count(*) FROM t_{tenant_id}.core_ticks WHERE job = %s", [entry.job]).fetchone()[0]
    owed = root.execute(
        f"SELECT count(*) FROM t_{tenant_id}.core_outbox o JOIN t_{tenant_id}.core_ticks t USING (created_at) "
        "WHERE t.job = %s",
        [entry.job],
    ).fetchone()[0]
    assert ticked == owed
    return ticked


def closed(root, entry: Entry) -> int:
    return root.execute("SELECT count(*) FROM platform.ticks WHERE job = %s", [entry.job]).fetchone()[0]


def test_one_slot_is_one_run_per_tenant_however_often_beat_speaks(app, alpha, beta, nightly, root):
    with app.app_context():
        fired = [ticks.fire_due([nightly]) for _ in range(3)]
    assert fired[0] >= 2
    assert fired[1:] == [0, 0]
    assert (runs(root, nightly, alpha.id), runs(root, nightly, beta.id), closed(root, nightly)) == (1, 1, 1)


def test_two_beats_at_once_are_one_run_per_slot(app, alpha, beta, nightly, root):
    def beat() -> None:
        with app.app_context():
            ticks.fire_due([nightly])

    threads = [threading.Thread(target=beat) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (runs(root, nightly, alpha.id), runs(root, nightly, beta.id), closed(root, nightly)) == (1, 1, 1)


def test_killed_between_two_tenants_the_rest_get_theirs_from_the_next(app, alpha, beta, nightly, root, monkeypatch):
    order = sorted([alpha.id, beta.id])
    fire = ticks._fire_tenant

    def killed(tenant_id, entry, slot):
        if tenant_id == order[1]:
            raise KeyboardInterrupt
        return fire(tenant_id, entry, slot)

    monkeypatch.setattr(ticks, "_fire_tenant", killed)
    with app.app_context(), pytest.raises(KeyboardInterrupt):
        ticks.fire_due([nightly])
    assert [runs(root, nightly, tenant_id) for tenant_id in order] == [1, 0]
    assert closed(root, nightly) == 0
    monkeypatch.undo()
    with app.app_context():
        ticks.fire_due([nightly])
    assert [runs(root, nightly, tenant_id) for tenant_id in order] == [1, 1]
    assert closed(root, nightly) == 1


def test_a_tenant_that_cannot_be_reached_keeps_the_slot_open_for_itself_alone(app, alpha, beta, nightly, root):
    root.execute(f"ALTER TABLE {alpha.schema}.core_ticks RENAME TO core_ticks_away")
    try:
        with app.app_context():
            ticks.fire_due([nightly])
    finally:
        root.execute(f"ALTER TABLE {alpha.schema}.core_ticks_away RENAME TO core_ticks")
    assert (runs(root, nightly, alpha.id), runs(root, nightly, beta.id), closed(root, nightly)) == (0, 1, 0)
    with app.app_context():
        ticks.fire_due([nightly])
    assert (runs(root, nightly, alpha.id), runs(root, nightly, beta.id), closed(root, nightly)) == (1, 1, 1)


def test_suspended_tenants_are_passed_over(app, alpha, nightly, root):
    set_state(app, root, alpha.id, "suspended")
    try:
        with app.app_context():
            ticks.fire_due([nightly])
    finally:
        set_state(app, root, alpha.id, "active")
    assert (runs(root, nightly, alpha.id), closed(root, nightly)) == (0, 1)


def test_platform_entries_fire_once(app, root):
    entry = Entry("platform-once", "tests.effect", QueueName.OPS, every=HOUR, for_platform=True)
    with app.app_context():
        assert [ticks.fire_due([entry]) for _ in range(2)] == [1, 0]
    assert root.execute("DELETE FROM platform.outbox WHERE task = 'tests.effect'").rowcount == 1


def test_slots_are_periods_that_begin_at_their_hour():
    entry = Entry("x", "tests.effect", QueueName.DEFAULT, every=timedelta(days=1), at=2 * HOUR)
    before = datetime(2026, 3, 1, 1, 59, tzinfo=UTC)
    assert entry.slots(before) == [datetime(2026, 2, 28, 2, tzinfo=UTC)]
    assert entry.slots(before + timedelta(minutes=1)) == [datetime(2026, 3, 1, 2, tzinfo=UTC)]


def test_missed_slots_are_made_up_for_as_far_as_the_entry_says():
    entry = Entry("x", "tests.effect", QueueName.DEFAULT, every=HOUR, catch_up=3)
    now = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert entry.slots(now) == [datetime(2026, 3, 1, hour, tzinfo=UTC) for hour in (10, 11, 12)]


def test_tenants_are_spread_within_the_entrys_time_and_keep_their_place():
    places = [ticks._delay(f"tenant{number:06d}", 2 * HOUR) for number in range(200)]
    assert all(timedelta(0) <= place < 2 * HOUR for place in places)
    assert len(set(places)) == 200
    assert ticks._delay("tenant000007", 2 * HOUR) == places[7]
