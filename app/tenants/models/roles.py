"""Roles of the dealership and what each is granted."""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, Record


class Role(Record, db.Model):
    """A named set of grants. `key` marks the default roles; the dealership's own have none."""

    __tablename__ = "tenants_roles"

    key: Mapped[str | None] = mapped_column(String(40), nullable=True, unique=True, info=INTERNAL)
    name: Mapped[str] = mapped_column(Text, nullable=False, unique=True, info=INTERNAL)


class Grant(db.Model):
    """A permission of a role, and how far it reaches."""

    __tablename__ = "tenants_grants"
    __table_args__ = (CheckConstraint("scope in ('own', 'team', 'store', 'all')", name="scope_known"),)

    role_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("tenants_roles.id"), primary_key=True, info=INTERNAL)
    permission: Mapped[str] = mapped_column(String(60), primary_key=True, info=INTERNAL)
    scope: Mapped[str] = mapped_column(String(5), nullable=False, info=INTERNAL)
