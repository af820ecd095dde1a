"""Calls to addresses that somebody else names end when their time is over, whatever the other side does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
import requests

from app.core.guard import outbound
from app.core.guard.outbound import CallRefused, check_address, session_of

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
# A byte each twentieth of a second: by itself it would end after ten seconds.
MOST_DRIPS = 200


class Dripping:
    """A server on this machine that answers the first call byte by byte, until the caller has gone."""

    def __init__(self, at_once: bytes) -> None:
        self.at_once, self.drips = at_once, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._answer, daemon=True)
        self.thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}/"

    def _answer(self) -> None:
        caller, _ = self.listener.accept()
        pause = threading.Event()
        with caller:
            caller.recv(64 * 1024)
            try:
                caller.sendall(self.at_once)
                while self.drips < MOST_DRIPS:
                    caller.sendall(b"x")
                    self.drips += 1
                    pause.wait(0.05)
            except OSError:
                return


@pytest.fixture(params=[b"HTTP/1.1 200 OK\r\nX-Slow: ", HEAD + b"\r\n", HEAD + b"Content-Length: 5000\r\n\r\n"],
                ids=["head", "body without end", "body"])  # fmt: skip
def dripping(request: pytest.FixtureRequest) -> Iterator[Dripping]:
    server = Dripping(request.param)
    yield server
    server.thread.join(30)
    server.listener.close()


def test_a_server_that_answers_byte_by_byte_is_left(dripping: Dripping, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "CALL_SECONDS", 0.5)
    with session_of(requests.Session(), loopback=True) as session, pytest.raises(requests.RequestException):
        session.get(dripping.address)
    dripping.thread.join(30)
    assert 0 < dripping.drips < MOST_DRIPS


@pytest.mark.parametrize(
    ("host", "may"),
    [
        ("[64:ff9b::a00:1]", False),
        ("[64:ff9b::7f00:1]", False),
        ("[64:ff9b:1::808:808]", False),
        ("[64:ff9b::808:808]", True),
    ],
)
def test_an_address_that_is_translated_is_judged_by_what_it_leads_to(host: str, may: bool) -> None:
    if may:
        check_address(f"https://{host}/")
    else:
        with pytest.raises(CallRefused):
            check_address(f"https://{host}/")
