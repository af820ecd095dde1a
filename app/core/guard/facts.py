"""What modules want known about whoever is signed in: read in the first statement of a request, at no extra trip."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect

# The column of the user's id -> a subquery of one value, which must be answered by an index.
FactOf = Callable[[ColumnElement[uuid.UUID]], ScalarSelect[Any]]

_FACTS: dict[str, FactOf] = {}


def declare_fact(name: str, fact: FactOf) -> None:
    """Register a fact under `name`; raises ValueError when the name is taken."""
    if _FACTS.setdefault(name, fact) is not fact:
        raise ValueError(f"the fact {name} is declared twice")


def declared_facts() -> Mapping[str, FactOf]:
    """Every fact by name."""
    return MappingProxyType(_FACTS)
