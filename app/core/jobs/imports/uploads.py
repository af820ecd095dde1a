"""The uploaded table of an import, and how it is mapped at first."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence

from app.core.db import db
from app.core.errors import NotFound
from app.core.guard import files, vault
from app.core.guard.permissions import Actor
from app.core.jobs.imports import kinds, mapping, parsing, reading
from app.core.jobs.imports.models import Import, ImportMapping

MAX_DISTINCT = 500


def table_of(found: Import) -> reading.Table:
    """The uploaded table; raises NotFound once the upload is no longer kept."""
    if found.file_id is None:
        raise NotFound
    with files.open_file(found.file_id) as stored:
        sealed = stored.read()
    return reading.open_table(vault.unseal_bytes_many([(place_of(found.id), sealed)])[0])


def place_of(import_id: uuid.UUID) -> vault.Place:
    """Where an upload is: under a key of its own, as anybody may stand in it."""
    return vault.Place(import_id, "core_imports", "file", import_id)


def distinct(table: reading.Table, headers: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    """For each of `headers` its texts and how often each stands there, most frequent first, at most MAX_DISTINCT."""
    places = {header: table.headers.index(header) for header in headers}
    counted: dict[str, Counter[str]] = {header: Counter() for header in headers}
    for row in table.rows() if headers else ():
        for header, place in places.items():
            if place < len(row):
                counted[header][" ".join(row[place].split())] += 1
    return {header: [pair for pair in found.most_common(MAX_DISTINCT) if pair[0]] for header, found in counted.items()}


def first_mapping(actor: Actor, kind: kinds.ImportKind, table: reading.Table) -> mapping.FieldMapping:
    """As this header row was mapped last time, else as its words say; with guesses for values nobody has mapped."""
    fields = kind.offered(actor)
    remembered = db.session.get(ImportMapping, (kind.key, header_print(table.headers)))
    if remembered is None:
        # Our own error file has the reasons behind the columns it came with.
        remembered = db.session.get(ImportMapping, (kind.key, header_print(table.headers[:-1])))
    known = {item.key for item in fields}
    last = mapping.loaded(remembered.mapping) if remembered else mapping.guess(fields, table.headers)
    # A header that differs only in case and marks is the same column.
    here = {mapping.header_key(header): header for header in reversed(table.headers)}
    columns = {
        key: header if header in table.headers else here[mapping.header_key(header)]
        for key, header in last.columns.items()
        if key in known and mapping.header_key(header) in here
    }
    defaults = {key: text for key, text in last.defaults.items() if key in known}
    chosen = {item.key: item for item in fields if item.choices is not None}
    texts = distinct(table, [header for key, header in columns.items() if key in chosen])
    values = {key: dict(found) for key, found in last.values.items() if key in chosen}
    for key, item in chosen.items():
        if key in columns:
            counted = texts[columns[key]]
            found = mapping.suggest(item, actor, [text for text, _ in counted])
            if remembered is None and not item.required and not _is_of(item, actor, counted, found):
                # A column of this name that holds something else, such as a grade called "condition".
                del columns[key]
                continue
            values[key] = {**found, **values.get(key, {})}
        elif item.required and item.choices is not None and len(only := item.choices(actor)) == 1:
            defaults.setdefault(key, only[0].value)
    return mapping.FieldMapping(columns, defaults, values)


def header_print(headers: Sequence[str]) -> bytes:
    """By what a header row is known again."""
    return hashlib.sha256("\x1f".join(mapping.header_key(header) for header in headers).encode()).digest()[:16]


def _is_of(
    item: kinds.ImportField, actor: Actor, counted: Sequence[tuple[str, int]], guessed: Mapping[str, str]
) -> bool:
    """Whether at least half of a column's cells that say anything are choices of the field."""
    said = [(mapping.fold(text), count) for text, count in counted if not parsing.is_nothing(text, item.nothing)]
    words = {**(mapping.choice_words(item, actor) or {}), **guessed}
    return 2 * sum(count for text, count in said if text in words) >= sum(count for _, count in said)
