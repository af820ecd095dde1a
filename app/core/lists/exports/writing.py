"""Lines as the bytes of a CSV or XLSX file, made as they are read. No cell of either is ever computed. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from app.core.jobs.imports.parsing import harmless
from app.core.lists.exports.cells import Value
from app.core.lists.exports.states import Format
from app.core.lists.exports.workbook import workbook

# Writing a workbook takes longer than writing text, and must end within one step.
MOST_XLSX_ROWS: Final = 250_000
_PIECE: Final = 64 * 1024
# What a spreadsheet in a Chinese or Japanese setting takes for the signs that begin a formula.
_WIDE_STARTS: Final = tuple("＝＋－＠")


def write(chosen: Format, headings: Sequence[str], lines: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """The file, piece by piece."""
    return (table if chosen is Format.CSV else workbook)(headings, lines)


def table(headings: Sequence[str], lines: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """UTF-8 with its mark, which spreadsheets need to read Chinese; days as ISO 8601, numbers without grouping."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow([_harmless(heading) for heading in headings])
    yield b"\xef\xbb\xbf"
    for line in lines:
        writer.writerow([_text(value) for value in line])
        if written.tell() >= _PIECE:
            yield written.getvalue().encode()
            written.seek(0)
            written.truncate()
    yield written.getvalue().encode()


def _text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, Decimal):
        return f"{value:f}"
    return _harmless(value) if isinstance(value, str) else str(value)


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_WIDE_STARTS) else harmless(text)
