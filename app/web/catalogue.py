"""The words of the product: found in code and templates, merged into the catalogues, checked for gaps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from app.core import languages

APP = Path(__file__).parents[1]
KEYWORDS = {"_": None, "N_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2"), ("**/templates/**.txt", "jinja2")]
OPTIONS = {pattern: {"silent": "false"} for pattern, method in METHODS if method == "jinja2"}

HEADER = r"""msgid ""
msgstr ""
"Language: {locale}\n"
"Plural-Forms: {plurals}\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"

"""


def found_words(root: Path = APP) -> Catalog:
    """Everything marked for translation below `root`, with where it stands."""
    catalogue = Catalog(project="Forecourt", charset="utf-8")
    for name, line, message, comments, context in extract_from_dir(
        root, method_map=METHODS, options_map=OPTIONS, keywords=KEYWORDS, comment_tags=["Translators:"]
    ):
        catalogue.add(message, locations=[(f"app/{name}", line)], auto_comments=comments, context=context)
    return catalogue


def read_catalogue(locale: str) -> Catalog:
    """The catalogue of `locale` as it is kept; an empty one where there is none yet."""
    path = languages.CATALOGUES / locale / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return Catalog(locale=locale, project="Forecourt", charset="utf-8")
    with path.open("rb") as stream:
        return read_po(stream, locale=locale, charset="utf-8")


def update_catalogue(locale: str) -> list[str]:
    """Bring the catalogue of `locale` to the words found now; gives those that still need a translation."""
    catalogue, words = read_catalogue(locale), found_words()
    catalogue.update(words, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    write_catalogue(catalogue, locale)
    return list(untranslated(catalogue))


def write_catalogue(catalogue: Catalog, locale: str) -> None:
    """Keep `catalogue`: sorted, without dates and places, so that it changes when words do and not otherwise."""
    path = languages.CATALOGUES / locale / "LC_MESSAGES" / "messages.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        stream.write(HEADER.format(locale=locale, plurals=catalogue.plural_forms).encode())
        write_po(stream, catalogue, width=120, no_location=True, sort_output=True, omit_header=True)


def untranslated(catalogue: Catalog) -> Iterator[str]:
    """The words of `catalogue` without a translation."""
    for message in catalogue:
        texts = message.string if isinstance(message.string, (list, tuple)) else [message.string]
        if message.id and (message.fuzzy or not all(texts)):
            yield message.id[0] if isinstance(message.id, (list, tuple)) else message.id
