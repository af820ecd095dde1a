"""Files on their way out: sealed in pieces, written as they go, no cell computed; what each rule leaves of a value."""

from __future__ import annotations

import io
import os
import tracemalloc
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from python_calamine import CalamineWorkbook

from app.core.guard.classes import COST, DATA_CLASSES, GROUPS
from app.core.guard.keys import SealBroken
from app.core.lists.exports.calendar import next_run
from app.core.lists.exports.cells import pack, unpack
from app.core.lists.exports.sealing import PIECE, new_key, open_stream, pulled, seal_stream
from app.core.lists.exports.treatments import DEFAULTS, Treatment, choices_of, kind_of, masked, rules_of, token_of
from app.core.lists.exports.workbook import workbook
from app.core.lists.exports.writing import table

KEY, PLACE = new_key(), b"here"
# Of no zone, as cells are: they stand in the zone their heading names.
NOON = datetime.fromisoformat("2026-11-22T12:34:56")
EVIL = ("=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "＝1+1", "＋1", "－1", "＠A1")


def sealed(data, piece=1000):
    return b"".join(seal_stream(KEY, PLACE, (data[at : at + piece] for at in range(0, len(data), piece))))


def opened(data, place=PLACE):
    return b"".join(open_stream(KEY, place, io.BytesIO(data)))


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 7])
def test_a_sealed_stream_opens_to_what_went_in(size):
    data = os.urandom(size)
    assert opened(sealed(data)) == data


def test_a_stream_that_was_touched_does_not_open():
    data = os.urandom(3 * PIECE + 7)
    whole = sealed(data)
    head, step = 20, PIECE + 16
    first, second = whole[head : head + step], whole[head + step : head + 2 * step]
    spoilt = {
        "cut between pieces": whole[: head + 2 * step],
        "cut inside a piece": whole[:-3],
        "exchanged": whole[:head] + second + first + whole[head + 2 * step :],
        "left out": whole[:head] + whole[head + step :],
        "changed": whole[:-1] + bytes([whole[-1] ^ 1]),
        "another salt": whole[:4] + bytes(16) + whole[20:],
        "nothing": b"",
    }
    for what, data in spoilt.items():
        with pytest.raises(SealBroken):
            opened(data)
            pytest.fail(what)
    with pytest.raises(SealBroken):
        opened(whole, b"elsewhere")


def test_the_same_bytes_are_sealed_otherwise_each_time():
    assert sealed(b"same")[20:] != sealed(b"same")[20:]


def test_a_stream_is_made_as_it_is_read():
    made = []

    def pieces():
        for number in range(5):
            made.append(number)
            yield b"x" * 10

    stream = pulled(pieces())
    assert stream.read(4) == b"xxxx"
    assert made == [0]
    assert len(stream.read(100)) == 6
    assert b"".join(iter(lambda: stream.read(7), b"")) == b"x" * 40


def test_lines_keep_their_types_through_parts_of_any_size():
    lines = [["é\n,", 3, Decimal("1.20"), date(2026, 1, 2), NOON, None], ["", 0, None, "=1", "王", 1]]
    packed = pack(lines)
    assert list(unpack(packed[at : at + 3] for at in range(0, len(packed), 3))) == lines


def test_no_cell_of_a_workbook_is_computed():
    data = b"".join(workbook(["=head"], [[text] for text in EVIL] * 300))
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        assert book.testzip() is None
        assert book.comment == b""
        assert all(entry.comment == b"" and entry.extra == b"" for entry in book.infolist())
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert {entry.filename for entry in book.infolist()} == {
            "[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml",
            "xl/worksheets/sheet1.xml",
        }  # fmt: skip
    assert "<f" not in sheet
    assert sheet.count("<c ") == sheet.count('t="inlineStr"') == 300 * len(EVIL) + 1


def test_a_workbook_says_what_was_put_in():
    lines = [
        ["_x0041_ <&> \x01", Decimal("3.50"), 12345678901234567890],
        [date(2026, 11, 22), NOON, date(1899, 1, 1)],
        [None, "王小明", -7],
    ]
    found = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(workbook(["A", "B", "C"], lines))))
    assert found.get_sheet_by_index(0).to_python() == [
        ["A", "B", "C"],
        ["_x0041_ <&> ", 3.5, "12345678901234567890"],
        [date(2026, 11, 22), NOON, "1899-01-01"],
        ["", "王小明", -7.0],
    ]


def test_no_cell_of_a_table_begins_as_a_formula():
    text = b"".join(table(["=head"], [[text] for text in EVIL])).decode("utf-8-sig")
    assert text.startswith("'=head")
    # A cell that holds a line break is quoted; the apostrophe stands inside.
    assert all(line.lstrip('"').startswith("'") for line in text.replace("\r=1", "=1").split("\r\n") if line)


def test_every_kind_of_value_has_a_rule_and_what_is_unknown_stays():
    assert set(DEFAULTS) == {*DATA_CLASSES, *GROUPS}
    assert kind_of(None) == kind_of({}) == kind_of({"data_class": "no such"}) == "sensitive"
    assert kind_of(COST) == "cost"
    assert rules_of({"personal": "no such"})["personal"] is Treatment.DROPPED
    assert rules_of({"sensitive": "seen"})["sensitive"] is Treatment.DROPPED
    assert rules_of({"no such": "seen"}) == dict(DEFAULTS)
    assert choices_of("cost") == (Treatment.SEEN, Treatment.DROPPED)
    assert masked(Decimal("9"), "name") is None
    assert masked("anything", "") == "****"


def test_a_token_is_the_same_for_the_same_person_under_the_same_key():
    one, other = (lambda text: b"1" * 16), (lambda text: b"2" * 16)
    assert token_of("a", one) == token_of("a", one) != token_of("a", other)
    assert len(token_of("a", one)) == 18


@pytest.mark.parametrize(
    ("every", "day", "hour", "after", "expected"),
    [
        ("day", 0, 6, "2026-11-22T21:59:00", "2026-11-22T22:00:00"),
        ("day", 0, 6, "2026-11-22T22:00:00", "2026-11-23T22:00:00"),
        ("week", 0, 6, "2026-11-22T21:59:00", "2026-11-22T22:00:00"),
        ("week", 6, 6, "2026-11-22T21:59:00", "2026-11-28T22:00:00"),
        ("month", 28, 0, "2027-01-28T00:00:00", "2027-02-27T16:00:00"),
    ],
)
def test_a_schedule_runs_by_the_dealerships_clock(every, day, hour, after, expected):
    found = next_run(every, day, hour, "Asia/Shanghai", datetime.fromisoformat(after).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_an_hour_the_clocks_leave_out_is_run_all_the_same():
    found = next_run("day", 0, 2, "America/New_York", datetime(2026, 3, 8, 0, tzinfo=UTC))
    assert found > datetime(2026, 3, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize("write", [table, workbook])
def test_a_long_file_takes_no_more_memory_than_a_short_one(write):
    lines = ([f"{number} {'x' * 200}", number, None] for number in range(40_000))
    tracemalloc.start()
    through_parts = unpack(pack([line]) for line in lines)
    made = sum(map(len, seal_stream(KEY, PLACE, write(["A", "B", "C"], through_parts))))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000
    assert made > (8_000_000 if write is table else 200_000)
