"""Stores of the dealership, and the teams of their users."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, PUBLIC, Instant, Record
from app.core.guard.policy import declare_record


class Store(Record, db.Model):
    """One place of business; stock, customers, deals and numbers belong to one."""

    __tablename__ = "tenants_stores"

    code: Mapped[str] = mapped_column(String(12), nullable=False, unique=True, info=PUBLIC)
    name: Mapped[str] = mapped_column(Text, nullable=False, info=PUBLIC)
    timezone: Mapped[str] = mapped_column(String(60), nullable=False, info=PUBLIC)
    region: Mapped[str | None] = mapped_column(Text, nullable=True, info=PUBLIC)
    address: Mapped[str | None] = mapped_column(Text, nullable=True, info=PUBLIC)
    closed_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)


class Team(Record, db.Model):
    """Named users of a store with a lead."""

    __tablename__ = "tenants_teams"

    store_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("tenants_stores.id"), nullable=False, index=True, info=INTERNAL
    )
    name: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    lead_id: Mapped[uuid.UUID | None] = mapped_column(
        Uuid, ForeignKey("tenants_users.id"), nullable=True, index=True, info=INTERNAL
    )


class TeamMember(db.Model):
    """A user's place in a team."""

    __tablename__ = "tenants_team_members"

    team_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("tenants_teams.id"), primary_key=True, info=INTERNAL)
    user_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("tenants_users.id"), primary_key=True, index=True, info=INTERNAL
    )


declare_record("store", Store)
declare_record("team", Team, member_ids=INTERNAL)
