"""How a column is encrypted: said in the model beside its data class, and read by everything that handles keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SEALED = "sealed"
# What the index of a value is made from: (kind, text), out of the row and the opened value.
Indexed = Callable[[Mapping[str, Any], str], tuple[str, str]]


class Holder(StrEnum):
    """Whose key a column is sealed under."""

    SUBJECT = "subject"
    # A key for this row alone, that goes with it: for what people typed, which may tell of anybody.
    ROW = "row"
    TENANT = "tenant"
    PLATFORM = "platform"


class Erased(StrEnum):
    """What becomes of a value when its person is erased."""

    # The row tells of nothing else.
    ROW = "row"
    # The value goes with its index and its mask; the row stays.
    VALUES = "values"
    # The table is only ever added to: without the key what is left is noise.
    STAYS = "stays"


@dataclass(frozen=True)
class Sealing:
    """How one column is encrypted, and what beside it comes from the same value."""

    holder: Holder
    # The column that says whose value it is (none: nobody's in particular), and the one that says in which row it lies.
    subject: str | None = None
    row: str = "id"
    masked: str | None = None
    index: str | None = None
    indexed: Indexed | None = None
    erased: Erased = Erased.VALUES


def of_subject(
    info: Mapping[str, Any],
    subject: str | None,
    *,
    row: str = "id",
    masked: str | None = None,
    index: str | None = None,
    indexed: Indexed | None = None,
    erased: Erased = Erased.VALUES,
) -> dict[str, Any]:
    """The info of a column sealed under the key of the subject whose id the column `subject` of the row holds."""
    if (index is None) != (indexed is None):
        raise ValueError("an index and what it is made from belong together")
    return {**info, SEALED: Sealing(Holder.SUBJECT, subject, row, masked, index, indexed, erased)}


def of_row(info: Mapping[str, Any], *, row: str = "id") -> dict[str, Any]:
    """The info of a column sealed under a key of its row's own; a row that tells of an erased person goes with it."""
    return {**info, SEALED: Sealing(Holder.ROW, subject=row, row=row, erased=Erased.ROW)}


def of_tenant(
    info: Mapping[str, Any], *, row: str = "id", index: str | None = None, indexed: Indexed | None = None
) -> dict[str, Any]:
    """The info of a column sealed under the tenant's own key: a secret of the dealership's, or free text of many."""
    if (index is None) != (indexed is None):
        raise ValueError("an index and what it is made from belong together")
    return {**info, SEALED: Sealing(Holder.TENANT, row=row, index=index, indexed=indexed)}


def of_platform(info: Mapping[str, Any], *, row: str = "id") -> dict[str, Any]:
    """The info of a column of the platform's tables, sealed under the master key."""
    return {**info, SEALED: Sealing(Holder.PLATFORM, row=row)}
