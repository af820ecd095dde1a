"""Column types and mixins: identifiers, instants, money, and the data class every column declares."""

from __future__ import annotations

import uuid
from datetime import datetime
from secrets import randbits
from time import time_ns
from typing import Any

from sqlalchemy import DateTime, Integer, Numeric, Uuid, func
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.core.db.sealing import SEALED

# The class says who may see a value and how it leaves the platform; a test fails on a column without one.
PUBLIC = {"data_class": "public"}
INTERNAL = {"data_class": "internal"}
PERSONAL = {"data_class": "personal"}
SENSITIVE = {"data_class": "sensitive"}
FINANCIAL = {"data_class": "financial"}
DATA_CLASSES = ("public", "internal", "personal", "sensitive", "financial")

Instant = DateTime(timezone=True)
Money = Numeric(18, 4)


def new_id() -> uuid.UUID:
    """A UUIDv7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then random bits; sortable and not guessable."""
    value = (time_ns() // 1_000_000) << 80 | randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


class Identified:
    """A row known by a UUIDv7 made in Python, so that it is known before it is stored."""

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id, info=INTERNAL, sort_order=-10)


class Record(Identified):
    """A row that people edit: identity, optimistic version, and when it was made and changed."""

    version: Mapped[int] = mapped_column(Integer, nullable=False, server_default="1", info=INTERNAL, sort_order=90)
    created_at: Mapped[datetime] = mapped_column(
        Instant, nullable=False, server_default=func.now(), info=INTERNAL, sort_order=91
    )
    updated_at: Mapped[datetime] = mapped_column(
        Instant, nullable=False, server_default=func.now(), onupdate=func.now(), info=INTERNAL, sort_order=92
    )

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, object]:
        return {"version_id_col": cls.__table__.c.version, "eager_defaults": True}  # type: ignore[attr-defined]


def values_of(record: Any) -> dict[str, Any]:
    """The stored values of a record by column, without its version and what the database computes: what it takes to
    make it again as it was. Keyed indexes are made anew from their values then (`core.guard.indexes`)."""
    columns = record.__table__.columns
    made = {how.index for column in columns if (how := column.info.get(SEALED)) is not None}
    own = [column.key for column in columns if column.key not in {"version", *made} and column.computed is None]
    return {name: getattr(record, name) for name in own}
