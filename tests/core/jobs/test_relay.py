"""The relay: what the sender did not bring, it brings; for everyone, in any number of copies."""

from __future__ import annotations

import base64
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
import redis

from app.core.db import platform, tenant, transaction
from app.core.guard import audit, chain
from app.core.guard.permissions import system_actor
from app.core.jobs import runner
from app.core.jobs.outbox import enqueue_platform
from app.core.jobs.relay import Relay
from app.core.jobs.servers import bucket_url
from app.tenants.operations import lifecycle
from tests.core.jobs.test_runner import set_state
from tests.fixtures.chains import count_unsealed
from worker import tasks


@pytest.fixture
def broker(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture(autouse=True)
def clean(app, root, alpha, beta):
    """Nothing due but what the test makes so; provisioning left rows of its own, and entries to be sealed."""
    with app.app_context():
        for known in (alpha, beta):
            with tenant(known.id), transaction():
                chain.seal_new()
    root.execute("DELETE FROM platform.outbox_hint")
    root.execute("UPDATE platform.outbox SET next_dispatch_at = now() + interval '1 day'")


def messages(broker, queue: str = "default") -> list[list[str]]:
    """The arguments of every message in a queue, oldest first."""
    found = []
    for raw in reversed(broker.lrange(f"q:{queue}", 0, -1)):
        envelope = json.loads(raw)
        body = envelope["body"]
        if envelope["properties"].get("body_encoding") == "base64":
            body = base64.b64decode(body)
        found.append(json.loads(body)[0])
    return found


def test_a_row_nobody_sent_is_sent_when_its_grace_is_over(alpha, enqueued, hurry, relay, broker, row, root):
    outbox_id = enqueued(alpha.id)
    later = "now() + interval '1 hour'"
    root.execute(f"UPDATE {alpha.schema}.core_outbox SET next_dispatch_at = {later}")
    root.execute(f"UPDATE platform.outbox_hint SET due_at = {later}")
    assert relay.tick() == 0
    hurry(alpha.id)
    assert relay.tick() >= 1
    assert [alpha.id, outbox_id] in messages(broker)
    found = row(alpha.id, outbox_id)
    assert (found["next_dispatch_at"] - found["clock"]).total_seconds() > 30
    assert relay.tick() == 0


def test_every_message_is_two_ids_under_the_brokers_prefix(alpha, enqueued, hurry, relay, broker):
    enqueued(alpha.id, payload={"label": "Jane Roe"})
    hurry(alpha.id)
    relay.tick()
    assert {key for key in broker.keys("*") if not key.startswith(b"q:")} == set()
    assert all(len(arguments) == 2 for arguments in messages(broker))
    assert b"Jane Roe" not in b"".join(broker.lrange("q:default", 0, -1))


def test_a_row_that_is_never_claimed_is_sent_again_ever_later(alpha, enqueued, hurry, relay, broker, row):
    outbox_id = enqueued(alpha.id)
    waits = []
    for _ in range(3):
        hurry(alpha.id)
        relay.tick()
        found = row(alpha.id, outbox_id)
        waits.append(round((found["next_dispatch_at"] - found["clock"]).total_seconds()))
    assert waits == [60, 120, 240]
    assert messages(broker).count([alpha.id, outbox_id]) == 3


def test_done_rows_and_their_hints_are_gone(app, alpha, enqueued, hurry, relay, broker, root):
    root.execute(f"DELETE FROM {alpha.schema}.core_outbox")
    outbox_id = enqueued(alpha.id)
    with app.app_context():
        assert runner.run(alpha.id, outbox_id) == "done"
    hurry(alpha.id)
    assert relay.tick() == 0
    assert root.execute("SELECT count(*) FROM platform.outbox_hint").fetchone() == (0,)


def test_a_failed_row_comes_back_by_its_own_hint(app, alpha, enqueued, hurry, relay, broker):
    outbox_id = enqueued(alpha.id, "tests.effect_then_fail")
    with app.app_context():
        assert runner.run(alpha.id, outbox_id) == "failed"
    hurry(alpha.id)
    relay.tick()
    assert [alpha.id, outbox_id] in messages(broker)


def test_a_row_leased_by_a_vanished_runner_comes_back(app, alpha, enqueued, hurry, relay, broker, root):
    outbox_id = enqueued(alpha.id)
    hurry(alpha.id)
    relay.tick()
    leased = "attempts = 1, lease_until = now(), next_dispatch_at = now()"
    root.execute(f"UPDATE {alpha.schema}.core_outbox SET {leased} WHERE id = %s", [outbox_id])
    root.execute("UPDATE platform.outbox_hint SET due_at = now() WHERE tenant_id = %s", [alpha.schema])
    broker.flushdb()
    relay.tick()
    assert messages(broker).count([alpha.id, outbox_id]) == 1


def test_the_sweep_finds_rows_whose_hint_was_lost(alpha, enqueued, hurry, relay, broker, root):
    outbox_id = enqueued(alpha.id)
    hurry(alpha.id)
    root.execute("DELETE FROM platform.outbox_hint")
    assert relay.tick() == 0
    relay._next_sweep = 0.0
    for _ in range(50):
        relay.tick()
    assert [alpha.id, outbox_id] in messages(broker)


def test_relays_at_once_send_each_row_once(environ, alpha, beta, enqueued, hurry, broker):
    wanted = sorted([known.id, enqueued(known.id)] for known in (alpha, beta) for _ in range(20))
    hurry(alpha.id)
    hurry(beta.id)
    broker.flushdb()
    relays = [Relay({"main": environ["RELAY_DATABASE_URL"]}, environ["REDIS_URL"]) for _ in range(3)]
    threads = [threading.Thread(target=lambda relay=relay: [relay.tick() for _ in range(5)]) for relay in relays]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for relay in relays:
        relay.servers.close()
    found = messages(broker)
    assert sorted(pair for pair in found if pair in wanted) == wanted


def test_a_suspended_tenant_waits_and_keeps_its_hints(app, alpha, enqueued, hurry, relay, broker, root):
    outbox_id = enqueued(alpha.id)
    hurry(alpha.id)
    set_state(app, root, alpha.id, "suspended")
    try:
        relay.tick()
        assert messages(broker) == []
        hints = root.execute("SELECT count(*) FROM platform.outbox_hint WHERE tenant_id = %s", [alpha.schema])
        assert hints.fetchone()[0] > 0
    finally:
        set_state(app, root, alpha.id, "active")
    relay._skipped.clear()
    relay.directory._read_at = 0.0
    relay.tick()
    assert [alpha.id, outbox_id] in messages(broker)


def test_what_a_resumed_tenant_was_owed_goes_on_at_once(app, alpha, enqueued, hurry, relay, broker, root):
    waiting, later = enqueued(alpha.id), enqueued(alpha.id, at=datetime.now(UTC) + timedelta(hours=1))
    with app.app_context():
        lifecycle.suspend_tenant(alpha.id)
        # The message came and was turned down: the row was put off.
        root.execute(f"UPDATE {alpha.schema}.core_outbox SET next_dispatch_at = now() + interval '1 hour'")
        root.execute("UPDATE platform.outbox_hint SET due_at = now()")
        relay.tick()
        assert messages(broker) == []
        assert alpha.schema in relay._skipped
        lifecycle.resume_tenant(alpha.id)
    relay.directory._read_at = float("-inf")  # A second goes by.
    relay.tick()
    sent = [outbox_id for _, outbox_id in messages(broker)]
    assert waiting in sent
    assert later not in sent


def test_hints_of_nobody_are_dropped(relay, broker, root):
    for name in ("t_zzzzzzzzzzzz", "postgres", 'x"; DROP SCHEMA platform; --'):
        root.execute("INSERT INTO platform.outbox_hint (tenant_id, due_at) VALUES (%s, now())", [name])
    relay.tick()
    assert root.execute("SELECT count(*) FROM platform.outbox_hint").fetchone() == (0,)


def test_a_tenant_in_a_bad_state_does_not_stop_the_others(alpha, beta, enqueued, hurry, relay, broker, root):
    enqueued(alpha.id)
    outbox_id = enqueued(beta.id)
    hurry(alpha.id)
    hurry(beta.id)
    root.execute(f"ALTER TABLE {alpha.schema}.core_outbox RENAME TO core_outbox_away")
    try:
        relay.tick()
    finally:
        root.execute(f"ALTER TABLE {alpha.schema}.core_outbox_away RENAME TO core_outbox")
    assert [beta.id, outbox_id] in messages(broker)
    assert alpha.schema in relay._skipped


def test_while_the_broker_is_away_nothing_is_moved(environ, alpha, enqueued, hurry, row):
    outbox_id = enqueued(alpha.id)
    hurry(alpha.id)
    relay = Relay({"main": environ["RELAY_DATABASE_URL"]}, "redis://127.0.0.1:1/0")
    assert relay.tick() == 0
    relay.servers.close()
    assert row(alpha.id, outbox_id)["dispatches"] == 0


def test_what_an_outage_swallowed_is_sent_when_the_broker_is_back(alpha, enqueued, hurry, relay, broker):
    outbox_id = enqueued(alpha.id)
    hurry(alpha.id)
    relay.tick()
    broker.flushdb()
    outbox_id = enqueued(alpha.id)
    hurry(alpha.id)
    working = relay._broker
    relay._broker = type("Gone", (), {"connect": lambda s: None, "publish": _fail, "close": lambda s: None})()
    assert relay.tick() == 0
    relay._broker, relay._broker_rest = working, 0.0
    relay.tick()
    assert [alpha.id, outbox_id] in messages(broker)


def _fail(_self, _messages):
    raise ConnectionError


def test_the_platforms_own_rows_are_sent(app, relay, broker, root):
    with app.app_context(), platform(), transaction():
        outbox_id = enqueue_platform("tests.effect", queue="ops")
    root.execute("UPDATE platform.outbox SET next_dispatch_at = now() WHERE task = 'tests.effect'")
    relay.tick()
    assert messages(broker, "ops").count(["platform", str(outbox_id)]) == 1
    root.execute("DELETE FROM platform.outbox WHERE task = 'tests.effect'")


def test_further_logins_end_in_their_number():
    assert (
        bucket_url("postgresql://forecourt_relay:p%40w@h:5/d?x=1", 1) == "postgresql://forecourt_relay:p%40w@h:5/d?x=1"
    )
    assert (
        bucket_url("postgresql://forecourt_relay:p%40w@h:5/d?x=1", 3)
        == "postgresql://forecourt_relay_3:p%40w@h:5/d?x=1"
    )


def test_the_sweep_passes_a_tenant_in_a_bad_state_and_goes_on(alpha, beta, enqueued, hurry, relay, broker, root):
    outbox_id = enqueued(beta.id)
    hurry(beta.id)
    root.execute("DELETE FROM platform.outbox_hint")
    root.execute(f"ALTER TABLE {alpha.schema}.core_outbox RENAME TO core_outbox_away")
    try:
        relay._sweep = iter([alpha.schema, "t_zzzzzzzzzzzz", beta.schema])
        relay.tick()
    finally:
        root.execute(f"ALTER TABLE {alpha.schema}.core_outbox_away RENAME TO core_outbox")
    assert [beta.id, outbox_id] in messages(broker)


def test_a_look_leaves_the_relays_connection_its_own_again(alpha, relay, root):
    root.execute(f"DELETE FROM {alpha.schema}.core_outbox")
    assert relay._has_due(alpha.schema) is False
    connection = relay.servers.connection(relay.directory.find(alpha.schema)[0])
    assert connection.execute("SELECT current_user::text").fetchone() == ("forecourt_relay",)


def test_entries_of_the_audit_are_sealed_when_the_relay_has_seen_their_hint(app, alpha, hurry, relay, broker, root):
    tasks.load()
    with app.app_context(), tenant(alpha.id), transaction():
        for _ in range(3):
            audit.record(system_actor("test"), "relay_test.edit", "relay_test", None)
    assert root.execute("SELECT count(*) FROM platform.outbox_hint").fetchone() == (1,), "one hint a transaction"
    hurry(alpha.id)
    assert relay.tick() == 1
    hurry(alpha.id)
    relay.tick()
    waiting = root.execute(
        f"SELECT id::text FROM {alpha.schema}.core_outbox WHERE task = 'guard.seal_audit' AND done_at IS NULL"
    ).fetchall()
    assert len(waiting) == 1, "one row waits for all"
    assert [alpha.id, waiting[0][0]] in messages(broker, "audit")
    with app.app_context():
        assert runner.run(alpha.id, waiting[0][0], "audit") == "done"
        with tenant(alpha.id):
            assert count_unsealed() == 0
    hurry(alpha.id)
    assert relay.tick() == 0, "nothing is left to be sealed"
