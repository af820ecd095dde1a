"""Lines as a CSV or XLSX file. No cell of either is ever computed by a spreadsheet. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

import xlsxwriter

from app.core.jobs.imports.parsing import harmless
from app.core.lists.exports.cells import Value


class Format(StrEnum):
    """The files a list can leave as."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES: Final = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# Writing a workbook takes far longer than writing text, and must end within one step.
MOST_XLSX_ROWS: Final = 250_000
# Excel holds numbers as doubles: a longer one would lose digits, so it goes in as text.
_DIGITS_OF_A_DOUBLE: Final = 15
_WIDTHS: Final = (9, 46)


def write(chosen: Format, headings: Sequence[str], lines: Iterable[Sequence[Value]]) -> bytes:
    """The whole file."""
    return (_csv if chosen is Format.CSV else _xlsx)(headings, lines)


def _csv(headings: Sequence[str], lines: Iterable[Sequence[Value]]) -> bytes:
    """UTF-8 with its mark, which spreadsheets need to read Chinese; days as ISO 8601, numbers without grouping."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow([harmless(heading) for heading in headings])
    for line in lines:
        writer.writerow([_text(value) for value in line])
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def _text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, Decimal):
        return f"{value:f}"
    return harmless(value) if isinstance(value, str) else str(value)


def _xlsx(headings: Sequence[str], lines: Iterable[Sequence[Value]]) -> bytes:
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"constant_memory": True}) as book:
        head = book.add_format({"bold": True})
        days = book.add_format({"num_format": "yyyy-mm-dd"})
        instants = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        for place, heading in enumerate(headings):
            sheet.write_string(0, place, heading, head)
            sheet.set_column(place, place, min(max(_WIDTHS[0], len(heading) + 4), _WIDTHS[1]))
        for number, line in enumerate(lines, 1):
            for place, value in enumerate(line):
                _put(sheet, number, place, value, days, instants)
    return written.getvalue()


def _put(sheet: Any, row: int, place: int, value: Value, days: Any, instants: Any) -> None:
    if value is None:
        return
    if isinstance(value, date) and value.year < 1900:
        sheet.write_string(row, place, value.isoformat())  # Before the first day Excel knows.
    elif isinstance(value, datetime):
        sheet.write_datetime(row, place, value, instants)
    elif isinstance(value, date):
        sheet.write_datetime(row, place, value, days)
    elif isinstance(value, str):
        sheet.write_string(row, place, value)
    elif len(Decimal(value).normalize().as_tuple().digits) > _DIGITS_OF_A_DOUBLE:
        sheet.write_string(row, place, _text(value))
    else:
        sheet.write_number(row, place, value)
