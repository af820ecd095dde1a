"""Cursors: they come back exactly, say nothing to the reader, and open nowhere else."""

from __future__ import annotations

import base64
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.core.lists.cursors import Cursor, CursorCodec

CODEC = CursorCodec("s" * 40, "tenant-a")
ASKED = b"fingerprint"
KEYS = (
    "Ünal 王伟", None, Decimal("12.5000"), Decimal("-0"), 7, 2**70, True, date(2024, 2, 29),
    datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=8))),
    uuid.UUID("01890000-0000-7000-8000-000000000001"),
)  # fmt: skip
values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(), st.dates(), st.uuids(), st.decimals(allow_nan=False),
    st.datetimes(timezones=st.just(UTC)),
)  # fmt: skip


def refused(text: str, *, codec: CursorCodec = CODEC, name: str = "cars", asked: bytes = ASKED) -> None:
    with pytest.raises(Invalid) as problem:
        codec.unseal(name, text, asked)
    assert [(e.field, e.code) for e in problem.value.errors] == [("cursor", "bad_cursor")]


@given(st.lists(values, max_size=4), st.booleans(), st.booleans())
def test_key_values_keep_their_types(keys: list[Any], backward: bool, inclusive: bool) -> None:
    cursor = Cursor(tuple(keys), backward, inclusive)
    found = CODEC.unseal("cars", CODEC.seal("cars", cursor, ASKED), ASKED)
    assert found == cursor
    assert [type(key) for key in found.keys] == [type(key) for key in keys]
    assert [str(key) for key in found.keys] == [str(key) for key in keys]


def test_a_float_is_never_a_key() -> None:
    with pytest.raises(TypeError, match="float"):
        CODEC.seal("cars", Cursor((1.5,)), ASKED)


def test_no_key_value_can_be_read() -> None:
    sealed = CODEC.seal("cars", Cursor(("Smith-Jones", Decimal("31950.00"))), ASKED)
    blob = base64.urlsafe_b64decode(sealed + "==")
    assert b"Smith" not in blob
    assert b"31950" not in blob
    assert sealed != CODEC.seal("cars", Cursor(("Smith-Jones", Decimal("31950.00"))), ASKED)


def test_a_cursor_opens_for_its_own_question_only() -> None:
    sealed = CODEC.seal("cars", Cursor(KEYS), ASKED)
    assert CODEC.unseal("cars", sealed, ASKED).keys == KEYS
    refused(sealed, name="customers")
    refused(sealed, asked=b"other")
    refused(sealed, codec=CursorCodec("s" * 40, "tenant-b"))
    refused(sealed, codec=CursorCodec("t" * 40, "tenant-a"))


def test_no_altered_cursor_opens() -> None:
    sealed = CODEC.seal("cars", Cursor(("Smith", 1)), ASKED)
    blob = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    for at in range(len(blob)):
        changed = blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]
        refused(base64.urlsafe_b64encode(changed).rstrip(b"=").decode())
    for size in range(0, len(blob), 5):
        refused(base64.urlsafe_b64encode(blob[:size]).rstrip(b"=").decode())


@pytest.mark.parametrize("text", ["", "x", "x" * 5000, "%%", "ʼ", "=", "AAAA", "\x00", "\ud800", "../", "e30", "=" * 9])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    refused(text)
