"""One row of the access matrix."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One route. `ids`: the arguments that name records; `names`: they are names of the product, not ids."""

    ids: tuple[str, ...] = ()
    public: bool = False
    # Whether somebody who holds every right at another store alone must get a 404.
    other_store: bool = True
    names: bool = False
    # Answers at the operators' host alone, or at the bare one; tests/operators and test_sign_ups.py ask there.
    operator: bool = False
    bare: bool = False
