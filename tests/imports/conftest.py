"""Ground of the module imports' tests: a dealership of the test's own, without records."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from app.core.db import Tenant, tenant
from tests.fixtures.dealerships import make_dealership


@pytest.fixture
def place(app: Flask) -> Iterator[Tenant]:
    """The test runs in a fresh dealership."""
    made = make_dealership(app, "place")
    with app.app_context(), tenant(made.id):
        yield made
