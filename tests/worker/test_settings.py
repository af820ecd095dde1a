"""Celery's settings: the ones that were measured, and the order of limits the outbox relies on."""

from __future__ import annotations

from app.core.jobs.timing import Timing
from worker import settings
from worker.relay import server_urls

LOADED = settings.load({"REDIS_URL": "redis://127.0.0.1:6379/0"})


def test_the_limits_are_in_order():
    timing = Timing()
    assert LOADED["task_time_limit"] < timing.lease < LOADED["broker_transport_options"]["visibility_timeout"]
    assert timing.grace < timing.redispatch <= timing.redispatch_cap <= settings.VISIBILITY_TIMEOUT


def test_a_message_is_acknowledged_when_its_row_has_been_looked_at():
    assert LOADED["task_acks_late"] is True
    assert LOADED["task_reject_on_worker_lost"] is True
    assert LOADED["worker_prefetch_multiplier"] == 1


def test_nothing_but_json_and_no_results():
    assert LOADED["accept_content"] == ["json"]
    assert LOADED["task_ignore_result"] is True
    assert "result_backend" not in LOADED


def test_the_brokers_keys_have_their_prefix():
    assert LOADED["broker_transport_options"]["global_keyprefix"] == "q:"


def test_the_relay_reaches_further_servers_with_its_own_login():
    urls = server_urls(
        {
            "RELAY_DATABASE_URL": "postgresql://forecourt_relay:secret@main:5432/forecourt",
            "DATABASE_URL": "postgresql://forecourt_app:other@main:5432/forecourt",
            "DATABASE_URL_EAST": "postgresql://forecourt_app:other@east:6432/elsewhere?sslmode=require",
        }
    )
    assert urls == {
        "main": "postgresql://forecourt_relay:secret@main:5432/forecourt",
        "east": "postgresql://forecourt_relay:secret@east:6432/elsewhere?sslmode=require",
    }
