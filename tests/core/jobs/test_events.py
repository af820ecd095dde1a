"""Events: handled at once, in the publisher's transaction."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from app.core.jobs import events


@dataclass(frozen=True)
class Happened:
    """An event of this test."""

    what: str


@pytest.fixture(autouse=True)
def wiring(monkeypatch):
    monkeypatch.setattr(events, "_handlers", events._handlers)


def test_handlers_run_in_the_order_of_the_table():
    seen = []
    events.install({Happened: (lambda event: seen.append(("first", event.what)), lambda event: seen.append("second"))})
    events.publish(Happened("it"))
    events.publish(object())
    assert seen == [("first", "it"), "second"]


def test_a_handlers_error_is_the_publishers():
    def refuse(event: Happened) -> None:
        raise ZeroDivisionError

    events.install({Happened: (refuse,)})
    with pytest.raises(ZeroDivisionError):
        events.publish(Happened("it"))


def test_without_the_table_nothing_is_dropped_in_silence(monkeypatch):
    monkeypatch.setattr(events, "_handlers", None)
    with pytest.raises(LookupError):
        events.publish(Happened("it"))
