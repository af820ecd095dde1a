"""Which pages of other hosts may ask the API of this dealership."""

from __future__ import annotations

from sqlalchemy import select

from app.core.db import db
from app.tenants.models import ApiOrigins


def find_origins() -> ApiOrigins | None:
    """The list as it is kept, if one ever was."""
    return db.session.scalars(select(ApiOrigins)).one_or_none()


def is_allowed(origin: str) -> bool:
    """Whether pages of `origin`, as a browser writes it, may read answers; nobody's may until somebody says so."""
    known = db.session.scalar(select(ApiOrigins.origins))
    return known is not None and origin in known
