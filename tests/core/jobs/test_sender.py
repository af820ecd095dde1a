"""The sender: a hung or missing broker costs a committed request a tenth of a second at most, and no error."""

from __future__ import annotations

import os
import socket

import pytest

from app.core.db import tenant, transaction
from app.core.jobs import sender
from app.core.jobs.outbox import enqueue
from app.core.jobs.sender import SOCKET_TIMEOUT, Sender
from app.core.jobs.wire import Broker, Message


@pytest.fixture
def hung():
    """The URL of a broker that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(50)
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"


def test_the_producer_waits_a_tenth_of_a_second_and_never_tries_again(redis_url):
    broker = Broker(redis_url, timeout=SOCKET_TIMEOUT)
    broker.connect()
    settings = broker.connection.default_channel.client.connection_pool.connection_kwargs
    assert SOCKET_TIMEOUT == 0.1
    assert settings["socket_timeout"] == SOCKET_TIMEOUT
    assert settings["socket_connect_timeout"] == SOCKET_TIMEOUT
    retry = broker.connection.default_channel.client.connection_pool.make_connection().retry
    assert retry.get_retries() == 0
    broker.close()


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "hung"])
def test_with_the_broker_hung_or_down_the_commit_stands(app, alpha, hung, row, url):
    app.extensions["forecourt_sender"] = Sender(hung if url == "hung" else url)
    with app.app_context(), tenant(alpha.id), transaction():
        outbox_id = enqueue("tests.effect", queue="default", payload={"label": "x"})
    assert row(alpha.id, str(outbox_id))["done_at"] is None


def test_after_a_failure_it_rests_instead_of_paying_again(hung, monkeypatch):
    made = Sender(hung)
    messages = [Message("a" * 12, "x", "default")]
    assert made.send(messages) == 0
    monkeypatch.setattr(sender, "Broker", None)  # To connect again now would raise, and so be a failure of its own.
    rest = made._rest_until
    assert made.send(messages) == 0
    assert made._rest_until == rest


def test_after_its_rest_it_sends_again(redis_url, hung):
    made = Sender(hung)
    assert made.send([Message("a" * 12, "x", "default")]) == 0
    made.url, made._rest_until = redis_url, 0.0
    assert made.send([Message("a" * 12, "x", "default")]) == 1


def test_a_great_transaction_leaves_most_to_the_relay(redis_url):
    made = Sender(redis_url)
    messages = [Message("a" * 12, str(number), "default") for number in range(200)]
    assert made.send(messages) == sender.MAX_PER_COMMIT


def test_a_forked_child_makes_a_connection_of_its_own(redis_url):
    made = Sender(redis_url)
    made.warm()
    inherited = made._broker
    assert made._own_broker() is inherited
    made._pid = os.getpid() + 1  # As a child would find it.
    assert made._own_broker() is not inherited


def test_without_a_sender_nothing_is_sent(app):
    with app.app_context():
        assert sender.send([Message("a" * 12, "x", "default")]) == 0
