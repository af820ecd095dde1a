"""Every word of the product has its Chinese, no catalogue holds a word nobody says, and placeholders survive."""

from __future__ import annotations

import re
from itertools import chain

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo

from app.core import languages
from app.web.catalogue import found_words, read_catalogue, untranslated
from app.web.i18n import compile_catalogues

KEPT = [code for code in languages.LANGUAGES if code != languages.SOURCE]


def texts(value: object) -> list[str]:
    return list(value) if isinstance(value, (list, tuple)) else [str(value)]


def ids(catalogue: Catalog) -> set[str]:
    return {texts(message.id)[0] for message in catalogue if message.id}


@pytest.fixture(scope="module")
def words() -> Catalog:
    """Everything marked for translation."""
    return found_words()


@pytest.mark.parametrize("locale", KEPT)
def test_every_word_is_translated(words, locale):
    kept = read_catalogue(locale)
    assert ids(words) - ids(kept) == set(), "run: python3 forecourt.py flask words update"
    assert list(untranslated(kept)) == []


@pytest.mark.parametrize("locale", KEPT)
def test_no_catalogue_holds_what_nobody_says(words, locale):
    assert ids(read_catalogue(locale)) - ids(words) == set(), "run: python3 forecourt.py flask words update"


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)[a-z]|\{\w+\}", text))


@pytest.mark.parametrize("locale", KEPT)
def test_placeholders_survive(locale):
    def differ(message: Message) -> bool:
        wanted = set(chain(*map(placeholders, texts(message.id))))
        return any(placeholders(text) != wanted for text in texts(message.string))

    assert [message.id for message in read_catalogue(locale) if message.id and differ(message)] == []


@pytest.mark.parametrize("locale", KEPT)
def test_a_stray_percent_sign_does_not_break_a_page(locale):
    for message in read_catalogue(locale):
        for text in texts(message.string):
            if "%(" in text:
                names = re.findall(r"%\((\w+)\)", text)
                assert text % dict.fromkeys(names, "x")


def test_words_of_all_modules_are_found(words):
    places = {place for message in words for place, _ in message.locations}
    for module in ("core", "tenants", "inventory", "crm", "sales", "insights", "web"):
        assert any(place.startswith(f"app/{module}/") for place in places), module
    assert any(place.endswith(".html") for place in places)


def test_compiling_writes_once_and_whole(tmp_path, monkeypatch):
    folder = tmp_path / "zh" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    source = languages.CATALOGUES / "zh" / "LC_MESSAGES" / "messages.po"
    (folder / "messages.po").write_bytes(source.read_bytes())
    written = compile_catalogues(tmp_path)
    assert written == [folder / "messages.mo"]
    with written[0].open("rb") as stream:
        assert read_mo(stream).get("Customers").string == "客户"
    assert compile_catalogues(tmp_path) == []
    assert [path.name for path in folder.iterdir() if path.suffix == ".tmp"] == []
