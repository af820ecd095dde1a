"""Which pages of other hosts may ask this dealership's API from a browser."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, Record
from app.core.guard.policy import declare_record


class ApiOrigins(Record, db.Model):
    """The list, as browsers write origins; a dealership has one at most, and none allows nobody."""

    __tablename__ = "tenants_api_origins"
    __table_args__ = (CheckConstraint("slot = 1", name="only_one"),)

    slot: Mapped[int] = mapped_column(
        SmallInteger, nullable=False, unique=True, server_default="1", default=1, info=INTERNAL
    )
    origins: Mapped[list[str]] = mapped_column(JSONB, nullable=False, server_default="[]", info=INTERNAL)


declare_record("api_origins", ApiOrigins)
