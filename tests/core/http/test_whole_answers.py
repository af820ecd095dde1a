"""A page reaches the server in one piece: a killed process leaves all of it or nothing. Streams stay streams."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from flask import Flask, Response, redirect
from werkzeug.test import EnvironBuilder

from app.core.db import Tenant
from app.core.http.access import public

Ask = Callable[..., Iterable[bytes]]


@pytest.fixture
def ask(another_app: Callable[..., Flask], alpha: Tenant) -> Ask:
    """`ask(view)`: what the server is given for the answer of a view."""
    app = another_app()

    def asked(view: Callable[[], Any], method: str = "GET") -> Iterable[bytes]:
        app.add_url_rule("/piece", "piece", public("a test")(view))
        environ = EnvironBuilder("/piece", f"http://{alpha.hosts[0]}", method=method).get_environ()
        return app.wsgi_app(environ, lambda status, headers, exc_info=None: lambda data: None)

    return asked


def test_a_page_is_a_list(ask: Ask) -> None:
    assert ask(lambda: "words") == [b"words"]


def test_a_redirect_is_a_list(ask: Ask) -> None:
    given = ask(lambda: redirect("/elsewhere"))
    assert isinstance(given, list)
    assert b"/elsewhere" in given[0]


def test_nothing_of_a_page_answers_head(ask: Ask) -> None:
    assert b"".join(ask(lambda: "words", "HEAD")) == b""


def test_a_page_is_closed_once_before_it_leaves(ask: Ask) -> None:
    closed = []

    def view() -> Response:
        response = Response("words")
        response.call_on_close(lambda: closed.append(1))
        return response

    given = ask(view)
    if hasattr(given, "close"):
        given.close()
    assert closed == [1]


def test_a_stream_stays_a_stream(ask: Ask) -> None:
    given = ask(lambda: Response(piece for piece in ("one", "two")))
    assert not isinstance(given, list)
    assert list(given) == [b"one", b"two"]
