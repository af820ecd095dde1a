"""A workbook written as it goes: rows in, bytes out, nothing kept and no file beside it. Every text is a text cell.

Written here because the usual writers put rows into files of their own, in the clear, until the workbook is whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from app.core.lists.exports.cells import Value

# Excel holds numbers as doubles: a longer one would lose digits, so it goes in as text.
_DIGITS_OF_A_DOUBLE: Final = 15
_LONGEST_CELL: Final = 32_767
_ROWS_AT_ONCE: Final = 200
_WIDTHS: Final = (9, 46)
_BOLD, _DAY, _INSTANT = 1, 2, 3
# The first day from which Excel counts as the calendar does.
_FIRST_DAY: Final = date(1900, 3, 1)
_EPOCH: Final = date(1899, 12, 30)
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPED: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPES: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS: Final = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}">'
    '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><numFmts count="2">'
    '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/>'
    '</numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}


class _Drain:
    """Takes what the archive writes until it is fetched."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""

    def take(self) -> bytes:
        found = bytes(self._held)
        self._held.clear()
        return found


def workbook(headings: Sequence[str], lines: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """The bytes of a workbook with one sheet."""
    out = _Drain()
    with ZipFile(out, "w", ZIP_DEFLATED, compresslevel=5) as book:  # type: ignore[call-overload]
        for name, text in _PARTS.items():
            book.writestr(_entry(name), _HEAD + text)
        with book.open(_entry("xl/worksheets/sheet1.xml"), "w") as sheet:
            sheet.write(_opening(headings).encode())
            held: list[str] = []
            for number, line in enumerate(lines, 2):
                held.append(_row(number, line))
                if len(held) == _ROWS_AT_ONCE:
                    sheet.write("".join(held).encode())
                    held.clear()
                    if piece := out.take():
                        yield piece
            sheet.write(("".join(held) + "</sheetData></worksheet>").encode())
    yield out.take()


def _entry(name: str) -> ZipInfo:
    # No time of ours and no comment: an archive tells nothing but what is in the sheet.
    made = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    made.compress_type = ZIP_DEFLATED
    return made


def _opening(headings: Sequence[str]) -> str:
    widths = (min(max(_WIDTHS[0], len(heading) + 4), _WIDTHS[1]) for heading in headings)
    columns = "".join(
        f'<col min="{at}" max="{at}" width="{width}" customWidth="1"/>' for at, width in enumerate(widths, 1)
    )
    cells = "".join(_text(f"{_letters(at)}1", heading, _BOLD) for at, heading in enumerate(headings))
    return (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<cols>{columns}</cols><sheetData><row r="1">{cells}</row>'
    )


def _row(number: int, line: Sequence[Value]) -> str:
    cells = [_cell(f"{_letters(at)}{number}", value) for at, value in enumerate(line) if value is not None]
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(place: str, value: Value) -> str:
    if isinstance(value, str):
        return _text(place, value)
    if isinstance(value, date):
        day = value.date() if isinstance(value, datetime) else value
        if day < _FIRST_DAY:
            return _text(place, value.isoformat())
        count = (day - _EPOCH).days
        if not isinstance(value, datetime):
            return f'<c r="{place}" s="{_DAY}"><v>{count}</v></c>'
        seconds = value.hour * 3600 + value.minute * 60 + value.second
        return f'<c r="{place}" s="{_INSTANT}"><v>{count + seconds / 86_400:.10f}</v></c>'
    number = Decimal(value or 0)
    if not number.is_finite() or len(number.normalize().as_tuple().digits) > _DIGITS_OF_A_DOUBLE:
        return _text(place, f"{number:f}")
    return f'<c r="{place}"><v>{number:f}</v></c>'


def _text(place: str, text: str, style: int = 0) -> str:
    # What looks like Excel's own way of writing a character is told from it.
    safe = escape(_ESCAPED.sub("_x005F_", _NOT_XML.sub("", text)[:_LONGEST_CELL]))
    return f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{safe}</t></is></c>'


def _letters(at: int) -> str:
    """The name of the column at `at`, from 0: A, B … Z, AA."""
    found, at = "", at + 1
    while at:
        at, rest = divmod(at - 1, 26)
        found = chr(65 + rest) + found
    return found
