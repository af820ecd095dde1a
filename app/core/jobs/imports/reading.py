"""Reading what people have: CSV in UTF-8 or GB18030 with any usual delimiter, and XLSX, as rows of text."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import python_calamine

from app.core.errors import N_, DomainError

MAX_COLUMNS = 200
MAX_ROWS = 1_000_000
MAX_CELL = 32_000
# An XLSX is a zip: these keep a small upload from unpacking into a large one.
MAX_UNPACKED = 400 * 1024 * 1024
MAX_ENTRIES = 1_000
MAX_RATIO = 100
_DELIMITERS = ",;\t|"
_XLSX_MAGIC = b"PK\x03\x04"


class UnreadableFile(DomainError):
    """It is not a table we can read."""

    code = "unreadable_file"
    message = N_("This file cannot be read as a table. Use CSV (UTF-8 or GB18030) or XLSX with a header row.")
    status = 422


class TooLargeTable(DomainError):
    """It has more columns or rows than an import takes."""

    code = "table_too_large"
    message = N_("The table is too large: at most {columns} columns and {rows} rows can be imported at once.")
    status = 422


@dataclass(frozen=True)
class Table:
    """An upload as rows of text: `rows()` begins anew at each call and leaves the header out."""

    data: bytes
    encoding: str
    headers: tuple[str, ...]

    def rows(self) -> Iterator[list[str]]:
        """Every row below the header, blank ones left out, as long as the header or longer as it stands."""
        lines = _lines(self.data, self.encoding)
        next(lines, None)
        for line in lines:
            if any(cell.strip() for cell in line):
                yield line


def open_table(data: bytes) -> Table:
    """Recognise `data`; raises UnreadableFile, and TooLargeTable for one beyond the limits."""
    encoding = detect(data)
    try:
        headers = tuple(cell.strip().lstrip("\ufeff") for cell in next(_lines(data, encoding), []))
    except (csv.Error, python_calamine.CalamineError, zipfile.BadZipFile, UnicodeDecodeError, ValueError) as error:
        raise UnreadableFile(field="file") from error
    while headers and not headers[-1]:
        headers = headers[:-1]
    if not headers or not any(headers):
        raise UnreadableFile(field="file")
    if len(headers) > MAX_COLUMNS:
        raise TooLargeTable(field="file", columns=MAX_COLUMNS, rows=MAX_ROWS)
    return Table(data, encoding, _distinct(headers))


def count_rows(table: Table) -> int:
    """How many rows there are; raises as `open_table` does, because a fault may lie deep in the file."""
    count = 0
    try:
        for _ in table.rows():
            count += 1
            if count > MAX_ROWS:
                raise TooLargeTable(field="file", columns=MAX_COLUMNS, rows=MAX_ROWS)
    except (csv.Error, UnicodeDecodeError, python_calamine.CalamineError) as error:
        raise UnreadableFile(field="file") from error
    return count


def detect(data: bytes) -> str:
    """ "xlsx", or the encoding of the text: UTF-8 where it is valid (with or without BOM), else GB18030."""
    if data.startswith(_XLSX_MAGIC):
        return "xlsx"
    if b"\x00" in data[:4096] or not data.strip():
        raise UnreadableFile(field="file")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise UnreadableFile(field="file")


def _lines(data: bytes, encoding: str) -> Iterator[list[str]]:
    if encoding == "xlsx":
        yield from _sheet(data)
        return
    text = data.decode(encoding)
    csv.field_size_limit(MAX_CELL)
    yield from csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))


def _delimiter(text: str) -> str:
    """The delimiter most frequent in the header line; a comma when there is none."""
    header = text.lstrip("\ufeff").partition("\n")[0]
    return max(_DELIMITERS, key=lambda mark: (header.count(mark), mark == ","))


def _sheet(data: bytes) -> Iterator[list[str]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        unpacked = sum(entry.file_size for entry in entries)
        if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * max(len(data), 1):
            raise UnreadableFile(field="file")
    workbook = python_calamine.load_workbook(io.BytesIO(data))
    for row in workbook.get_sheet_by_index(0).to_python(skip_empty_area=False):
        yield [_cell(value) for value in row]


def _cell(value: Any) -> str:
    """A cell as the text a person would have typed."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _distinct(headers: tuple[str, ...]) -> tuple[str, ...]:
    """Headers told apart: a second "price" becomes "price (2)", an empty one is named by its place."""
    seen: dict[str, int] = {}
    found = []
    for place, header in enumerate(headers, 1):
        name = header or f"#{place}"
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(found)
