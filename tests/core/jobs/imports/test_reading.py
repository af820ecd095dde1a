"""Files as people have them: encodings, delimiters, workbooks, and files that mean harm."""

from __future__ import annotations

import contextlib
import gzip
import io
import zipfile
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.jobs.imports import reading
from app.core.jobs.imports.reading import TooLargeTable, UnreadableFile, count_rows, open_table
from tests.core.jobs.imports.samples import workbook

TEXT = "姓名,金额\n王芳,1万\n\n李雷,2\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_the_encoding_is_recognised(encoding):
    table = open_table(TEXT.encode(encoding))
    assert table.headers == ("姓名", "金额")
    assert list(table.rows()) == [["王芳", "1万"], ["李雷", "2"]]
    assert count_rows(table) == 2
    assert table.encoding == ("gb18030" if encoding.startswith("gb") else "utf-8-sig")


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_delimiter_is_the_one_of_the_header(mark, end):
    table = open_table(f'a{mark}b{end}"1{mark}1"{mark}"x{end}y"{end}'.encode())
    assert list(table.rows()) == [[f"1{mark}1", f"x{end}y"]]


def test_gzip_is_unpacked():
    assert open_table(gzip.compress(TEXT.encode())).headers == ("姓名", "金额")


def test_headers_are_told_apart():
    assert open_table(b"price,,price,price\n1,2,3,4\n").headers == ("price", "#2", "price (2)", "price (3)")


def test_a_workbook_is_text_as_a_person_would_type_it():
    book = workbook([["Name", "Amount", "On", "Yes"], ["王芳", 12.0, date(2024, 5, 6), True], ["x", 0.5, "", False]])
    table = open_table(book)
    assert table.encoding == "xlsx"
    assert list(table.rows()) == [["王芳", "12", "2024-05-06", "TRUE"], ["x", "0.5", "", "FALSE"]]


@pytest.mark.parametrize(
    "data",
    [b"", b"   \n", b"\x00\x01\x02", b"PK\x03\x04 not a zip", b"\x1f\x8b not gzip", b"\xff\xfe\x00a", b",,,\n1,2,3\n"],
)
def test_what_is_no_table_is_refused(data):
    with pytest.raises(UnreadableFile):
        open_table(data)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data):
    with contextlib.suppress(UnreadableFile, TooLargeTable):
        count_rows(open_table(data))


def zipped(**entries: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/"), content)
    return held.getvalue()


def test_a_zip_that_unpacks_into_much_more_is_refused():
    with pytest.raises(UnreadableFile):
        open_table(zipped(xl__worksheets__sheet1=b"0" * (reading.MAX_RATIO * 20_000)))


def test_a_zip_of_many_entries_is_refused():
    with pytest.raises(UnreadableFile):
        open_table(zipped(**{f"e{number}": b"" for number in range(reading.MAX_ENTRIES + 1)}))


def test_a_zip_that_lies_about_its_size_is_refused():
    book = bytearray(zipped(**{"xl__worksheets__sheet1.xml": b"<c/>" * 200_000}))
    # The sizes of the entry in the central directory: 24 bytes behind its signature.
    at = book.index(b"PK\x01\x02") + 24
    book[at : at + 4] = (100).to_bytes(4, "little")
    with pytest.raises(UnreadableFile):
        open_table(bytes(book))


def test_a_gzip_bomb_is_refused(monkeypatch):
    monkeypatch.setattr(reading, "MAX_UNPACKED", 1_000)
    assert open_table(gzip.compress(b"a,b\n" * 250)).headers == ("a", "b")
    with pytest.raises(UnreadableFile):
        open_table(gzip.compress(b"a,b\n" * 251))


def test_a_cell_in_the_far_corner_does_not_fill_the_memory():
    with zipfile.ZipFile(io.BytesIO(workbook([["a"], ["b"]]))) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    entries[name] = entries[name].replace(b'r="A2"', b'r="XFD1048576"')
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for entry, content in entries.items():
            archive.writestr(entry, content)
    with pytest.raises(TooLargeTable):
        open_table(held.getvalue())


def test_a_table_beyond_the_limits_is_refused(monkeypatch):
    with pytest.raises(TooLargeTable):
        open_table(("a," * reading.MAX_COLUMNS + "b\n").encode())
    monkeypatch.setattr(reading, "MAX_ROWS", 2)
    with pytest.raises(TooLargeTable):
        count_rows(open_table(b"a\n1\n2\n3\n"))


def test_a_cell_without_an_end_is_refused(monkeypatch):
    with pytest.raises(UnreadableFile):
        count_rows(open_table(b'a,b\n"' + b"x" * (reading.MAX_CELL + 10)))
