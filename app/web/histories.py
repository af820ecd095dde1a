"""What changed on a record, in words: values as people read them, and a record's first entry without its fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Flask

from app.core.http.timelines import CHANGE, Change, Entry
from app.web.field_names import labels_of_template
from app.web.formats import format_day, format_money

# Entries that tell of a whole record have every field of it; that they happened says enough.
WHOLE = ("create", "delete", "restore", "import")
# How a field's values are told: "money", "day", words by value, or None for a field nobody reads.
Told = str | Mapping[str, str] | None


def told(entries: Iterable[Entry], kinds: Mapping[str, Told], currency: str | None = None) -> list[Entry]:
    """`entries` with their values as `kinds` says; fields told as None are left out, and entries of nothing else."""
    found = []
    for entry in entries:
        if entry.kind != CHANGE:
            found.append(entry)
            continue
        is_whole = entry.action.rpartition(".")[2] in WHOLE
        changes = [
            Change(item.field, _value(item.before, kind, currency), _value(item.after, kind, currency))
            for item in entry.changes
            if (kind := kinds.get(item.field, "")) is not None and not is_whole
        ]
        if changes or is_whole or not entry.changes:
            found.append(replace(entry, changes=changes))
    return found


def _value(value: Any, kind: Told, currency: str | None) -> Any:
    if value is None or value == "":
        return None
    if isinstance(kind, Mapping):
        return kind.get(str(value), value)
    try:
        if kind == "money":
            return format_money(Decimal(str(value)), currency)
        if kind == "day":
            return format_day(date.fromisoformat(str(value)[:10]))
    except (InvalidOperation, ValueError):
        # A mask, or a value of an older shape: shown as it is.
        return value
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def init_histories(app: Flask) -> None:
    """Give templates these."""
    app.jinja_env.filters["told"] = told
    app.jinja_env.globals["labels_of_template"] = labels_of_template
