"""Reading what people have: CSV in UTF-8 or GB18030 with any usual delimiter, and XLSX, as rows of text."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import python_calamine

from app.core.errors import N_, DomainError

MAX_COLUMNS = 200
MAX_ROWS = 1_000_000
MAX_CELL = 32_000
# A packed upload must not unpack into something much larger than it looks.
MAX_UNPACKED = 50 * 1024 * 1024
MAX_ENTRIES = 1_000
MAX_RATIO = 100
# A sheet is read as a rectangle, so that one cell in the far corner would fill the memory.
MAX_AREA = 20_000_000
_DELIMITERS = ",;\t|"
_XLSX_MAGIC, _GZIP_MAGIC = b"PK\x03\x04", b"\x1f\x8b"
_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"')


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


_FAULTS = (
    csv.Error, UnicodeDecodeError, python_calamine.CalamineError, zipfile.BadZipFile, zlib.error, NotImplementedError,
)  # fmt: skip


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
    """Recognise `data`, gzipped or not; raises UnreadableFile, and TooLargeTable for one beyond the limits."""
    if data.startswith(_GZIP_MAGIC):
        data = _gunzipped(data)
    encoding = detect(data)
    try:
        if encoding == "xlsx":
            data = _repacked(data)
        headers = tuple(cell.strip().lstrip("\ufeff") for cell in next(_lines(data, encoding), []))
    except (*_FAULTS, ValueError) as error:
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
    except _FAULTS as error:
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
    workbook = python_calamine.load_workbook(io.BytesIO(data))
    for row in workbook.get_sheet_by_index(0).to_python(skip_empty_area=False):
        yield [_cell(value) for value in row]


def _gunzipped(data: bytes) -> bytes:
    opened = zlib.decompressobj(wbits=31)
    try:
        unpacked = opened.decompress(data, MAX_UNPACKED + 1)
    except zlib.error as error:
        raise UnreadableFile(field="file") from error
    if len(unpacked) > MAX_UNPACKED or not opened.eof or opened.unused_data:
        raise UnreadableFile(field="file")
    return unpacked


def _repacked(data: bytes) -> bytes:
    """The same workbook, each entry exactly as long as it says: the reader behind us trusts what a zip promises."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as copy:
        entries = archive.infolist()
        unpacked = sum(entry.file_size for entry in entries)
        if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * max(len(data), 1):
            raise UnreadableFile(field="file")
        for entry in entries:
            if entry.flag_bits & 1:  # Encrypted.
                raise UnreadableFile(field="file")
            content = archive.read(entry)
            if entry.filename.startswith("xl/worksheets/"):
                _check_area(content)
            copy.writestr(entry.filename, content)
    return packed.getvalue()


def _check_area(sheet: bytes) -> None:
    columns = rows = 0
    for found in _CELL.finditer(sheet):
        column = 0
        for letter in found[1]:
            column = column * 26 + letter - 64
        columns, rows = max(columns, column), max(rows, int(found[2]))
    if columns > MAX_COLUMNS or rows > MAX_ROWS + 1 or columns * rows > MAX_AREA:
        raise TooLargeTable(field="file", columns=MAX_COLUMNS, rows=MAX_ROWS)


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
