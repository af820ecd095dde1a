"""The dealership's identity provider as it stands."""

from __future__ import annotations

from sqlalchemy import select

from app.core.db import db
from app.core.guard import vault
from app.tenants.models import IdentityProvider


def find_provider() -> IdentityProvider | None:
    """The provider of this dealership, in use or not."""
    return db.session.scalars(select(IdentityProvider)).one_or_none()


def enabled_provider() -> IdentityProvider | None:
    """The provider people can sign in with."""
    return db.session.scalars(select(IdentityProvider).where(IdentityProvider.enabled)).one_or_none()


def secret_of(provider: IdentityProvider) -> str:
    """The client secret in clear, for asking the provider."""
    table = IdentityProvider.__tablename__
    found: str = vault.unseal_json(table, "secret_enc", provider.id, provider.secret_enc)
    return found
