"""A mail that left without the row saying so leaves again under the same name, so that a mailbox keeps one."""

from __future__ import annotations

import dataclasses
import email
import socketserver
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import delete, update

from app.core.db import Tenant, db, transaction
from app.core.jobs.models import Outbox
from app.core.jobs.topics import Subject
from app.notifications.operations import telling
from app.tenants.events import PASSWORD_CHANGED
from app.tenants.operations import links
from app.tenants.rules.signing import PASSWORD_RESET
from tests.fixtures import people
from tests.fixtures.audited import by_hand
from tests.notifications.conftest import Owed


class MailServer(socketserver.ThreadingTCPServer):
    """Takes mails; the next `dies` of them without a word of thanks, as when the sender is killed just then."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.ids: list[str] = []
        self.dies = 0


class Talk(socketserver.StreamRequestHandler):
    """One conversation with a sender."""

    server: MailServer

    def handle(self) -> None:
        """Answer line by line."""
        self.say("220 here")
        while line := self.rfile.readline().decode().strip().upper():
            if line == "DATA":
                self.say("354 go on")
                text = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.ids.append(email.message_from_bytes(text)["Message-ID"])
                if self.server.dies:
                    self.server.dies -= 1
                    return
            self.say("221 bye" if line == "QUIT" else "250 yes")

    def say(self, text: str) -> None:
        """One line of an answer."""
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def mail_server(app: Flask, in_alpha: Tenant) -> Iterator[MailServer]:
    with transaction():
        db.session.execute(delete(Outbox))
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        kept = app.extensions["forecourt_settings"]
        url = f"smtp://127.0.0.1:{server.server_address[1]}"
        app.extensions["forecourt_settings"] = dataclasses.replace(kept, demo_mail=False, smtp_url=url)
        yield server
        app.extensions["forecourt_settings"] = kept
        server.shutdown()


@pytest.mark.parametrize("task", [links.SEND, telling.SEND])
def test_a_mail_sent_again_has_the_same_name(
    in_alpha: Tenant, run_owed: Owed, mail_server: MailServer, task: str
) -> None:
    user = people.find_user("gm")
    assert user is not None

    def owe() -> None:
        with transaction():
            if task == links.SEND:
                with by_hand():
                    links.send_link(user.id, PASSWORD_RESET)
            else:
                telling.notify([user.id], PASSWORD_CHANGED, Subject("account", user.id))

    mail_server.dies = 1
    owe()
    assert run_owed(in_alpha, task) == ["failed"]
    with transaction():
        db.session.execute(update(Outbox).values(available_at=Outbox.created_at, lease_until=None))
    assert run_owed(in_alpha, task) == ["done"]
    first, again = mail_server.ids
    assert first == again
    assert first.endswith(f"@{in_alpha.hosts[0]}>")
    owe()
    assert run_owed(in_alpha, task) == ["done"]
    assert mail_server.ids[2] != first
