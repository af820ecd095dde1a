"""The dealership's own identity provider: naming it, and letting people in whom it vouches for."""

from __future__ import annotations

import uuid

from sqlalchemy import update

from app.core.db import db
from app.core.db.columns import new_id
from app.core.errors import N_, FieldError, Invalid, NotFound
from app.core.guard import audit, vault
from app.core.guard.permissions import Actor, Scope, check, declared, system_actor
from app.core.guard.vault import blind_index
from app.core.jobs.events import publish
from app.tenants.errors import PartnerUnknown
from app.tenants.events import InvitationAccepted
from app.tenants.models import IdentityProvider, Membership, User
from app.tenants.operations import users
from app.tenants.operations.lending import require_own, require_own_sights
from app.tenants.operations.links import void_links
from app.tenants.queries import people
from app.tenants.queries.partners import find_provider
from app.tenants.queries.sessions import find_user_by_email

PLACE_WHOLE = N_("Choose both a role and a store, or neither.")
SECRET_WANTED = N_("Enter the secret that belongs to this address.")
TOLD = ("name", "issuer", "client_id", "enabled", "role_id", "store_id")


def name_provider(
    actor: Actor,
    *,
    name: str,
    issuer: str,
    client_id: str,
    client_secret: str | None,
    enabled: bool,
    role_id: uuid.UUID | None = None,
    store_id: uuid.UUID | None = None,
) -> IdentityProvider:
    """Say where people of this dealership sign in besides here; with a role, newcomers get it at the store.

    Whoever names the provider can become anybody by it, so it takes every right there is. The secret stays as it is
    where none is given, unless the issuer is another: it is never sent to anybody it was not meant for.
    """
    check(actor, "dealership.identity")
    require_own(actor, dict.fromkeys(declared(), Scope.ALL.value))
    if (role_id is None) != (store_id is None):
        raise Invalid([FieldError("store_id" if role_id else "role_id", "required", PLACE_WHOLE)])
    if role_id is not None and store_id is not None:
        people.get_role(role_id)
        people.get_store_for(actor, "dealership.identity", store_id)
        require_own_sights(actor, people.sights_of_role(role_id), field="role_id")
    known = find_provider()
    before = {field: getattr(known, field) for field in TOLD} if known else {}
    provider = known or IdentityProvider(id=new_id(), secret_enc=b"")
    if client_secret is None and (known is None or known.issuer != issuer):
        raise Invalid([FieldError("client_secret", "required", SECRET_WANTED)])
    provider.name, provider.issuer, provider.client_id = name, issuer, client_id
    provider.enabled, provider.role_id, provider.store_id = enabled, role_id, store_id
    if client_secret is not None:
        table = IdentityProvider.__tablename__
        provider.secret_enc = vault.seal_json(table, "secret_enc", provider.id, client_secret)
    db.session.add(provider)
    db.session.flush()
    changes: dict[str, audit.Change] = {
        field: (_plain(before.get(field)), _plain(getattr(provider, field))) for field in TOLD
    }
    action = "partner.edit" if known else "partner.create"
    audit.record(actor, action, "identity_provider", provider.id, changes=changes)
    return provider


def meet(provider: IdentityProvider, *, email: str, name: str) -> uuid.UUID:
    """Who somebody is here whom the provider vouches for; a newcomer is made where the dealership wants that.

    Whoever was invited has shown by this that the address is his. Raises PartnerUnknown.
    """
    user = find_user_by_email(blind_index("email", email))
    if user is None:
        if provider.role_id is None or provider.store_id is None:
            raise PartnerUnknown
        welcomer = system_actor("identity provider")
        return users.welcome_user(welcomer, name=name, email=email, places=[(provider.store_id, provider.role_id)]).id
    if user.state == "invited":
        _join(user)
    if user.state != "active":
        raise PartnerUnknown
    return user.id


def note_refused(reason: str) -> None:
    """Record that somebody came from the provider and was not let in."""
    told = {"reason": (None, reason)}
    audit.record(Actor(user_id=None, name="visitor"), "partner.refuse", "identity_provider", None, changes=told)


def _join(user: User) -> None:
    if db.session.query(Membership.id).filter_by(user_id=user.id).first() is None:
        raise NotFound
    db.session.execute(update(User).where(User.id == user.id).values(state="active"))
    db.session.refresh(user)
    void_links(user.id)
    audit.record(Actor(user_id=user.id, name=user.name), "user.join", "user", user.id)
    publish(InvitationAccepted(user.id, audit.last_actor_of("user", user.id, ("user.invite", "user.send_link"))))


def _plain(value: object) -> object:
    return str(value) if isinstance(value, uuid.UUID) else value
