"""Edit forms that overwrite nobody: a stale save is merged field by field, and only what clashes is asked about.

A form carries the version it began from and a keyed fingerprint of each value it showed, never the values again.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from flask import Response, current_app, flash, g, request
from flask_babel import gettext
from marshmallow import Schema, ValidationError, fields
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.datastructures import MultiDict

from app.core.db import transaction
from app.core.errors import N_, DomainError, NotFound, PermissionDenied, Stale
from app.core.guard import audit
from app.core.guard.permissions import Actor
from app.core.http.forms import BASE, load_form, render_form, typed
from app.core.http.marks import mark
from app.core.http.merge import Merge, apply, merge
from app.core.http.sessions import current_actor

VERSION = "version"
TRIES = 3
MARK_BYTES = 8
# A field, and within a field of many values which of them.
Key = tuple[str, str]
Result = TypeVar("Result")


@dataclass(frozen=True)
class Opened:
    """A record as its edit form shows it at this moment.

    `values` are those of the form's fields; of a repeated field `keyed` says which values stand for the same thing.
    """

    record_type: str
    record_id: uuid.UUID
    version: int
    values: Mapping[str, Any]
    schema: type[Schema]
    keyed: Mapping[str, Callable[[str], str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """Who gave the other value, and when; unknown where the audit may not be told."""

    who: str | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Side:
    """A field both changed: the two values, and of whom the other one is."""

    mine: str
    theirs: str
    by: Change


@dataclass(frozen=True)
class Editing:
    """What the form's page needs besides the values: what it began from, and the clashes by field."""

    version: Any
    base: str
    clashes: Mapping[str, list[Side]] = field(default_factory=dict)


class Clash(Stale):
    """Two people gave one field two values: whoever came second chooses."""

    message = N_("Somebody changed this record while you were editing it. Choose what is to stand, and save again.")

    def __init__(self, editing: Editing, values: Mapping[str, Any]) -> None:
        super().__init__()
        self.editing = editing
        self.values = values


@dataclass(frozen=True)
class Saved(Generic[Result]):
    """What the operation gave, and the fields somebody else had changed meanwhile, which were kept."""

    result: Result
    kept: tuple[str, ...] = ()
    by: str | None = None


def save_edit(now: Callable[[], Opened], save: Callable[[dict[str, Any]], Result]) -> Saved[Result]:
    """Load the form that was sent and `save` it in a transaction, merged with what others saved since it was opened.

    Raises Clash when both changed a field, and whatever the schema and `save` refuse. `save` raises Stale where the
    version it is given is not the record's.
    """
    opened = now()
    source: MultiDict[str, str] | None = None
    kept: Iterable[str] = ()
    for _ in range(TRIES):
        try:
            data = load_form(opened.schema, source)
            with transaction():
                result = save(data)
        except (Stale, StaleDataError):
            opened = now()
            source, kept = _merged(opened)
            continue
        names = tuple(dict.fromkeys(kept))
        by = _changes(current_actor(), opened, names) if names else {}
        return Saved(result, names, next((change.who for change in by.values() if change.who), None))
    raise Stale


def flash_saved(saved: Saved[Any], template: str) -> None:
    """Say what was kept of somebody else's changes, in the words of the form `template`; nothing where nothing was."""
    if not saved.kept:
        return
    labels: Mapping[str, str] = current_app.extensions["forecourt_field_labels"](template)
    names = ", ".join(labels.get(name, name) for name in saved.kept)
    if saved.by:
        flash(gettext("%(name)s changed this meanwhile, and it was kept: %(fields)s.", name=saved.by, fields=names))
    else:
        flash(gettext("This was changed meanwhile, and it was kept: %(fields)s.", fields=names))


def render_edit(template: str, opened: Opened, error: DomainError | None = None, **context: Any) -> str | Response:
    """The edit form's page: fresh, or after `error` with what was typed, merged where somebody else saved first."""
    if error is None:
        editing = Editing(opened.version, base_of(opened))
        return render_form(template, values=opened.values, edit=editing, **context)
    if isinstance(error, NotFound | PermissionDenied):
        raise error
    if isinstance(error, Clash):
        return render_form(template, error, shown=error.values, edit=error.editing, **context)
    if "merged_form" in g:
        # The two changes fit each other and not the rules: what is refused is the merged form, so that is shown.
        editing = Editing(opened.version, base_of(opened))
        return render_form(template, error, shown=g.merged_form, edit=editing, **context)
    editing = Editing(request.form.get(VERSION, opened.version), request.form.get(BASE, ""))
    return render_form(template, error, edit=editing, **context)


def base_of(opened: Opened) -> str:
    """The fingerprints of what the form shows, for its hidden field."""
    marks = _marks(opened, _parts(opened, opened.values))
    raw = b"".join(_mark(opened, [*key]) + mark for key, mark in marks.items())
    return base64.urlsafe_b64encode(raw).decode()


def _merged(opened: Opened) -> tuple[MultiDict[str, str], Iterable[str]]:
    """The form with the others' changes in it, as if it had been sent so; raises Clash."""
    mine, theirs = _parts(opened, _sent(opened)), _parts(opened, opened.values)
    left, right = _marks(opened, mine), _marks(opened, theirs)
    found = merge(_base({*left, *right}, opened), left, right)
    values = _together(opened, apply(found, mine, theirs))
    if found.clashes:
        raise Clash(Editing(opened.version, base_of(opened), _sides(opened, found, mine, theirs)), values)
    g.merged_form = values
    source: MultiDict[str, str] = MultiDict()
    for name, texts in request.form.lists():
        source.setlist(name, texts)
    source.pop(BASE, None)
    for name, value in [*values.items(), (VERSION, str(opened.version))]:
        source.setlist(name, value if isinstance(value, list) else [value])
    return source, (key[0] for key in found.theirs)


def _sent(opened: Opened) -> dict[str, Any]:
    """What came in for the fields that are there; a field the page did not show keeps the record's value."""
    sent = typed()
    many = {name for name, kind in _fields(opened).items() if isinstance(kind, fields.List)}
    return {name: sent.get(name, [] if name in many else value) for name, value in opened.values.items()}


def _parts(opened: Opened, values: Mapping[str, Any]) -> dict[Key, str]:
    """Every value by field and part, as the browser would send it; an empty repeated field has no parts."""
    parts: dict[Key, str] = {}
    for name, kind in _fields(opened).items():
        value = values.get(name)
        if isinstance(kind, fields.List):
            key_of = opened.keyed.get(name, str)
            items = [value] if isinstance(value, str) else value or ()
            parts.update({(name, key_of(str(item))): str(item) for item in items if str(item).strip()})
        elif name in values:
            parts[name, ""] = "" if value is None else str(value)
    return parts


def _together(opened: Opened, parts: Mapping[Key, str]) -> dict[str, Any]:
    """Parts as the values of fields again."""
    values: dict[str, Any] = {}
    for name, kind in _fields(opened).items():
        found = [text for key, text in parts.items() if key[0] == name]
        if isinstance(kind, fields.List):
            values[name] = found
        elif found:
            values[name] = found[0]
    return values


def _fields(opened: Opened) -> dict[str, fields.Field[Any]]:
    known = opened.schema().load_fields
    return {name: kind for name, kind in known.items() if name in opened.values and name != VERSION}


def _marks(opened: Opened, parts: Mapping[Key, str]) -> dict[Key, bytes]:
    kinds = _fields(opened)
    return {key: _mark(opened, [*key, _plain(kinds[key[0]], text)]) for key, text in parts.items()}


def _plain(kind: fields.Field[Any], text: str) -> str:
    """What a text means, so that 12500 and 12,500.00 are one value; a text that means nothing stands for itself."""
    text = text.strip().replace("\r\n", "\n")
    if not text or isinstance(kind, fields.List):
        return text
    try:
        value = kind.deserialize(text)
    except ValidationError:
        return text
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


def _mark(opened: Opened, about: list[str]) -> bytes:
    return mark(f"edit:{opened.record_type}:{opened.record_id}", json.dumps(about, ensure_ascii=False), MARK_BYTES)


def _base(keys: Iterable[Key], opened: Opened) -> dict[Key, bytes] | None:
    """What the form began from, as far as it is about `keys`; None when the form does not say."""
    try:
        raw = base64.urlsafe_b64decode(request.form.get(BASE, "").encode("ascii"))
    except ValueError:
        return None
    if not raw or len(raw) % (2 * MARK_BYTES):
        return None
    pairs = [raw[at : at + 2 * MARK_BYTES] for at in range(0, len(raw), 2 * MARK_BYTES)]
    known = {pair[:MARK_BYTES]: pair[MARK_BYTES:] for pair in pairs}
    return {key: known[mark] for key in keys if (mark := _mark(opened, [*key])) in known}


def _sides(
    opened: Opened, found: Merge[Key], mine: Mapping[Key, str], theirs: Mapping[Key, str]
) -> dict[str, list[Side]]:
    by = _changes(current_actor(), opened, {name for name, _ in found.clashes})
    sides: dict[str, list[Side]] = {}
    for key in sorted(found.clashes):
        sides.setdefault(key[0], []).append(Side(mine.get(key, ""), theirs.get(key, ""), by[key[0]]))
    return sides


def _changes(actor: Actor, opened: Opened, names: Iterable[str]) -> dict[str, Change]:
    """By field, the last entry of the audit about it, or about the record where none names the field."""
    lines = audit.list_history(actor, opened.record_type, opened.record_id)
    found = {}
    for name in names:
        line = next((line for line in lines if name in line.changes), lines[0] if lines else None)
        found[name] = Change(line.actor_name, line.at) if line else Change()
    return found
