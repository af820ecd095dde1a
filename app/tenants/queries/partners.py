"""The dealership's identity provider as it stands."""

from __future__ import annotations

import uuid

from sqlalchemy import exists, func, select

from app.core.db import db
from app.core.guard import vault
from app.tenants.models import Identity, IdentityProvider


def find_provider() -> IdentityProvider | None:
    """The provider of this dealership, in use or not."""
    return db.session.scalars(select(IdentityProvider)).one_or_none()


def enabled_provider() -> IdentityProvider | None:
    """The provider people can sign in with."""
    return db.session.scalars(select(IdentityProvider).where(IdentityProvider.enabled)).one_or_none()


def is_role_of_newcomers(role_id: uuid.UUID) -> bool:
    """Whether whoever comes from the provider uninvited gets this role; also of a provider that is not in use."""
    return bool(db.session.scalar(select(exists().where(IdentityProvider.role_id == role_id))))


def secret_of(provider: IdentityProvider) -> str:
    """The client secret in clear, for asking the provider."""
    table = IdentityProvider.__tablename__
    found: str = vault.unseal_json(table, "secret_enc", provider.id, provider.secret_enc)
    return found


def marks_of(subject: str) -> list[bytes]:
    """By what somebody of the provider is found again, out of his `subject_key`; the one that is written first."""
    return vault.every_index("identity", subject)


def find_identity(subject: str) -> Identity | None:
    """The link of somebody of the provider, by his `subject_key`, to a user here."""
    return db.session.scalars(select(Identity).where(Identity.fingerprint.in_(marks_of(subject)))).one_or_none()


def identity_of(user_id: uuid.UUID) -> Identity | None:
    """The link of a user to somebody of the provider."""
    return db.session.scalars(select(Identity).where(Identity.user_id == user_id)).one_or_none()


def count_identities() -> int:
    """How many users are linked."""
    return db.session.scalar(select(func.count()).select_from(Identity)) or 0
