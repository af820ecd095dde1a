"""What operators say to every dealership: shown in its language, put away, changed, ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from app.core import clock
from app.core.db import Tenant, directory
from tests.fixtures.browsing import send


def test_announcements_are_shown_by_language_and_put_away(
    app: Flask, alpha: Tenant, beta: Tenant, client_for: Callable[..., FlaskClient], console: FlaskClient
) -> None:
    page, now = "/platform/announcements", clock.now()
    said = {
        "text_en": "Maintenance <b>tonight</b>", "text_zh": "今晚维护", "tone": "warning",
        "starts_at": f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M}",
        "ends_at": f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M}",
    }  # fmt: skip
    backwards = {**said, "ends_at": f"{now - timedelta(hours=2):%Y-%m-%dT%H:%M}"}
    assert send(console, page, page=page, **backwards).status_code == 422
    assert send(console, page, page=page, **said).status_code == 303
    with app.app_context():
        directory.refresh()
    client, other = client_for(alpha, "salesperson"), client_for(beta)
    text = client.get("/account").text
    assert "Maintenance &lt;b&gt;tonight&lt;/b&gt;" in text
    other.set_cookie("locale", "zh", domain=beta.hosts[0])
    assert "Maintenance" in other.get("/account").text or "今晚维护" in other.get("/account").text
    key = text.partition('name="announcement" value="')[2].partition('"')[0]
    assert send(client, "/announcements/put-away", announcement=key, next="/account").status_code == 303
    assert "Maintenance" not in client.get("/account").text
    assert "Maintenance" not in client_for(alpha, None).get("/sign-in").text
    changed = {**said, "text_en": "Maintenance at noon", "text_zh": "中午维护"}
    edited = console.get(f"{page}/{key}").text
    assert "Maintenance &lt;b&gt;tonight" in edited
    assert said["ends_at"] in edited
    assert send(console, f"{page}/{key}", page=page, **{**changed, "ends_at": backwards["ends_at"]}).status_code == 422
    assert send(console, f"{page}/{key}", page=page, **changed).status_code == 303
    with app.app_context():
        directory.refresh()
    text = other.get("/account").text
    assert "Maintenance at noon" in text or "中午维护" in text
    assert "tonight" not in text
    path = f"{page}/{key}/withdraw"
    assert send(console, path, page=page).status_code == 303
    assert send(console, path, page=page).status_code == 404
    # What is over is history.
    assert console.get(f"{page}/{key}").status_code == 404
    assert send(console, f"{page}/{key}", page=page, **changed).status_code == 404
    with app.app_context():
        directory.refresh()
    assert "今晚维护" not in other.get("/account").text
