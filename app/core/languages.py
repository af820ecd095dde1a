"""The languages the product speaks: English, which the code is written in, and each that has a catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.core import get_global

CATALOGUES = Path(__file__).parents[1] / "translations"
SOURCE = "en"


@dataclass(frozen=True)
class Language:
    """A language by its code (`zh`, `pt_BR`), its own name, and what pages write into `lang`."""

    code: str
    name: str
    html_lang: str


def language(code: str) -> Language:
    """What Babel knows of `code`."""
    locale = Locale.parse(code)
    html_lang = code.replace("_", "-")
    likely = get_global("likely_subtags").get(code, "").split("_")
    # Browsers choose the shape of a Han character by the territory more surely than by the language alone.
    if html_lang == locale.language and likely[1:2] and likely[1].startswith("Han"):
        html_lang = f"{locale.language}-{likely[2]}"
    name = locale.get_display_name(code) or code
    return Language(code, name[:1].upper() + name[1:], html_lang)


def languages_in(folder: Path) -> dict[str, Language]:
    """English, and every language that has a catalogue in `folder`; a folder of another name is nobody's language."""
    found = {SOURCE: language(SOURCE)}
    for catalogue in sorted(folder.glob("*/LC_MESSAGES/messages.po")):
        code = catalogue.parts[-3]
        try:
            found.setdefault(code, language(code))
        except (UnknownLocaleError, ValueError):
            continue
    return found


LANGUAGES: Mapping[str, Language] = languages_in(CATALOGUES)


def language_choices() -> list[tuple[str, str]]:
    """Code and own name of every language, as a field offers them."""
    return [(code, known.name) for code, known in LANGUAGES.items()]


def known_language(text: str | None) -> str | None:
    """The code of the language that `text` names (zh-CN and zh_Hans are zh), or None when it is not spoken here."""
    parts = (text or "").replace("-", "_").lower().split("_")
    codes = {code.lower(): code for code in LANGUAGES}
    named = ("_".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((codes[name] for name in named if name in codes), None)
