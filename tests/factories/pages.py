"""Reading and sending pages as a browser without scripts would."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.engine import Engine
from werkzeug.test import TestResponse

_INPUT = re.compile(r'<input[^>]*\bname="([^"]+)"[^>]*>')
_VALUE = re.compile(r'\bvalue="([^"]*)"')


def token_of(client: FlaskClient) -> str:
    """The form token of the client's session, from a page that everybody who is signed in has."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/").text)
    assert found is not None
    return found[1]


def post(client: FlaskClient, address: str, **fields: Any) -> TestResponse:
    """Send a form with its token."""
    return client.post(address, data={"csrf_token": token_of(client), **fields})


def field_of(page: str, name: str) -> str | None:
    """What stands in the input `name` of a page."""
    for found in _INPUT.finditer(page):
        if found[1] == name:
            value = _VALUE.search(found[0])
            return unescape(value[1]) if value else ""
    return None


def error_of(page: str, name: str) -> str:
    """The sentence under the field `name`; empty where there is none."""
    found = re.search(rf'id="e-{name}">(.*?)</p>', page, re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", "", found[1])).strip() if found else ""


@contextmanager
def recorded() -> Iterator[list[str]]:
    """The statements any engine sends during the body, but for a process's look at the directory once a second."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "directory" not in statement:
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)
