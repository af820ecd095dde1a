"""Which columns of a list leave, and how: the stricter of the reader's sight and the dealership's rules. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select

from app.core.lists.exports.treatments import DEFAULTS, UNKNOWN, Treatment, kind_of, stricter
from app.core.lists.spec import Column, ListSpec, Outgoing, Policy, visibility

# What a mask is called where the cell's own kind says it.
MASK_OF_CELL: Final[Mapping[str, str]] = {"plate": "plate", "vin": "vin", "phone": "phone"}
_NOTHING: Final = Outgoing()
# In place of a treatment: the values themselves, where a list shows masks.
FULL: Final = "full"
Rules = Mapping[str, Treatment]


@dataclass(frozen=True)
class Leaving:
    """One column of a file: what happens to its cells and to the small line below them; None where none leaves."""

    column: Column
    how: Treatment
    under: Treatment | None = None
    # Whether `column.out.full` gives the values, in place of the masks a list shows.
    full: bool = False

    @property
    def out(self) -> Outgoing:
        """What the cells hold."""
        return self.column.out or _NOTHING

    @property
    def under_out(self) -> Outgoing:
        """What the small lines hold."""
        return self.column.under_out or _NOTHING

    @property
    def mask_kind(self) -> str:
        """The mask for the cells."""
        return self.out.kind or MASK_OF_CELL.get(self.column.kind, "")

    @property
    def told(self) -> str:
        """What is done to the cells, in one word."""
        return FULL if self.full else _told(self.how, self.out)

    @property
    def under_told(self) -> str:
        """What is done to the small lines, in one word."""
        return _told(self.under or Treatment.DROPPED, self.under_out)


def told_of(found: Sequence[Leaving]) -> dict[str, str]:
    """What is done to each column, and to its small lines under `under_key`; one that stays is not among them."""
    cells = {one.column.key: one.told for one in found}
    return cells | {under_key(one.column): one.under_told for one in found if one.column.under is not None}


def under_key(column: Column) -> str:
    """The small lines of a column among what is told of columns."""
    return f"{column.key}.under"


class Both:
    """Two policies at once: whatever one of them hides is hidden, whatever one masks is masked."""

    def __init__(self, *policies: Policy) -> None:
        self._policies = policies

    def field(self, record_type: str, column: Any) -> str:
        """The narrower sight on a field."""
        return _narrowest([str(policy.field(record_type, column)) for policy in self._policies])

    def column(self, column: Any) -> str:
        """The narrower sight on a column."""
        return _narrowest([str(policy.column(column)) for policy in self._policies])


def open_rules() -> dict[str, Treatment]:
    """The rules of an export in the clear: everything as its reader sees it, but no secret."""
    return {kind: Treatment.DROPPED if kind == UNKNOWN else Treatment.SEEN for kind in DEFAULTS}


def leaving(
    spec: ListSpec, source: Select[Any], columns: Sequence[Column], policy: Policy, rules: Rules, *, unmasked: bool
) -> list[Leaving]:
    """The columns of the file, in order. `source` tells the classes; a column that declares none leaves closed."""
    found = []
    for column in columns:
        sight = visibility(policy, column.field)
        how = rules[kind_of(class_of_cell(column, source))]
        if sight != "visible":
            how = stricter(how, Treatment.MASKED if sight == "masked" else Treatment.DROPPED)
        if how is Treatment.DROPPED:
            continue
        under = None
        if column.under is not None:
            under = rules[kind_of(column.under_out.info if column.under_out else None)]
        whole = column.out is not None and column.out.full is not None and unmasked
        full = whole and column.out is not None and visibility(policy, column.out.field) == "visible"
        found.append(Leaving(column, how, None if under is Treatment.DROPPED else under, full))
    return found


def class_of_cell(column: Column, source: Select[Any]) -> Mapping[str, Any] | None:
    """The class a column of a list declares, or the one of the table column its cells are read from; None: neither."""
    if column.out is not None and column.out.info is not None:
        return column.out.info
    if column.value is not None:
        return None
    selected = source.selected_columns.get(column.key)
    for base in (selected, *selected.base_columns) if selected is not None else ():
        info = getattr(base, "info", None)
        if info and info.get("data_class"):
            return info
    return None


def _told(how: Treatment, out: Outgoing) -> str:
    # A list shows a mask already where `is_mask` says so: seeing that is no more than a mask.
    return (stricter(how, Treatment.MASKED) if out.is_mask else how).value


def _narrowest(sights: Sequence[str]) -> str:
    if all(sight == "visible" for sight in sights):
        return "visible"
    return "masked" if all(sight in ("visible", "masked") for sight in sights) else "hidden"
