"""The nightly clearing takes what has expired and keeps what is still of use."""

from __future__ import annotations

import uuid
from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from app.core import clock
from app.core.db import Tenant, columns, db, transaction
from app.core.lists.models import SavedFilter
from app.tenants.models import Link, Mail, SessionRow
from tests.fixtures import people
from worker.tasks.tenants import clean_up


def test_what_has_expired_goes_and_the_rest_stays(app: Flask, in_alpha: Tenant) -> None:
    user = people.find_user("cashier")
    assert user is not None
    user_id, now, day = user.id, clock.now(), timedelta(days=1)
    ids: dict[str, uuid.UUID] = {}

    def new(name: str) -> uuid.UUID:
        ids[name] = columns.new_id()
        return ids[name]

    def session(name: str, ends: timedelta) -> SessionRow:
        token = name.encode()
        return SessionRow(id=new(name), token_hash=token, user_id=user_id, host="a.localhost", expires_at=now + ends)

    def link(name: str, ended: timedelta, used: timedelta | None = None) -> Link:
        used_at = None if used is None else now - used
        kind = "password_reset"
        return Link(id=new(name), user_id=user_id, kind=kind, expires_at=now - ended, used_at=used_at)

    def mail(name: str, age: timedelta) -> Mail:
        text = {"recipient_masked": "c***@example.com", "subject": "x", "body_enc": b"x"}
        return Mail(id=new(name), user_id=user_id, created_at=now - age, **text)

    def saved(name: str, ends: timedelta) -> SavedFilter:
        # Of somebody who sets no new filter, which would take his old ones along.
        return SavedFilter(id=new(name), list_name="x", user_id=user_id, conditions=b"x", expires_at=now + ends)

    with transaction():
        db.session.add_all(
            [
                session("dead session", -day), session("session", day),
                link("expired link", 31 * day), link("used link", 20 * day, used=31 * day),
                link("lately expired link", 29 * day), link("link", -day),
                mail("old mail", 31 * day), mail("mail", 29 * day),
                saved("dead filter", -day), saved("filter", day),
            ]
        )  # fmt: skip
    with transaction():
        clean_up({})
    left = {key for model in (SessionRow, Link, Mail, SavedFilter) for key in db.session.scalars(select(model.id))}
    kept = {name for name, key in ids.items() if key in left}
    assert kept == {"session", "lately expired link", "link", "mail", "filter"}
