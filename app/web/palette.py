"""What the one box shows: hits of the search, pages and things to begin by name, and what was opened last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext

from app.core.guard.permissions import Actor
from app.web import find, nav
from app.web.formats import format_number

MOST_PAGES = 6


@dataclass(frozen=True)
class Line:
    """One thing to open."""

    title: str
    url: str
    icon: str
    subtitle: str = ""
    count: str = ""


@dataclass(frozen=True)
class Section:
    """Lines of one kind under a heading."""

    label: str
    lines: tuple[Line, ...]
    count: str = ""


@dataclass(frozen=True)
class Answer:
    """What the box shows for one question."""

    text: str
    sections: tuple[Section, ...]
    # The records that were found: the only one is opened at once.
    found: tuple[Line, ...] = ()
    # Whether anything is called as was asked, a page included.
    is_known: bool = True


def answer(actor: Actor, text: str, limit: int = find.PER_KIND) -> Answer:
    """Everything that fits `text`; without any, what was opened last, what can be begun and where one can go."""
    wanted = text.strip()
    sections = _hits(actor, wanted, limit)
    found = tuple(line for section in sections for line in section.lines)
    if not wanted:
        sections = [Section(gettext("Opened last"), tuple(map(_line, find.opened_last(actor))))]
    begin = [
        Line(gettext("New: %(what)s", what=gettext(item.creation.label)), item.url, "plus")
        for item in nav.creations(actor)
    ]
    pages = [Line(gettext(item.entry.label), item.url, item.entry.icon) for item in nav.shown_entries(actor)]
    named = [Section(gettext("Begin"), _named(begin, wanted)), Section(gettext("Go to"), _named(pages, wanted))]
    is_known = bool(found) or any(section.lines for section in named)
    if not is_known:
        # Nothing is called so: what people mean to do next is to add it.
        named[0] = Section(gettext("Begin"), tuple(begin[:3]))
    return Answer(wanted, tuple(section for section in (*sections, *named) if section.lines), found, is_known)


def _hits(actor: Actor, text: str, limit: int) -> list[Section]:
    return [
        Section(group.label, tuple(map(_line, group.hits)), f"{format_number(len(group.hits))}{'+' * group.more}")
        for group in find.find(actor, text, limit)
    ]


def _line(shown: find.Shown) -> Line:
    return Line(shown.title, shown.url, shown.icon, shown.details, shown.matched)


def _named(lines: Iterable[Line], text: str) -> tuple[Line, ...]:
    """Those of `lines` whose words begin with the words of `text`, in any order of case; all for no text."""
    wanted = text.casefold()
    fitting = [line for line in lines if not wanted or _fits(line.title.casefold(), wanted)]
    return tuple(fitting[:MOST_PAGES] if wanted else fitting)


def _fits(title: str, wanted: str) -> bool:
    # A Chinese title has no spaces between its words.
    return title.startswith(wanted) or f" {wanted}" in title or (not wanted.isascii() and wanted in title)
