"""What a cell of a list is worth in a file: text, number, day or instant, in the words of who asked. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from app.core.errors import N_
from app.core.lists.exports.outgoing import Leaving
from app.core.lists.exports.treatments import Tokens, Treatment, masked, token_of
from app.core.lists.spec import Outgoing

Value = str | int | Decimal | date | datetime | None
Words = Callable[[str], str]

CURRENCY, DETAILS = N_("Currency"), N_("{column}: details")
_YES, _NO = N_("Yes"), N_("No")
_COMMA = ", "


@dataclass(frozen=True)
class Sheet:
    """How rows become lines: the columns and what happens to them, the reader's words and time zone, and the tokens."""

    columns: Sequence[Leaving]
    say: Words
    timezone: str
    tokens: Tokens

    def headings(self) -> list[str]:
        """The first line; a column of instants says the time zone it is in."""
        found = []
        for leaving in self.columns:
            label = self.say(leaving.column.label)
            found.append(f"{label} ({self.timezone})" if leaving.column.kind == "instant" else label)
            if leaving.under is not None:
                found.append(self.say(DETAILS).format(column=label))
        return [*found, self.say(CURRENCY)] if self._has_money else found

    def lines(self, rows: Sequence[Any], key: str) -> Iterator[list[Value]]:
        """Rows, each cell as open as its column is to be; `key` names the id of a row."""
        full = {leaving.column.key: leaving.out.full(rows) for leaving in self.columns
                if leaving.full and leaving.out.full is not None}  # fmt: skip
        for row in rows:
            at = row._mapping[key]
            yield self.line(row, {name: values.get(at) for name, values in full.items()})

    def line(self, row: Any, full: Mapping[str, str | None]) -> list[Value]:
        """One row. The currency of its amounts stands in the last cell."""
        found: list[Value] = []
        for leaving in self.columns:
            column = leaving.column
            found.append(full[column.key] if leaving.full else self._cell(leaving, row))
            if leaving.under is not None and column.under is not None:
                under = column.under(row)
                text = " ".join(filter(None, (under.text, under.strong))) if under else ""
                found.append(self._closed(text, leaving.under, leaving.under_out, row, "") if text else None)
        if self._has_money:
            given = [leaving.column.currency(row) for leaving in self.columns if leaving.column.currency is not None]
            found.append(_COMMA.join(dict.fromkeys(filter(None, given))) or None)
        return found

    @property
    def _has_money(self) -> bool:
        return any(leaving.column.currency is not None for leaving in self.columns)

    def _cell(self, leaving: Leaving, row: Any) -> Value:
        column = leaving.column
        value = column.read(row)
        if value is None or value == "":
            return None
        if leaving.how is Treatment.SEEN:
            if column.labels is not None and value in column.labels:
                return self.say(column.labels[value])
            return self._plain(value)
        if leaving.how is Treatment.MASKED and column.mask is not None:
            return column.mask(value) or None
        return self._closed(value, leaving.how, leaving.out, row, leaving.mask_kind)

    def _closed(self, value: Any, how: Treatment, out: Outgoing, row: Any, kind: str) -> Value:
        """What is left of a value: itself where it is seen or shows a mask already, its mask, a token, or nothing."""
        if how is Treatment.SEEN or (how is Treatment.MASKED and out.is_mask):
            return self._plain(value)
        if how is Treatment.MASKED:
            return masked(value, out.kind or kind)
        if how is Treatment.DROPPED or not isinstance(value, str):
            return None
        person = out.person(row) if out.person is not None else None
        return token_of(f"person:{person}" if person is not None else f"{out.kind or kind}:{value}", self.tokens)

    def _plain(self, value: Any) -> Value:
        if isinstance(value, bool):
            return self.say(_YES if value else _NO)
        if isinstance(value, datetime):
            # Whole seconds of the reader's clock; spreadsheets know no offsets.
            return value.astimezone(ZoneInfo(self.timezone)).replace(tzinfo=None, microsecond=0)
        if isinstance(value, (int, Decimal, date)):
            return value
        if isinstance(value, float):
            return Decimal(str(value))
        if isinstance(value, (list, tuple, set, frozenset)):
            return _COMMA.join(self.say(str(item)) for item in value) or None
        return str(value)


def pack(lines: Iterable[Sequence[Value]]) -> bytes:
    """Lines as bytes that `unpack` gives back with every type; packed lines may follow each other."""
    return b"".join(json.dumps([_packed(v) for v in line], ensure_ascii=False).encode() + b"\n" for line in lines)


def unpack(pieces: Iterable[bytes]) -> Iterator[list[Value]]:
    """The lines that `pack` took, out of its bytes in pieces of any size."""
    left = b""
    for piece in pieces:
        *whole, left = (left + piece).split(b"\n")
        for line in whole:
            yield [_unpacked(value) for value in json.loads(line)]


def _packed(value: Value) -> Any:
    # A datetime is a date too, so it is asked first.
    for mark, kind in (("t", datetime), ("d", date), ("n", Decimal)):
        if isinstance(value, kind):
            return [mark, str(value) if mark == "n" else value.isoformat()]  # type: ignore[union-attr]
    return value


def _unpacked(value: Any) -> Value:
    if not isinstance(value, list):
        return value
    mark, text = value
    if mark == "n":
        return Decimal(text)
    return datetime.fromisoformat(text) if mark == "t" else date.fromisoformat(text)
