"""What a cell of a list is worth in a file: text, number, day or instant, in the words of who asked. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from app.core.errors import N_
from app.core.lists.spec import Column, Policy, visibility

Value = str | int | Decimal | date | datetime | None
Words = Callable[[str], str]

CURRENCY, DETAILS = N_("Currency"), N_("{column}: details")
_YES, _NO = N_("Yes"), N_("No")
_COMMA = ", "


@dataclass(frozen=True)
class Sheet:
    """How rows become lines: the columns in their order, who may see what, and the reader's words and time zone."""

    columns: Sequence[Column]
    policy: Policy
    say: Words
    timezone: str

    def headings(self) -> list[str]:
        """The first line; a column of instants says the time zone it is in."""
        found = []
        for column in self.columns:
            label = self.say(column.label)
            found.append(f"{label} ({self.timezone})" if column.kind == "instant" else label)
            if column.under is not None:
                found.append(self.say(DETAILS).format(column=label))
        return [*found, self.say(CURRENCY)] if self._has_money else found

    def line(self, row: Any) -> list[Value]:
        """One row, masked where the policy masks. The currency of its amounts stands in the last cell."""
        found: list[Value] = []
        for column in self.columns:
            found.append(self._cell(column, row))
            if column.under is not None:
                under = column.under(row)
                found.append(" ".join(filter(None, (under.text, under.strong))) or None if under else None)
        if self._has_money:
            given = [column.currency(row) for column in self.columns if column.currency is not None]
            found.append(_COMMA.join(dict.fromkeys(filter(None, given))) or None)
        return found

    @property
    def _has_money(self) -> bool:
        return any(column.currency is not None for column in self.columns)

    def _cell(self, column: Column, row: Any) -> Value:
        value = column.read(row)
        if value is None or value == "":
            return None
        if visibility(self.policy, column.field) != "visible":
            return column.mask(value) if column.mask is not None else None
        if column.labels is not None and value in column.labels:
            return self.say(column.labels[value])
        return self._plain(value)

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


def pack(lines: Sequence[Sequence[Value]]) -> bytes:
    """Lines as bytes that `unpack` gives back with every type."""
    return json.dumps([[_packed(value) for value in line] for line in lines], ensure_ascii=False).encode()


def unpack(data: bytes) -> list[list[Value]]:
    """The lines that `pack` took."""
    return [[_unpacked(value) for value in line] for line in json.loads(data)]


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
