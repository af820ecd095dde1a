"""What the tests of leads share."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.core.db import db
from app.tenants.models import Store


@pytest.fixture
def stores(in_alpha):
    """Alpha's two stores, the one its people work at first."""
    return db.session.scalars(select(Store).order_by(Store.created_at, Store.id)).all()
