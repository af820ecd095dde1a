"""Human numbers (stock, deal): one counter per kind and store, taken in the caller's transaction."""

from __future__ import annotations

import uuid
from collections import Counter as Tally
from collections.abc import Callable, Sequence

from sqlalchemy import BigInteger, String, Uuid
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.columns import INTERNAL
from app.core.db.session import db


class Counter(db.Model):  # type: ignore[name-defined]
    """The last number given out for `kind` at one store."""

    __tablename__ = "core_counters"

    kind: Mapped[str] = mapped_column(String(30), primary_key=True, info=INTERNAL)
    store_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, info=INTERNAL)
    last: Mapped[int] = mapped_column(BigInteger, nullable=False, info=INTERNAL)


def next_number(kind: str, store_id: uuid.UUID) -> int:
    """The next number of `kind` at the store, from 1.

    The row stays locked until the caller's transaction ends, so numbers have no gaps: one rolled back is given
    out again, one committed never.
    """
    return take_numbers(kind, store_id, 1)[0]


def take_numbers(kind: str, store_id: uuid.UUID, count: int) -> range:
    """The next `count` numbers of `kind` at the store, as a range: for imports, in one statement."""
    statement = (
        insert(Counter)
        .values(kind=kind, store_id=store_id, last=count)
        .on_conflict_do_update(index_elements=["kind", "store_id"], set_={"last": Counter.last + count})
        .returning(Counter.last)
    )
    last = db.session.execute(statement).scalar_one()
    return range(last - count + 1, last + 1)


Taken = Callable[[Sequence[tuple[uuid.UUID, str]]], set[tuple[uuid.UUID, str]]]


def free_numbers(kind: str, prefix: str, wanted: Sequence[tuple[uuid.UUID, str | None]], taken: Taken) -> list[str]:
    """A number for each (store, wished number): the wish where it is free, else the store's next one of its own."""
    used = taken([(store_id, number) for store_id, number in wanted if number])
    found: list[str | None] = []
    for store_id, number in wanted:
        free = bool(number) and (store_id, number) not in used
        found.append(number if free else None)
        if number:
            used.add((store_id, number))
    missing = Tally(store_id for (store_id, _), number in zip(wanted, found, strict=True) if number is None)
    own: dict[uuid.UUID, list[str]] = {}
    for store_id, count in sorted(missing.items()):
        while len(own.setdefault(store_id, [])) < count:
            # People may have used numbers the counter has not reached.
            drawn = [f"{prefix}-{n}" for n in take_numbers(kind, store_id, count - len(own[store_id]))]
            typed = used | taken([(store_id, number) for number in drawn])
            own[store_id] += [number for number in drawn if (store_id, number) not in typed]
    return [number or own[store_id].pop(0) for (store_id, _), number in zip(wanted, found, strict=True)]
