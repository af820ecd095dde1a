"""What becomes of rows: which are in already, which contradict others, and what their module makes of the rest."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError

from app.core.db import db
from app.core.errors import N_, FieldError
from app.core.guard import vault
from app.core.guard.permissions import Actor
from app.core.jobs.imports import mapping
from app.core.jobs.imports.kinds import ImportKind, ParsedRow, RowResult
from app.core.jobs.imports.models import Import, ImportMark, ImportRow, Outcome

IN = (Outcome.CREATED, Outcome.DUPLICATE)
# 128 bits, as a fingerprint has.
_DIGEST: Final = 32
_BROKEN = FieldError("row", "not_taken", N_("The row could not be stored."))
_CLAIMED = FieldError("row", "claimed_before", N_("An earlier row of this file says the same thing differently."))


@dataclass
class Row:
    """One row on its way: how it was read, by what it is known, and what became of it."""

    row_no: int
    values: Mapping[str, Any]
    said: str | None = None
    # Every fingerprint it may be stored under, the one that is written first; while the index key is replaced two.
    identities: Sequence[bytes] = ()
    claims: Sequence[bytes] = ()
    result: RowResult = field(default_factory=lambda: RowResult(Outcome.FAILED))
    open: bool = False


def read_row(reader: mapping.RowReader, row_no: int, cells: Sequence[str]) -> Row:
    """A line of the file as it was understood; one that was not is closed, with the reasons."""
    values, errors = reader.read(cells)
    return Row(row_no, values, result=RowResult(Outcome.FAILED, errors=errors), open=not errors)


def fingerprint(kind: ImportKind, rows: Sequence[Row]) -> None:
    """What each readable row is known by; only keyed fingerprints are kept, because they are made of people's data."""
    for row in rows:
        if row.open and (parts := kind.identity(row.values)) is not None:
            text, place = _text(parts), f"import.{kind.key}.identity"
            row.said = sha256(text.encode()).hexdigest()[:_DIGEST]
            # Earlier releases made the mark of the text itself.
            row.identities = [*vault.every_index(place, row.said), *vault.every_index(place, text)]
        if row.open and (parts := kind.claim(row.values)) is not None:
            row.claims = vault.every_index(f"import.{kind.key}.claim", _text(parts))


def _text(parts: Sequence[Any]) -> str:
    return "\x1f".join(map(_plain, parts))


def _plain(part: Any) -> str:
    """A part of an identity as text: 21500.0 and 21500 are one price."""
    return format(part.normalize(), "f") if isinstance(part, Decimal) else "" if part is None else str(part)


def settle(found: Import, kind: ImportKind, actor: Actor, rows: Sequence[Row]) -> None:
    """Say of every row what becomes of it, as if they came one by one.

    A row whose claim an earlier one of the file has is a conflict, one that is in already a duplicate. A row that
    resembles one beside it waits until that one is decided, so that the counts do not depend on where steps end.
    """
    known, taken = _known(found, kind, rows)
    while rows:
        fresh, waiting, meant = list[Row](), list[Row](), set[bytes]()
        for row in rows:
            marks = {*row.claims, *row.identities}
            if taken.intersection(row.claims):
                row.result = RowResult(Outcome.CONFLICT, errors=[kind.claim_error or _CLAIMED])
            elif known.intersection(row.identities):
                row.result = RowResult(Outcome.DUPLICATE)
                taken.update(row.claims)
            elif marks & meant:
                waiting.append(row)
            else:
                meant |= marks
                fresh.append(row)
        _apply(kind, actor, fresh)
        for row in fresh:
            if row.result.outcome in IN:
                known.update(row.identities)
                taken.update(row.claims)
        rows = waiting


def _known(found: Import, kind: ImportKind, rows: Sequence[Row]) -> tuple[set[bytes], set[bytes]]:
    """The identities that are in, by this file or another, and the claims that earlier rows of this file have."""
    known, taken = set[bytes](), set[bytes]()
    own = (ImportRow.import_id == found.id, ImportRow.outcome.in_(IN))
    if identities := {mark for row in rows for mark in row.identities}:
        marked = (ImportMark.kind == kind.key, ImportMark.identity.in_(identities))
        known.update(db.session.scalars(select(ImportMark.identity).where(*marked)))
        in_file = select(ImportRow.identity).where(*own, ImportRow.identity.in_(identities))
        known.update(mark for mark in db.session.scalars(in_file) if mark)
    if claims := {mark for row in rows for mark in row.claims}:
        claimed = select(ImportRow.claim).where(*own, ImportRow.claim.in_(claims))
        taken.update(mark for mark in db.session.scalars(claimed) if mark)
    return known, taken


def _apply(kind: ImportKind, actor: Actor, rows: Sequence[Row]) -> None:
    """Hand the rows to their module together; when the database refuses, by halves, so that one row spoils one."""
    if not rows:
        return
    try:
        with db.session.begin_nested():
            _take(kind, actor, rows)
    except (IntegrityError, DataError):
        if len(rows) == 1:
            rows[0].result = RowResult(Outcome.FAILED, errors=[_BROKEN])
            return
        for half in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
            _apply(kind, actor, half)


def _take(kind: ImportKind, actor: Actor, rows: Sequence[Row]) -> None:
    results = kind.apply(actor, [ParsedRow(row.row_no, row.values) for row in rows])
    for row in rows:
        row.result = results[row.row_no]


def take_back(kind: ImportKind, actor: Actor, rows: Sequence[ImportRow]) -> list[int]:
    """The numbers of the rows whose records are gone; what other records refer to by now stays, by halves."""
    if not rows:
        return []
    try:
        with db.session.begin_nested():
            made = [{name: uuid.UUID(value) for name, value in row.made.items()} for row in rows]
            undone = kind.undo(actor, made)
    except IntegrityError:
        half = len(rows) // 2
        return [] if not half else take_back(kind, actor, rows[:half]) + take_back(kind, actor, rows[half:])
    return [row.row_no for row, done in zip(rows, undone, strict=True) if done]
