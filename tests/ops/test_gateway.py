"""The real gateway before two real web servers: no read fails with one of them, and no client is believed."""

from __future__ import annotations

import html
import http.client
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import text

from app.core.db import Tenant, db, tenant
from app.core.guard.vault import blind_index
from bench.gateway import Front, drill
from bench.loading import Load
from tests.fixtures.browsing import TOKEN

READS = 800
FORGED = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9;host=evil.test",
          "X-Forwarded-Proto": "https", "X-Forwarded-Port": "444", "X-Forwarded-Prefix": "/evil"}  # fmt: skip


@pytest.fixture(scope="module")
def front(app: Flask, environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    made = Front(tmp_path_factory.mktemp("gateway"), environ)
    try:
        made.wait_for_all()
        yield made
    finally:
        made.end()


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Message
    body: bytes


def ask(front: Front, method: str, path: str, host: str, headers: Mapping[str, str] | None = None,
        body: bytes | Iterator[bytes] | None = None, source: str = "127.0.0.1") -> Answer:  # fmt: skip
    """Send one request to the gateway from the address `source`."""
    connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=30, source_address=(source, 0))
    with closing(connection):
        # Refused before the body is through: the answer is there all the same.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, path, body=body, headers={"Host": host, **(headers or {})})
        answer = connection.getresponse()
        try:
            page = answer.read()
        except http.client.IncompleteRead as cut:
            # The server closes behind an answer to a body it has not read, which may cut the end of a page off.
            if body is None:
                raise
            page = cut.partial
        return Answer(answer.status, answer.headers, page)


def test_no_read_fails_while_a_web_server_is_killed(front: Front, alpha: Tenant) -> None:
    load = Load(front.port, alpha.hosts[0], "/sign-in", threads=4, reads=READS)
    assert drill(front, load, kills=1) == 1
    assert (load.done, dict(load.failures)) == (READS, {})
    assert front.supervisor.children[0].deaths == 1
    front.wait_for_all()


def test_the_host_alone_says_whose_page_it_is(front: Front, alpha: Tenant, beta: Tenant) -> None:
    forged = {**FORGED, "X-Forwarded-Host": beta.hosts[0], "X-Tenant": beta.id}
    answer = ask(front, "GET", "/sign-in", alpha.hosts[0], forged)
    assert answer.status == 200
    assert alpha.name in answer.body.decode()
    assert beta.name not in answer.body.decode()
    for claimed in (alpha, beta):
        forged = {**FORGED, "X-Forwarded-Host": claimed.hosts[0], "X-Tenant": claimed.id}
        assert ask(front, "GET", "/sign-in", "nobody.localhost", forged).status == 404


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux answers at every address of 127.0.0.0/8")
def test_the_clients_own_address_is_counted(front: Front, app: Flask, alpha: Tenant) -> None:
    page = ask(front, "GET", "/sign-in", alpha.hosts[0])
    found = TOKEN.search(page.body.decode())
    assert found is not None
    form = urlencode({"csrf_token": html.unescape(found[1]), "email": "nobody@example.com", "password": "wrong " * 3,
                      "next": ""})  # fmt: skip
    sent = {**FORGED, "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": page.headers["Set-Cookie"].split(";")[0]}  # fmt: skip
    assert ask(front, "POST", "/sign-in", alpha.hosts[0], sent, form.encode(), source="127.0.0.2").status == 401
    with app.app_context(), tenant(alpha.id):
        query = text("SELECT fingerprint FROM tenants_sign_in_attempts WHERE kind = 'address'")
        counted = {bytes(row.fingerprint) for row in db.session.execute(query)}
        assert counted == {blind_index("sign_in.address", "127.0.0.2")}


MEGABYTE = bytes(1024 * 1024)


def test_a_body_too_long_is_refused(front: Front, alpha: Tenant) -> None:
    sized = {"Content-Length": str(70 * len(MEGABYTE)), "Content-Type": "application/octet-stream"}
    body = (MEGABYTE for _ in range(70))
    assert ask(front, "POST", "/sign-in", alpha.hosts[0], sized, body).status == 413


def test_bodies_that_fail_on_their_way_close_nothing(front: Front, alpha: Tenant) -> None:
    """The web servers refuse them unread: were that held against the servers, both would soon be taken out."""
    for _ in range(6):
        sized = {"Content-Length": str(60 * len(MEGABYTE)), "Content-Type": "application/octet-stream"}
        body = (MEGABYTE for _ in range(60))
        assert ask(front, "POST", "/sign-in", alpha.hosts[0], sized, body).status in (403, 502)
        parts = (b"%x\r\n%b\r\n" % (len(MEGABYTE), MEGABYTE) for _ in range(70))
        chunked = {"Transfer-Encoding": "chunked"}
        assert ask(front, "POST", "/sign-in", alpha.hosts[0], chunked, parts).status in (403, 413, 502)
        assert ask(front, "GET", "/sign-in", alpha.hosts[0]).status == 200


def test_answers_are_compressed_and_carry_the_headers(front: Front, alpha: Tenant) -> None:
    answer = ask(front, "GET", "/sign-in", alpha.hosts[0], {"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in answer.headers
    # Plain http promises nothing about https.
    assert "Strict-Transport-Security" not in answer.headers


def test_the_gateway_is_the_file_that_is_shipped(front: Front) -> None:
    command = front.supervisor.children[2].program.command
    assert Path(command[command.index("--config") + 1]).parts[-2:] == ("gateway", "Caddyfile")
