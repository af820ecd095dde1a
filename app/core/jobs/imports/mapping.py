"""Which column feeds which field: guessed from headers in zh and en, corrected by people, remembered per header row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.errors import N_, FieldError, Invalid
from app.core.jobs.imports import parsing
from app.core.jobs.imports.kinds import Choice, ImportField, ImportKind


@dataclass(frozen=True)
class FieldMapping:
    """`columns` field → header; `defaults` field → text where the file says nothing; `values` field → text → choice."""

    columns: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        """As the row keeps it."""
        values = {key: dict(found) for key, found in self.values.items()}
        return {"columns": dict(self.columns), "defaults": dict(self.defaults), "values": values}


def loaded(stored: Mapping[str, Any]) -> FieldMapping:
    """The mapping a row keeps."""
    return FieldMapping(stored.get("columns", {}), stored.get("defaults", {}), stored.get("values", {}))


def header_key(header: str) -> str:
    """A header without case, blanks and marks: "Stock #" and "stock_no." differ only in words."""
    return re.sub(r"[^\w]|_", "", header.strip().lower().replace("#", "no"))


def guess(kind: ImportKind, headers: Sequence[str]) -> FieldMapping:
    """Each field's column where a header says so plainly; the first header wins, and none serves two fields."""
    known = {header_key(header): header for header in reversed(headers)}
    columns: dict[str, str] = {}
    for item in kind.fields:
        for name in (item.key, *item.aliases):
            header = known.get(header_key(name))
            if header is not None and header not in columns.values():
                columns[item.key] = header
                break
    return FieldMapping(columns)


def check(kind: ImportKind, headers: Sequence[str], mapping: FieldMapping) -> None:
    """Raise Invalid naming every field whose mapping cannot work."""
    errors = []
    for key, header in mapping.columns.items():
        if kind.field(key) is None or header not in headers:
            errors.append(FieldError(key, "unknown_column", N_("The file has no such column.")))
    for item in kind.fields:
        if item.required and item.key not in mapping.columns and item.key not in mapping.defaults:
            errors.append(FieldError(item.key, "not_mapped", N_("Choose a column or a value for this field.")))
        default = mapping.defaults.get(item.key)
        if default is not None:
            error = _read(item, default, mapping, _choices(item))[1]
            if error is not None:
                errors.append(error)
    if errors:
        raise Invalid(errors)


class RowReader:
    """Reads rows of one file by one mapping; choices are asked once."""

    def __init__(self, kind: ImportKind, headers: Sequence[str], mapping: FieldMapping) -> None:
        places = {header: place for place, header in enumerate(headers)}
        self.mapping = mapping
        self.width = len(headers)
        self.plan = [
            (item, places.get(mapping.columns.get(item.key, "")), mapping.defaults.get(item.key), _choices(item))
            for item in kind.fields
        ]

    def read(self, cells: Sequence[str]) -> tuple[dict[str, Any], list[FieldError]]:
        """The row's values, and every reason why it cannot be taken."""
        values: dict[str, Any] = {}
        errors: list[FieldError] = []
        for item, place, default, choices in self.plan:
            raw = cells[place] if place is not None and place < len(cells) else ""
            text = default or "" if parsing.is_nothing(raw) else raw
            values[item.key] = None
            if parsing.is_nothing(text):
                if item.required:
                    errors.append(FieldError(item.key, "required", N_("This field is required.")))
                continue
            values[item.key], error = _read(item, text, self.mapping, choices)
            if error is not None and default and text is raw and error.code == "unknown_choice":
                values[item.key], error = _read(item, default, self.mapping, choices)
            if error is not None:
                errors.append(error)
        if any(cell.strip() for cell in cells[self.width :]):
            errors.append(FieldError("row", "too_many_cells", N_("The row has more cells than the header.")))
        return values, errors


def _choices(item: ImportField) -> dict[str, str] | None:
    """Every word that means a choice, folded; None for a free field."""
    if item.choices is None:
        return None
    return {_fold(word): choice.value for choice in item.choices() for word in _words(choice)}


def _words(choice: Choice) -> tuple[str, ...]:
    return choice.value, choice.label, *choice.aliases


def _fold(text: str) -> str:
    return " ".join(text.split()).casefold()


def _read(
    item: ImportField, text: str, mapping: FieldMapping, choices: Mapping[str, str] | None
) -> tuple[Any, FieldError | None]:
    if choices is not None:
        folded = _fold(text)
        mapped = mapping.values.get(item.key, {})
        value = mapped.get(folded) or choices.get(folded)
        if value is None or _fold(value) not in choices:
            return None, FieldError(item.key, "unknown_choice", N_("This value is not mapped to any choice."))
        return value, None
    try:
        return item.parse(text), None
    except parsing.Unparsable as error:
        return None, FieldError(item.key, error.code, error.message)


def fold(text: str) -> str:
    """The form in which values of the file are compared and remembered."""
    return _fold(text)
