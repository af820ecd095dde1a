"""What the tests of sales share."""

import pytest
from sqlalchemy import select

from app.core.db import current_tenant, db
from app.core.db.owner import owner
from app.tenants.models import Store
from tests.fixtures.lenders import bank, borrower_deal

__all__ = ["bank", "borrower_deal"]


@pytest.fixture
def stores(in_alpha):
    """Alpha's two stores, the one its people work at first."""
    return db.session.scalars(select(Store).order_by(Store.created_at, Store.id)).all()


@pytest.fixture
def no_policies_left(in_alpha):
    """What a test sets is gone after it: versions cannot be deleted by the dealership itself."""
    yield
    with owner() as connection:
        connection.execute(f"DELETE FROM {current_tenant().schema}.sales_policies")
