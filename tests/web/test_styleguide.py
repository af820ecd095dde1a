"""The style page shows every component in both languages, and only in development."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from app.web.styleguide import SECTIONS, SOURCE


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_it_shows_every_section(client_for, alpha, locale):
    client = client_for(alpha)
    client.set_cookie("locale", locale, domain=alpha.hosts[0])
    page = client.get("/styleguide")
    assert page.status_code == 200
    for key, _ in SECTIONS:
        assert f'id="{key}"' in page.text
    assert not re.search(r"\sstyle=", page.text)
    assert not re.search(r"<script(?![^>]*src=)", page.text)


def test_every_colour_has_its_patch(client_for, alpha):
    css = (SOURCE.parents[1] / "styleguide.css").read_text()
    for name in re.findall(r'class="tok tok-([\w-]+)"', client_for(alpha).get("/styleguide").text):
        assert f".tok-{name} " in css


def test_a_message_of_each_kind_can_be_looked_at(client_for, alpha):
    client = client_for(alpha)
    page = client.get("/styleguide?toast=error&toast=nonsense").text
    assert "A message of this kind: error." in page
    assert "kind: nonsense" not in page


def test_it_is_for_people_who_are_signed_in(client_for, alpha):
    assert client_for(alpha, None).get("/styleguide").status_code in (303, 401)


def test_elsewhere_it_is_not_there(app, client_for, alpha, monkeypatch):
    settings = app.extensions["forecourt_settings"]
    monkeypatch.setitem(app.extensions, "forecourt_settings", replace(settings, demo_mail=False))
    assert client_for(alpha).get("/styleguide").status_code == 404
