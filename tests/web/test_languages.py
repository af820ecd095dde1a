"""The languages come from the catalogues: one more file, one more language on every page."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import pytest

from app.core import languages
from app.core.languages import SOURCE, known_language, language, languages_in
from app.web.catalogue import read_catalogue, untranslated, update_catalogue
from tests.web.conftest import Shell

FRENCH = """msgid ""
msgstr ""
"Language: fr\\n"
"Content-Type: text/plain; charset=utf-8\\n"

msgid "Dealership"
msgstr "Concession"
"""


@pytest.fixture
def third(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of catalogues with Chinese and French, in the place of our own."""
    for code, text in (("zh", FRENCH.replace("Concession", "经销商")), ("fr", FRENCH), ("notalanguage", FRENCH)):
        path = tmp_path / code / "LC_MESSAGES" / "messages.po"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    monkeypatch.setattr(languages, "CATALOGUES", tmp_path)
    monkeypatch.setattr(languages, "LANGUAGES", MappingProxyType(languages_in(tmp_path)))
    return tmp_path


def test_ours_are_english_and_those_with_a_catalogue() -> None:
    folder = languages.CATALOGUES
    assert set(languages.LANGUAGES) == {SOURCE, *(path.name for path in folder.iterdir() if path.is_dir())}
    assert [languages.LANGUAGES[code].html_lang for code in ("en", "zh")] == ["en", "zh-CN"]


@pytest.mark.parametrize(("code", "name", "html_lang"), [
    ("en", "English", "en"), ("zh", "中文", "zh-CN"), ("fr", "Français", "fr"),
    ("pt_BR", "Português (Brasil)", "pt-BR"),
    ("zh_Hant", "中文 (繁體)", "zh-Hant"), ("de", "Deutsch", "de"), ("ja", "日本語", "ja"),
])  # fmt: skip
def test_a_language_is_called_what_its_speakers_call_it(code: str, name: str, html_lang: str) -> None:
    found = language(code)
    assert (found.name, found.html_lang) == (name, html_lang)


def test_a_third_catalogue_is_a_third_language(third: Path, bare_shell: Shell) -> None:
    assert set(languages.LANGUAGES) == {"en", "fr", "zh"}
    assert known_language("fr-CA") == "fr"
    client = bare_shell.client("")
    page = client.get("/", headers={"Accept-Language": "fr-CA, en;q=0.5"}).text
    assert '<html lang="fr"' in page
    assert "Concession" in page
    assert '<span lang="fr">' in page
    assert "Français" in page
    assert client.post("/preferences", data={"locale": "fr", "next": "/"}).status_code == 303
    assert '<html lang="fr"' in client.get("/", headers={"Accept-Language": "zh"}).text
    client.post("/preferences", data={"locale": "notalanguage", "next": "/"})
    assert '<html lang="fr"' in client.get("/").text


def test_a_catalogue_begins_with_a_command(third: Path) -> None:
    assert len(update_catalogue("de")) > 300
    assert list(untranslated(read_catalogue("de")))
    assert set(languages_in(third)) == {"en", "de", "fr", "zh"}
