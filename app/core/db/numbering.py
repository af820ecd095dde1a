"""Human numbers (stock, deal): one counter per kind and store, taken in the caller's transaction."""

from __future__ import annotations

import uuid

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
