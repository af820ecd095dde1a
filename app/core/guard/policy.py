"""The field policy: the one place that says whether an actor sees a value, its mask, or nothing.

Pages, lists, filters, sorts, searches, figures, exports, changes and the audit view all ask here. A column declares its
data class and perhaps a group of fields; the actor's roles say how much they see of each group, and of one they say
nothing about, nothing is seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from app.core.errors import FieldClosed
from app.core.guard.classes import class_of, group_of
from app.core.guard.masks import mask
from app.core.guard.permissions import Actor


class Sight(StrEnum):
    """How much of a value somebody sees."""

    VISIBLE = "visible"
    MASKED = "masked"
    HIDDEN = "hidden"


# Narrow to wide; the position is the width.
SIGHTS: Final = (Sight.HIDDEN, Sight.MASKED, Sight.VISIBLE)


_FIELDS: dict[str, dict[str, Mapping[str, Any]]] = {}


def declare_record(record_type: str, *sources: Any, **fields: Mapping[str, Any]) -> None:
    """Say which fields a type of record has: every column of the tables or models in `sources`, and `fields` by name.

    `fields` name values that are no column of their own (the phones of a customer, say) with the info of their column.
    """
    known = _FIELDS.setdefault(record_type, {})
    for source in sources:
        table = getattr(source, "__table__", source)
        known.update({column.name: column.info for column in table.columns})
    known.update(fields)


def group_of_field(record_type: str, column: str) -> str | None:
    """The group a field of a type of record is in, whose sight the roles decide; None where all see the same."""
    return group_of(_FIELDS.get(record_type, {}).get(column, {}))


@dataclass(frozen=True)
class Policy:
    """The answers for one actor."""

    actor: Actor

    def group(self, group: str) -> Sight:
        """The sight on a group of fields, as the actor's roles say; hidden where they say nothing known."""
        if self.actor.system:
            return Sight.VISIBLE
        found = self.actor.sights.get(group)
        return Sight(found) if found in SIGHTS else Sight.HIDDEN

    def info(self, info: Mapping[str, Any]) -> Sight:
        """The sight on a value whose column declares `info`; no class means hidden, even from the system."""
        data_class, group = class_of(info), group_of(info)
        if data_class is None:
            return Sight.HIDDEN
        if group is not None:
            return self.group(group)
        if self.actor.system:
            return Sight.VISIBLE
        # A sensitive value outside every group (a password hash, a token) is for no screen at all.
        return Sight.HIDDEN if data_class == "sensitive" else Sight.VISIBLE

    def column(self, column: Any) -> Sight:
        """The sight on a table column or a mapped attribute; something that declares nothing is hidden."""
        info = getattr(column, "info", None)
        return self.info(info) if isinstance(info, Mapping) else Sight.HIDDEN

    def field(self, record_type: str, column: Any) -> Sight:
        """The sight on a field of a type of record, by column or by name; an unknown name is hidden."""
        if not isinstance(column, str):
            return self.column(column)
        info = _FIELDS.get(record_type, {}).get(column)
        return Sight.HIDDEN if info is None else self.info(info)

    def may_query(self, record_type: str, column: Any) -> bool:
        """Whether the actor may filter, sort or search by a field: an order or a hit tells what a mask hides."""
        return self.field(record_type, column) is Sight.VISIBLE

    def check_write(self, record_type: str, column: Any, *, field: str | None = None) -> None:
        """Raise FieldClosed unless the actor sees the field in full: nobody writes over what is kept from him."""
        if self.field(record_type, column) is not Sight.VISIBLE:
            raise FieldClosed(field=field)

    def show(self, record_type: str, column: Any, value: Any, kind: str) -> Any:
        """`value` as far as the actor may see it; `kind` is the mask's. For lists use the stored mask instead."""
        sight = self.field(record_type, column)
        if sight is Sight.VISIBLE:
            return value
        return mask(kind, value) if sight is Sight.MASKED else None


def policy_for(actor: Actor) -> Policy:
    """The field policy as it stands for `actor`."""
    return Policy(actor)
