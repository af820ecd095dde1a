"""What a guard is: the steps at which it is asked, and what it finds missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.core.errors import DomainError
from app.core.guard.permissions import Actor
from app.sales.models import Deal
from app.sales.rules.guards import Step


@dataclass(frozen=True)
class Guard:
    """Something that must be in order at some steps of a deal.

    `missing` gives a refusal for each thing that is not; it must change nothing, for pages ask it before anybody moves.
    """

    name: str
    steps: frozenset[Step]
    missing: Callable[[Actor, Deal, Step], Sequence[DomainError]]
