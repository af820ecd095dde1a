"""Which column feeds which field: guessed from headers in zh and en, corrected by people, remembered per header row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.errors import N_, FieldError, Invalid
from app.core.guard.permissions import Actor
from app.core.jobs.imports import parsing
from app.core.jobs.imports.kinds import Choice, ImportField

# A choice that stands for an empty cell: "no salesperson" for a name nobody knows any more.
EMPTY = "-"


@dataclass(frozen=True)
class FieldMapping:
    """`columns` field → header; `defaults` field → text where the file says nothing; `values` field → text → choice."""

    columns: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        """As the row keeps it."""
        values = {key: dict(found) for key, found in self.values.items() if found}
        return {"columns": dict(self.columns), "defaults": dict(self.defaults), "values": values}


def loaded(stored: Mapping[str, Any]) -> FieldMapping:
    """The mapping a row keeps."""
    return FieldMapping(stored.get("columns", {}), stored.get("defaults", {}), stored.get("values", {}))


def header_key(header: str) -> str:
    """A header without case, blanks and marks: "Stock #" and "stock_no." differ only in words."""
    return re.sub(r"[^\w]|_", "", header.strip().lower().replace("#", "no"))


def guess(fields: Sequence[ImportField], headers: Sequence[str]) -> FieldMapping:
    """Each field's column where a header says so plainly; the first header wins, and none serves two fields."""
    known = {header_key(header): header for header in reversed(headers)}
    columns: dict[str, str] = {}
    for item in fields:
        for name in (item.key, item.label, *item.aliases):
            header = known.get(header_key(name))
            if header is not None and header not in columns.values():
                columns[item.key] = header
                break
    return FieldMapping(columns)


def suggest(item: ImportField, actor: Actor, texts: Sequence[str]) -> dict[str, str]:
    """Folded text → choice for those `texts` that contain the words of one choice: "Kia Certified" is certified."""
    words = choice_words(item, actor) or {}
    found = {}
    for text in map(fold, texts):
        if text in words or parsing.is_nothing(text, item.nothing):
            continue
        parts = " ".join(["", *re.split(r"[^\w]+", text), ""])
        meant = {value for word, value in words.items() if len(word) > 2 and f" {word} " in parts}
        if len(meant) == 1:
            found[text] = meant.pop()
    return found


def check(fields: Sequence[ImportField], actor: Actor, headers: Sequence[str], mapping: FieldMapping) -> None:
    """Raise Invalid naming every field whose mapping cannot work."""
    errors = []
    known = {item.key for item in fields}
    unknown = N_("The file has no such column.")
    for key, header in mapping.columns.items():
        if key not in known or header not in headers:
            errors.append(FieldError(key, "unknown_column", unknown))
    errors += [FieldError(key, "unknown_column", unknown) for key in mapping.defaults if key not in known]
    for item in fields:
        if item.required and item.key not in mapping.columns and item.key not in mapping.defaults:
            errors.append(FieldError(item.key, "not_mapped", N_("Choose a column or a value for this field.")))
        default = mapping.defaults.get(item.key)
        words = choice_words(item, actor)
        if default is not None:
            error = _read(item, default, {}, words)[1]
            if error is not None:
                errors.append(error)
        offered = {*(words or {}).values(), EMPTY}
        if not offered.issuperset(mapping.values.get(item.key, {}).values()):
            errors.append(FieldError(item.key, "unknown_choice", _UNKNOWN_CHOICE))
    if errors:
        raise Invalid(errors)


class RowReader:
    """Reads rows of one file by one mapping; choices are asked once."""

    def __init__(
        self, fields: Sequence[ImportField], actor: Actor, headers: Sequence[str], mapping: FieldMapping
    ) -> None:
        places = {header: place for place, header in enumerate(headers)}
        self.width = len(headers)
        self.plan = [
            (
                item,
                places.get(mapping.columns.get(item.key, "")),
                mapping.defaults.get(item.key),
                mapping.values.get(item.key, {}),
                choice_words(item, actor),
            )
            for item in fields
        ]

    def read(self, cells: Sequence[str]) -> tuple[dict[str, Any], list[FieldError]]:
        """The row's values, and every reason why it cannot be taken."""
        values: dict[str, Any] = {}
        errors: list[FieldError] = []
        for item, place, default, mapped, words in self.plan:
            raw = _unquoted(cells[place]) if place is not None and place < len(cells) else ""
            empty = raw.strip().lower() in item.nothing
            values[item.key] = None
            if empty and default is None:
                if item.required:
                    errors.append(FieldError(item.key, "required", N_("This field is required.")))
                continue
            values[item.key], error = _read(item, default if empty and default is not None else raw, mapped, words)
            if error is not None and default is not None and error.code == "unknown_choice":
                values[item.key], error = _read(item, default, {}, words)
            if error is not None:
                errors.append(error)
            elif item.required and values[item.key] is None:
                errors.append(FieldError(item.key, "required", N_("This field is required.")))
        if len(cells) > self.width and any(cell.strip() for cell in cells[self.width :]):
            errors.append(FieldError("row", "too_many_cells", N_("The row has more cells than the header.")))
        return values, errors


def choice_words(item: ImportField, actor: Actor) -> dict[str, str] | None:
    """Every word that means one choice, folded; None for a free field. A word of two choices means neither."""
    if item.choices is None:
        return None
    own: dict[str, str] = {}
    others: dict[str, set[str]] = {}
    for choice in item.choices(actor):
        own[fold(choice.value)] = choice.value
        for word in _words(choice):
            others.setdefault(fold(word), set()).add(choice.value)
    shared = {word: values.pop() for word, values in others.items() if word and len(values) == 1}
    return {**shared, **own}


def fold(text: str) -> str:
    """The form in which values of the file are compared and remembered."""
    return " ".join(text.split()).casefold()


_UNKNOWN_CHOICE = N_("This value is not mapped to any choice.")


def _words(choice: Choice) -> tuple[str, ...]:
    return choice.label, *choice.aliases


def _unquoted(cell: str) -> str:
    """A cell of our own error file as it was: there an apostrophe keeps spreadsheets from computing it."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in parsing.FORMULA_STARTS and len(cell) > 1 else cell


def _read(
    item: ImportField, text: str, mapped: Mapping[str, str], words: Mapping[str, str] | None
) -> tuple[Any, FieldError | None]:
    if words is not None:
        folded = fold(text)
        value = mapped.get(folded) or words.get(folded)
        if value == EMPTY:
            return None, None
        if value is None or fold(value) not in words:
            return None, FieldError(item.key, "unknown_choice", _UNKNOWN_CHOICE)
        return value, None
    try:
        return item.parse(text), None
    except parsing.Unparsable as error:
        return None, FieldError(item.key, error.code, error.message)
