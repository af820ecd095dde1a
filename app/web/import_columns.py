"""The page on which the columns of an upload are mapped: what it shows, and what it sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request
from flask_babel import gettext

from app.core.db.ids import to_public
from app.core.errors import DomainError, NotFound
from app.core.guard.permissions import Actor
from app.core.http.forms import render_form
from app.core.http.sessions import current_actor
from app.core.jobs.imports import kinds, mapping, operations
from app.core.jobs.imports.kinds import ImportField, ImportKind
from app.core.jobs.imports.models import Import
from app.core.jobs.imports.uploads import MAX_DISTINCT


def kind_of(found: Import) -> ImportKind:
    """The kind of an import; raises NotFound where this application does not have it."""
    kind = kinds.find_kind(found.kind)
    if kind is None:
        raise NotFound
    return kind


def columns_page(found: Import, wanted: mapping.FieldMapping, error: DomainError | None = None) -> Any:
    """The page that says which column feeds which field; after `error` as it was typed."""
    actor = current_actor()
    kind = kind_of(found)
    fields = kind.offered(actor)
    chosen = [wanted.columns[item.key] for item in fields if item.choices is not None and item.key in wanted.columns]
    values = operations.distinct_values(actor, found.id, chosen)
    examples = operations.example_values(actor, found.id)
    return render_form(
        "web/imports/columns.html",
        error,
        item=found,
        public_id=to_public("imp", found.id),
        kind=gettext(kind.label),
        headers=[(header, header) for header in found.headers],
        fields=[shown_field(item, actor, wanted, values, examples) for item in fields],
        labels={item.key: gettext(item.label) for item in fields},
        version=found.version,
    )


def shown_field(
    item: ImportField,
    actor: Actor,
    wanted: mapping.FieldMapping,
    counted: Mapping[str, list[tuple[str, int]]],
    examples: Mapping[str, list[str]],
) -> dict[str, Any]:
    header = wanted.columns.get(item.key, "")
    found = counted.get(header, [])
    known = mapping.choice_words(item, actor) or {}
    mapped = wanted.values.get(item.key, {})
    choices = [(choice.value, gettext(choice.label)) for choice in item.choices(actor)] if item.choices else None
    values = [
        (text, count, mapped.get(mapping.fold(text)) or known.get(mapping.fold(text), "")) for text, count in found
    ]
    return {
        "key": item.key,
        "label": gettext(item.label),
        "required": item.required,
        "header": header,
        "default": wanted.defaults.get(item.key, ""),
        "choices": choices,
        "found": values if choices is not None else [],
        "open": choices is not None and any(not value for _, _, value in values),
        "examples": examples.get(header, []),
        "is_full": len(found) >= MAX_DISTINCT,
    }


def typed_mapping(fields: tuple[ImportField, ...]) -> mapping.FieldMapping:
    """What the form says; a name it does not know is none of its fields, and is not read."""
    columns: dict[str, str] = {}
    defaults: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    for item in fields:
        header = request.form.get(f"column.{item.key}", "")
        default = request.form.get(f"default.{item.key}", "").strip()
        if header:
            columns[item.key] = header
        if default:
            defaults[item.key] = default
        texts, chosen = request.form.getlist(f"text.{item.key}"), request.form.getlist(f"value.{item.key}")
        pairs = {mapping.fold(text): value for text, value in zip(texts, chosen, strict=False) if value}
        # Values belong to the column they were read from; those of another one are left behind.
        if pairs and request.form.get(f"of.{item.key}") == header:
            values[item.key] = pairs
    return mapping.FieldMapping(columns, defaults, values)
