"""The field policy: the one place that says whether an actor sees a value, its mask, or nothing.

Pages, lists, filters, exports and the audit view all ask here. Core names no right of the trade: a module says in its
`permissions.py` which right opens which group of fields; a group that no right opens stays closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from app.core.guard.classes import GROUPS, class_of, group_of
from app.core.guard.masks import mask
from app.core.guard.permissions import Actor, allows, declared


class Sight(StrEnum):
    """How much of a value somebody sees."""

    VISIBLE = "visible"
    MASKED = "masked"
    HIDDEN = "hidden"


# What remains of a group for whoever lacks its right. Personal values have a stored mask; a figure has no half.
_OTHERWISE: Final[Mapping[str, Sight]] = MappingProxyType(
    {
        "contact": Sight.MASKED,
        "identity": Sight.MASKED,
        "cost": Sight.HIDDEN,
        "margin": Sight.HIDDEN,
        "pay": Sight.HIDDEN,
    }
)
# A group that no module opens goes with another.
_GOES_WITH: Final[Mapping[str, str]] = MappingProxyType({"margin": "cost"})
_OPENED_BY: dict[tuple[str, str | None], str] = {}
_FIELDS: dict[str, dict[str, Mapping[str, Any]]] = {}


def open_group(group: str, permission: str, record_type: str | None = None) -> None:
    """Say that `permission` opens the fields of `group`, of every type of record or of one.

    Called beside `declare()` in a module's permissions; raises ValueError when another permission opens it already.
    """
    if group not in GROUPS:
        raise ValueError(f"there is no field group {group!r}")
    if permission not in declared():
        raise ValueError(f"{permission} is not declared")
    if _OPENED_BY.setdefault((group, record_type), permission) != permission:
        raise ValueError(f"{group} is opened by {_OPENED_BY[group, record_type]} already")


def opener(group: str, record_type: str | None = None) -> str | None:
    """The permission that opens `group`: the record type's own before the general one, or None."""
    found = _OPENED_BY.get((group, record_type)) or _OPENED_BY.get((group, None))
    return found or (opener(_GOES_WITH[group], record_type) if group in _GOES_WITH else None)


def declare_record(record_type: str, *sources: Any, **fields: Mapping[str, Any]) -> None:
    """Say which fields a type of record has: every column of the tables or models in `sources`, and `fields` by name.

    `fields` name values that are no column of their own (the phones of a customer, say) with the info of their column.
    """
    known = _FIELDS.setdefault(record_type, {})
    for source in sources:
        table = getattr(source, "__table__", source)
        known.update({column.name: column.info for column in table.columns})
    known.update(fields)


@dataclass(frozen=True)
class Policy:
    """The answers for one actor."""

    actor: Actor

    def info(self, info: Mapping[str, Any], record_type: str | None = None) -> Sight:
        """The sight on a value whose column declares `info`; no class means hidden, even from the system."""
        data_class, group = class_of(info), group_of(info)
        if data_class is None:
            return Sight.HIDDEN
        if self.actor.system:
            return Sight.VISIBLE
        if group is not None:
            permission = opener(group, record_type)
            if permission is not None and allows(self.actor, permission):
                return Sight.VISIBLE
            return _OTHERWISE.get(group, Sight.HIDDEN)
        # A sensitive value outside every group (a password hash, a token) is for no screen at all.
        return Sight.HIDDEN if data_class == "sensitive" else Sight.VISIBLE

    def column(self, column: Any, record_type: str | None = None) -> Sight:
        """The sight on a table column or a mapped attribute; something that declares nothing is hidden."""
        info = getattr(column, "info", None)
        return self.info(info, record_type) if isinstance(info, Mapping) else Sight.HIDDEN

    def field(self, record_type: str, column: Any) -> Sight:
        """The sight on a field of a type of record, by column or by name; an unknown name is hidden."""
        if not isinstance(column, str):
            return self.column(column, record_type)
        info = _FIELDS.get(record_type, {}).get(column)
        return Sight.HIDDEN if info is None else self.info(info, record_type)

    def may_query(self, record_type: str, column: Any) -> bool:
        """Whether the actor may filter, sort or search by a field: an order or a hit tells what a mask hides."""
        return self.field(record_type, column) is Sight.VISIBLE

    def show(self, record_type: str, column: Any, value: Any, kind: str) -> Any:
        """`value` as far as the actor may see it; `kind` is the mask's. For lists use the stored mask instead."""
        sight = self.field(record_type, column)
        if sight is Sight.VISIBLE:
            return value
        return mask(kind, value) if sight is Sight.MASKED else None


def policy_for(actor: Actor) -> Policy:
    """The field policy as it stands for `actor`."""
    return Policy(actor)
