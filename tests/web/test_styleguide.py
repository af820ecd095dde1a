"""The style page shows every component in both languages, and only in development."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import get_args

import pytest

from app.core.lists.spec import CellKind
from app.web.sample_list import SAMPLE
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


def names(page: str) -> list[str]:
    return re.findall(r'<a class="ti[^"]*" href="/styleguide[^"]*">([^<]+)</a>', page.partition('id="list"')[2])


@pytest.mark.parametrize(
    ("asked", "cars"),
    [
        ("", ["2018 Mazda CX-5", "2020 Jaguar XE", "2021 Nissan Leaf", "2023 Toyota RAV4"]),
        ("?sort=price", ["2021 Nissan Leaf", "2020 Jaguar XE", "2023 Toyota RAV4", "2018 Mazda CX-5"]),
        ("?sort=-price", ["2023 Toyota RAV4", "2020 Jaguar XE", "2021 Nissan Leaf", "2018 Mazda CX-5"]),
        ("?view=available", ["2018 Mazda CX-5", "2023 Toyota RAV4"]),
        ("?price_from=20000&price_to=25000", ["2020 Jaguar XE"]),
        ("?state=on_hold&toast=info", ["2021 Nissan Leaf"]),
    ],
)
def test_the_list_answers_its_conditions(client_for, alpha, asked, cars):
    assert names(client_for(alpha).get(f"/styleguide{asked}").text) == cars


def test_the_list_draws_every_kind_of_cell(client_for, alpha):
    kinds = {column.kind for column in SAMPLE.columns}
    assert kinds >= set(get_args(CellKind)) - {"number"}
    keys = ",".join(column.key for column in SAMPLE.columns)
    page = client_for(alpha).get(f"/styleguide?cols={keys}&nonsense=1").text
    for kind in kinds:
        assert f'<td class="k-{kind}' in page
    assert "SAJAD4FX5" in page
