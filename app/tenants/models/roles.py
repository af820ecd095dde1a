"""Roles of the dealership, what each is granted and how much it sees of each group of fields."""

from __future__ import annotations

import uuid

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, String, Text, Uuid, false
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, Record
from app.core.guard.policy import declare_record


class Role(Record, db.Model):
    """A named set of grants. `key` marks the default roles; the dealership's own have none."""

    __tablename__ = "tenants_roles"

    key: Mapped[str | None] = mapped_column(String(40), nullable=True, unique=True, info=INTERNAL)
    name: Mapped[str] = mapped_column(Text, nullable=False, unique=True, info=INTERNAL)
    # Whoever has the role shows a second factor when signing in.
    requires_second_factor: Mapped[bool] = mapped_column(
        Boolean, nullable=False, server_default=false(), default=False, info=INTERNAL
    )


class Grant(db.Model):
    """A permission of a role, and how far it reaches."""

    __tablename__ = "tenants_grants"
    __table_args__ = (CheckConstraint("scope in ('own', 'team', 'store', 'all')", name="scope_known"),)

    role_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("tenants_roles.id"), primary_key=True, info=INTERNAL)
    permission: Mapped[str] = mapped_column(String(60), primary_key=True, info=INTERNAL)
    scope: Mapped[str] = mapped_column(String(5), nullable=False, info=INTERNAL)


class RoleSight(db.Model):
    """How much a role sees of a group of fields; a group without a row is hidden, `*` stands for every group."""

    __tablename__ = "tenants_role_sights"
    __table_args__ = (CheckConstraint("sight in ('masked', 'visible')", name="sight_known"),)

    role_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("tenants_roles.id"), primary_key=True, info=INTERNAL)
    field_group: Mapped[str] = mapped_column(String(20), primary_key=True, info=INTERNAL)
    sight: Mapped[str] = mapped_column(String(7), nullable=False, info=INTERNAL)


declare_record("role", Role, sights=INTERNAL)
