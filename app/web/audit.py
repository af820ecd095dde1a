"""The audit as pages: the list, and one entry with what was before and after as far as its reader may see."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, render_template, url_for
from flask_babel import gettext

from app.core.db.ids import from_public, to_public
from app.core.guard import audit
from app.core.guard.audit import SeenEntry
from app.core.http.access import may, require
from app.core.http.lists import list_view
from app.core.http.sessions import current_actor
from app.core.http.timelines import Change
from app.tenants import queries as tenants
from app.web.audit_list import AUDIT, public_record
from app.web.audit_words import ACTIONS, FIELDS, FORMS, PAGES, RECORDS
from app.web.field_names import labels_of_template
from app.web.work_lists import people_choices

bp = Blueprint("audit", __name__, template_folder="templates")


@bp.get("/audit")
@require("audit.see")
def list_entries() -> Response:
    choices = people_choices(current_actor())
    return list_view(AUDIT, "web/audit/list.html", choices={"person": choices.get("owner", [])})


@bp.get("/audit/<entry_id>")
@require("audit.see")
def show_entry(entry_id: str) -> str:
    seen = audit.get_entry(current_actor(), from_public("aud", entry_id))
    return render_template("web/audit/show.html", it=told_entry(seen))


@dataclass(frozen=True)
class ToldEntry:
    """An entry in words: what was done, to what, where that is, and its fields with their names."""

    seen: SeenEntry
    title: str
    record: str
    record_url: str | None
    others_url: str | None
    changes: list[Change]
    fields: Mapping[str, str]


def told_entry(seen: SeenEntry) -> ToldEntry:
    """`seen` as its page and its preview tell it."""
    entry = seen.entry
    changes = [Change(field, before, after) for field, (before, after) in seen.changes.items()]
    names = _names(changes)
    return ToldEntry(
        seen,
        action_word(entry.action),
        gettext(RECORDS[entry.record_type]) if entry.record_type in RECORDS else entry.record_type,
        _record_url(entry.record_type, entry.record_id),
        audit_url(entry.record_type, entry.record_id),
        [Change(item.field, _text(item.before, names), _text(item.after, names)) for item in changes],
        field_words(entry.record_type),
    )


def field_words(record_type: str) -> dict[str, str]:
    """What the fields of a type of record are called."""
    form = FORMS.get(record_type)
    return {**{field: gettext(words) for field, words in FIELDS.items()}, **(labels_of_template(form) if form else {})}


def audit_url(record_type: str, record_id: uuid.UUID | None) -> str | None:
    """All entries about a record, for whoever may read them."""
    public = public_record(record_type, record_id)
    return url_for("audit.list_entries", record=public) if public is not None and may("audit.see") else None


def all_entries(record_type: str, record_id: uuid.UUID) -> tuple[str, str] | None:
    """The link from a record's page to all its entries, for whoever may read them."""
    url = audit_url(record_type, record_id)
    return (gettext("All entries"), url) if url else None


def _record_url(record_type: str, record_id: uuid.UUID | None) -> str | None:
    if record_type not in PAGES or record_id is None:
        return None
    prefix, endpoint, argument = PAGES[record_type]
    values: dict[str, Any] = {argument: to_public(prefix, record_id)}
    return url_for(endpoint, **values)


def _names(changes: Iterable[Change]) -> dict[str, str]:
    """The names of the users and stores that `changes` know by id."""
    ids = {found for item in changes for value in (item.before, item.after) if (found := _id(value)) is not None}
    return {str(key): name for key, name in tenants.list_names(ids, ids)} if ids else {}


def _id(value: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(value) if isinstance(value, str) and len(value) == 36 else None
    except ValueError:
        return None


def _text(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, list):
        return ", ".join(str(_text(item, names)) for item in value) or None
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_text(item, names)}" for key, item in sorted(value.items())) or None
    return names.get(value, value) if isinstance(value, str) else value


def action_word(action: str) -> str:
    """What an action is called where it is counted."""
    return gettext(ACTIONS[action]) if action in ACTIONS else action


def init_audit(app: Flask) -> None:
    """Let other pages lead here, and the preview tell an entry."""
    app.jinja_env.globals.update(all_entries=all_entries, told_entry=told_entry, action_word=action_word)
