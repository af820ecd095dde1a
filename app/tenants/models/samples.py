"""Which records are samples."""

from __future__ import annotations

import uuid

from sqlalchemy import String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL


class Sample(db.Model):
    """A record that was loaded to look around with. Nothing else than such a row makes it one."""

    __tablename__ = "tenants_samples"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True, info=INTERNAL)
    record_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, info=INTERNAL)
