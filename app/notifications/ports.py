"""Words for what lies outside: a notification as a mail, with the address of its record at the dealership's host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import force_locale, format_decimal, gettext
from werkzeug.routing import BuildError

from app.core.db import current_tenant
from app.core.errors import N_
from app.core.jobs.topics import Named, Phrase, Topic
from app.tenants.ports import base_url

INBOX_PAGE, WISHES_PAGE = "notifications.show_inbox", "notifications.show_preferences"
SUBJECT = N_("{sentence} · {dealership}")
BODY = N_(
    "Hello {name},\n\n{told}\n\n{url}\n\nYou get this mail because of what you chose to be told by mail. "
    "Change it here:\n{wishes}"
)


@dataclass(frozen=True)
class Words:
    """A mail in words; the subject names no person and no record."""

    subject: str
    body: str


def words(phrase: Phrase | None) -> str:
    """`phrase` in the language in force; nothing for none."""
    if phrase is None:
        return ""
    return gettext(phrase.message).format(**{key: _word(value) for key, value in phrase.params.items()})


def write(locale: str | None, name: str, topic: Topic, sentence: Phrase, named: Named | None) -> Words:
    """The mail that tells `name` what `sentence` says."""
    dealership = current_tenant()
    with force_locale(locale or dealership.locale):
        parts = [words(sentence), words(named.detail) if named else "", gettext(topic.advice) if topic.advice else ""]
        told = "\n".join(part for part in parts if part)
        page = named.endpoint if named and named.endpoint else INBOX_PAGE
        url = _address(page, {**named.args, **named.mailed} if named and named.endpoint else {})
        subject = gettext(SUBJECT).format(sentence=gettext(topic.general), dealership=dealership.name)
        body = gettext(BODY).format(name=name, told=told, url=url, wishes=_address(WISHES_PAGE, {}))
    return Words(subject, body)


def _word(value: Any) -> Any:
    if isinstance(value, Phrase):
        return words(value)
    return format_decimal(value) if isinstance(value, int) else value


def _address(endpoint: str, args: Any) -> str:
    """The page's address at the dealership's own host; its start page where this process does not know the page."""
    base = base_url()
    at = urlsplit(base)
    pages = current_app.url_map.bind(at.netloc, url_scheme=at.scheme)
    try:
        return pages.build(endpoint, dict(args), force_external=True)
    except BuildError:
        return base
