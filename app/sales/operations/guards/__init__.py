"""What must be in order before a deal moves on: one file a subject."""

from __future__ import annotations

from app.sales.operations.guards import approval, money, papers, parties
from app.sales.operations.guards.parts import Guard

# In the order in which what is missing is told; each from the file of its subject.
GUARDS: tuple[Guard, ...] = (approval.GUARD, parties.GUARD, papers.GUARD, money.GUARD)

__all__ = ["GUARDS", "Guard"]
