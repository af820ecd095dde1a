"""The rows of an import that were not taken: shown, and given back as a file that can be corrected and sent again."""

from __future__ import annotations

import csv
import io
import itertools
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.core.db import db
from app.core.guard.permissions import Actor
from app.core.jobs.imports import parsing
from app.core.jobs.imports.models import ImportRow, Outcome
from app.core.jobs.imports.operations import get_import
from app.core.jobs.imports.uploads import table_of

# An error as the row keeps it, put into words: "field", "code", "message", "params".
Words = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True)
class FailedRow:
    """A row that was not taken; `cells` is None once the upload is no longer kept."""

    row_no: int
    outcome: str
    errors: Sequence[Mapping[str, Any]]
    cells: Sequence[str] | None


def failed_rows(actor: Actor, import_id: uuid.UUID, limit: int = 20) -> list[FailedRow]:
    """The first rows that were not taken, in the order of the file, with their cells while the upload is kept."""
    found = get_import(actor, import_id)
    stored = {row.row_no: row for row in _not_taken(found.id, limit)}
    cells: dict[int, list[str]] = {}
    if stored and found.file_id is not None:
        for row_no, line in enumerate(itertools.islice(table_of(found).rows(), max(stored)), 1):
            if row_no in stored:
                cells[row_no] = line
    return [FailedRow(row_no, row.outcome, row.errors, cells.get(row_no)) for row_no, row in stored.items()]


def write_failed_rows(actor: Actor, import_id: uuid.UUID, reason: str, words: Words) -> bytes:
    """A CSV file of the rows that were not taken, and of no others: their columns, and why each was refused.

    `reason` heads the last column, `words` puts an error into the reader's language. A cell that a spreadsheet would
    compute is kept from it by an apostrophe, which is taken off again when the corrected file comes back.
    """
    found = get_import(actor, import_id)
    refused = {row.row_no: row.errors for row in _not_taken(found.id, None)}
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow([parsing.harmless(cell) for cell in (*found.headers, reason)])
    width = len(found.headers)
    for row_no, line in enumerate(table_of(found).rows() if refused else (), 1):
        if row_no in refused:
            cells = [*line, *[""] * (width - len(line))][:width]
            told = " · ".join(words(error) for error in refused[row_no])
            writer.writerow([parsing.harmless(cell) for cell in (*cells, told)])
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def _not_taken(import_id: uuid.UUID, limit: int | None) -> Sequence[ImportRow]:
    refused = ImportRow.outcome.in_((Outcome.FAILED, Outcome.CONFLICT))
    query = select(ImportRow).where(ImportRow.import_id == import_id, refused).order_by(ImportRow.row_no)
    return db.session.scalars(query.limit(limit)).all()
