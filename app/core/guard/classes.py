"""Data classes of columns, and the field groups that need a right of their own to be seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.db.columns import DATA_CLASSES, FINANCIAL, INTERNAL, PERSONAL, PUBLIC, SENSITIVE

__all__ = [
    "CONTACT", "COST", "DATA_CLASSES", "FINANCIAL", "GROUPS", "IDENTITY", "INTERNAL", "MARGIN", "PAY", "PERSONAL",
    "PUBLIC", "SENSITIVE", "class_of", "group_of",
]  # fmt: skip

GROUPS = ("contact", "identity", "cost", "margin", "pay")

# A phone number or an address says where somebody is reached; seeing the record is not enough to see it.
CONTACT: dict[str, Any] = {**PERSONAL, "group": "contact"}
# What identifies a person to the state or a bank.
IDENTITY: dict[str, Any] = {**SENSITIVE, "group": "identity"}
# What the business paid, what it earns, and what it pays its people.
COST: dict[str, Any] = {**FINANCIAL, "group": "cost"}
MARGIN: dict[str, Any] = {**FINANCIAL, "group": "margin"}
PAY: dict[str, Any] = {**FINANCIAL, "group": "pay"}


def class_of(info: Mapping[str, Any]) -> str | None:
    """The data class an `info` mapping declares, or None when it declares none that exists."""
    value = info.get("data_class")
    return value if value in DATA_CLASSES else None


def group_of(info: Mapping[str, Any]) -> str | None:
    """The field group an `info` mapping declares, or None."""
    value = info.get("group")
    return value if isinstance(value, str) else None
