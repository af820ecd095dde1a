"""The role that the identity provider gives newcomers stays as long as it does."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.core.db import Tenant, db, transaction
from app.core.guard.permissions import system_actor
from app.tenants.models import Store
from app.tenants.operations import partners, roles

SYSTEM = system_actor("test")


def test_the_role_of_newcomers_stays(in_alpha: Tenant) -> None:
    store_id = db.session.scalars(select(Store.id).order_by(Store.code)).all()[0]
    given = {"name": "Works", "issuer": "https://id.example.com", "client_id": "c", "client_secret": "s"}
    with transaction():
        role = roles.create_role(SYSTEM, name="Newcomers", grants={"deal.see": "own"})
        partners.name_provider(SYSTEM, enabled=False, role_id=role.id, store_id=store_id, **given)  # type: ignore[arg-type]
    with pytest.raises(roles.RoleOfNewcomers):
        roles.delete_role(SYSTEM, role.id, version=role.version)
    db.session.rollback()
    with transaction():
        partners.name_provider(SYSTEM, enabled=False, **given)  # type: ignore[arg-type]
        roles.delete_role(SYSTEM, role.id, version=role.version)
