"""A kind of the tests' own: notes that become jobs, so that the engine is tested without any module."""

from __future__ import annotations

import io
import uuid
from collections.abc import Mapping, Sequence

import xlsxwriter
from sqlalchemy import delete, select

from app.core.db import db
from app.core.errors import FieldError
from app.core.jobs.imports import parsing
from app.core.jobs.imports.kinds import Choice, ImportField, ImportKind, ParsedRow, RowResult, Values, register
from app.core.jobs.imports.models import Outcome
from app.core.jobs.models import Job

NOTE = "import_note"


def _apply(actor, rows: Sequence[ParsedRow]) -> Mapping[int, RowResult]:
    results = {}
    for row in rows:
        amount = row.values["amount"]
        if amount == 13:
            error = FieldError("amount", "unlucky", "Thirteen is not taken ({times}).", {"times": 1})
            results[row.row_no] = RowResult(Outcome.FAILED, errors=[error])
            continue
        # The name is longer than its column where a row shall be refused by the database itself.
        kind = NOTE if amount != 666 else "x" * 61
        job = Job(id=uuid.uuid4(), kind=kind, task="tests.note", queue="default", params={"name": row.values["name"]})
        db.session.add(job)
        results[row.row_no] = RowResult(Outcome.CREATED, made={"note": job.id})
    db.session.flush()
    return results


def _undo(actor, made: Sequence[Mapping[str, uuid.UUID]]) -> list[bool]:
    ids = [row["note"] for row in made]
    untouched = set(db.session.scalars(select(Job.id).where(Job.id.in_(ids), Job.progress_done == 0)))
    db.session.execute(delete(Job).where(Job.id.in_(untouched)))
    return [key in untouched for key in ids]


def _identity(values: Values):
    return values["name"], values["amount"], values["on"]


KIND = register(
    ImportKind(
        key="notes",
        label="Notes",
        permissions=("import.create",),
        fields=(
            ImportField("name", "Name", aliases=("title", "姓名"), required=True, nothing=parsing.NOT_A_WORD),
            ImportField("amount", "Amount", parsing.money, ("price", "金额")),
            ImportField("on", "On", parsing.day, ("date", "日期")),
            ImportField(
                "colour",
                "Colour",
                aliases=("color", "颜色"),
                choices=lambda actor: (Choice("r", "Red", ("红", "warm")), Choice("b", "Blue", ("蓝",)),
                                       Choice("o", "Orange", ("warm",))),
            ),
            ImportField("secret", "Secret", guarded=("stock_unit", "cost")),
        ),
        identity=_identity,
        apply=_apply,
        undo=_undo,
        claim=lambda values: (values["name"],) if values["name"].startswith("only ") else None,
    )
)  # fmt: skip


def notes() -> list[str]:
    """The names of the notes there are, in order."""
    return sorted(db.session.scalars(select(Job.params["name"].astext).where(Job.kind == NOTE)))


def workbook(rows: Sequence[Sequence[object]], *, name: str = "Sheet1") -> bytes:
    """An XLSX file of these rows."""
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return held.getvalue()
